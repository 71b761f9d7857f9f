import { expect, test } from "vitest";
import { installCommandFor } from "./install-command.ts";

test.each<[string[], string | null]>([
  [["README.md", "package.json"], null],
  [["package.json", "package-lock.json"], "npm ci"],
  [["pnpm-lock.yaml", "package-lock.json"], "pnpm install --frozen-lockfile"],
  [["yarn.lock"], "yarn install --frozen-lockfile"],
  [["yarn.lock", ".yarnrc.yml"], "yarn install --immutable"],
  [["uv.lock", "requirements.txt"], "uv sync --frozen"],
  [["requirements.txt"], "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --user --requirement requirements.txt"],
  [["go.mod", "go.sum"], "go mod download"],
  [["Cargo.toml"], "cargo fetch"],
  [["Cargo.toml", "Cargo.lock"], "cargo fetch --locked"],
  [["package-lock.json", "go.mod"], "npm ci && go mod download"],
])("%j: %s", (files, expected) => expect(installCommandFor(new Set(files))).toBe(expected));
