import { expect, test } from "vitest";
import { projectCommands } from "./project-commands.ts";

const withTests = JSON.stringify({ scripts: { test: "vitest run" } });

test.each<[string[], string | null, string | null]>([
  [["README.md"], null, null],
  [["package.json"], null, "npm test"],
  [["package.json", "package-lock.json"], "npm ci", "npm test"],
  [["pnpm-lock.yaml", "package-lock.json"], "pnpm install --frozen-lockfile", "pnpm test"],
  [["yarn.lock"], "yarn install --frozen-lockfile", "yarn test"],
  [["yarn.lock", ".yarnrc.yml"], "yarn install --immutable", "yarn test"],
  [["uv.lock", "requirements.txt", "tests"], "uv sync --frozen", "uv run pytest"],
  [["uv.lock"], "uv sync --frozen", null],
  [["requirements.txt"], "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --user --requirement requirements.txt", null],
  [["go.mod", "go.sum"], "go mod download", "go test ./..."],
  [["Cargo.toml"], "cargo fetch", "cargo test"],
  [["Cargo.toml", "Cargo.lock"], "cargo fetch --locked", "cargo test"],
  [["package-lock.json", "go.mod"], "npm ci && go mod download", "npm test && go test ./..."],
])("%j: %s, %s", (files, install, tests) => expect(projectCommands(new Set(files), withTests)).toEqual({ install, test: tests }));

test.each([
  undefined,
  "not json",
  "null",
  "[]",
  '{"scripts": 7}',
  '{"scripts": {"test": "echo \\"Error: no test specified\\" && exit 1"}}',
])("package.json %s names no tests", (packageJson) => expect(projectCommands(new Set(["package.json"]), packageJson).test).toBeNull());
