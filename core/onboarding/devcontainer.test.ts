import { describe, expect, test } from "vitest";
import { devContainerJson, installCommand, toolchainsOf } from "./devcontainer.ts";

describe("a dev container is chosen by what the repository has", () => {
  test.each([
    [["package.json", "package-lock.json", "src/"], "javascript-node", "npm ci"],
    [["package.json", "pnpm-lock.yaml"], "javascript-node", "corepack enable && pnpm install --frozen-lockfile"],
    [["package.json", "yarn.lock"], "javascript-node", "corepack enable && yarn install --immutable"],
    [["package.json"], "javascript-node", "npm install"],
    [["pyproject.toml", "uv.lock"], "python", "pip install uv && uv sync --frozen"],
    [["pyproject.toml", "poetry.lock"], "python", "pip install poetry && poetry install --no-interaction"],
    [["requirements.txt"], "python", "pip install -r requirements.txt"],
    [["go.mod", "main.go"], "go", "go mod download"],
    [["Cargo.toml"], "rust", "cargo fetch"],
    [["gradlew", "build.gradle.kts"], "java", "./gradlew --no-daemon dependencies"],
    [["pom.xml"], "java", "mvn --batch-mode dependency:go-offline"],
    [["Gemfile"], "ruby", "bundle install"],
    [["composer.json"], "php", "composer install --no-interaction"],
    [["Shop.sln"], "dotnet", "dotnet restore"],
    [["mix.exs"], "elixir", "mix local.hex --force && mix deps.get"],
    [["CMakeLists.txt"], "cpp", null],
    [["README.md"], "base:ubuntu", null],
  ])("%j", (rootFiles, image, install) => {
    const content = JSON.parse(devContainerJson("acme/shop", rootFiles)) as Record<string, unknown>;
    expect(content).toMatchObject({ name: "acme/shop", image: expect.stringContaining(image) });
    expect(content["postCreateCommand"] ?? null).toBe(install);
    expect(installCommand(rootFiles)).toBe(install);
  });

  test("a second language comes as a feature of the first one's image", () => {
    const rootFiles = ["package.json", "package-lock.json", "pyproject.toml", "go.mod"];
    expect(toolchainsOf(rootFiles).map(({ name }) => name)).toEqual(["Node.js", "Python", "Go"]);
    expect(JSON.parse(devContainerJson("acme/shop", rootFiles))).toMatchObject({
      image: expect.stringContaining("javascript-node"),
      features: { "ghcr.io/devcontainers/features/python:1": {}, "ghcr.io/devcontainers/features/go:1": {} },
      postCreateCommand: "npm ci && pip install -e . && go mod download",
    });
  });

  test("agents need Node.js wherever they are", () => {
    expect(devContainerJson("acme/shop", ["go.mod"])).toContain("ghcr.io/devcontainers/features/node:1");
    expect(devContainerJson("acme/shop", ["package.json"])).not.toContain("ghcr.io/devcontainers/features/node:1");
  });

  test("a folder is not the file of that name", () => {
    expect(toolchainsOf(["go.mod/", "package.json/"])).toEqual([]);
  });
});
