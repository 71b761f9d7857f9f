/** Where a dev container is looked for and proposed. https://containers.dev/implementors/spec/#devcontainerjson */
export const devContainerPath = ".devcontainer/devcontainer.json";

/** What a repository is made with, and how its dependencies are installed. */
export interface Toolchain {
  readonly name: string;
  readonly image: string;
  /** null when nothing is to be installed. */
  readonly install: string | null;
}

interface Ecosystem {
  readonly name: string;
  readonly image: string;
  /** A feature that brings it into another ecosystem's image; null where every image has it. */
  readonly feature: string | null;
  /** The first file that is there tells how to install; `*.x` is any name that ends so. */
  readonly installs: readonly (readonly [file: string, install: string | null])[];
}

const registry = "mcr.microsoft.com/devcontainers";
const features = "ghcr.io/devcontainers/features";
const base = `${registry}/base:ubuntu-24.04`;

/** In the order in which the first that fits gives the image. A lock file before the manifest: it says which tool the project uses. */
const ecosystems: readonly Ecosystem[] = [
  {
    name: "Node.js",
    image: `${registry}/javascript-node:24`,
    feature: `${features}/node:1`,
    installs: [
      ["pnpm-lock.yaml", "corepack enable && pnpm install --frozen-lockfile"],
      ["yarn.lock", "corepack enable && yarn install --immutable"],
      ["bun.lock", "npm install --global bun && bun install --frozen-lockfile"],
      ["bun.lockb", "npm install --global bun && bun install --frozen-lockfile"],
      ["package-lock.json", "npm ci"],
      ["npm-shrinkwrap.json", "npm ci"],
      ["package.json", "npm install"],
    ],
  },
  {
    name: "Python",
    image: `${registry}/python:3.13`,
    feature: `${features}/python:1`,
    installs: [
      ["uv.lock", "pip install uv && uv sync --frozen"],
      ["poetry.lock", "pip install poetry && poetry install --no-interaction"],
      ["Pipfile.lock", "pip install pipenv && pipenv sync --dev"],
      ["requirements.txt", "pip install -r requirements.txt"],
      ["pyproject.toml", "pip install -e ."],
      ["setup.py", "pip install -e ."],
    ],
  },
  { name: "Go", image: `${registry}/go:1.25`, feature: `${features}/go:1`, installs: [["go.mod", "go mod download"]] },
  { name: "Rust", image: `${registry}/rust:1`, feature: `${features}/rust:1`, installs: [["Cargo.toml", "cargo fetch"]] },
  {
    name: "Java",
    image: `${registry}/java:21`,
    feature: `${features}/java:1`,
    installs: [
      ["gradlew", "./gradlew --no-daemon dependencies"],
      ["mvnw", "./mvnw --batch-mode dependency:go-offline"],
      ["pom.xml", "mvn --batch-mode dependency:go-offline"],
      ["build.gradle", "gradle --no-daemon dependencies"],
      ["build.gradle.kts", "gradle --no-daemon dependencies"],
    ],
  },
  { name: "Ruby", image: `${registry}/ruby:3.4`, feature: `${features}/ruby:1`, installs: [["Gemfile", "bundle install"]] },
  {
    name: "PHP",
    image: `${registry}/php:8.4`,
    feature: `${features}/php:1`,
    installs: [["composer.json", "composer install --no-interaction"]],
  },
  {
    name: ".NET",
    image: `${registry}/dotnet:9.0`,
    feature: `${features}/dotnet:2`,
    installs: [
      ["*.sln", "dotnet restore"],
      ["*.slnx", "dotnet restore"],
      ["*.csproj", "dotnet restore"],
    ],
  },
  {
    name: "Elixir",
    image: "elixir:1.18",
    feature: null,
    installs: [["mix.exs", "mix local.hex --force && mix deps.get"]],
  },
  { name: "C and C++", image: `${registry}/cpp:ubuntu-24.04`, feature: null, installs: [["CMakeLists.txt", null]] },
];

/** The toolchains that the names in a repository's root speak of, the one that gives the image first. Empty when none is known. */
export function toolchainsOf(rootFiles: readonly string[]): readonly Toolchain[] {
  return foundIn(rootFiles).map(({ name, image, install }) => ({ name, image, install }));
}

/** The command that installs what the project needs; null when nothing is known to be needed. */
export function installCommand(rootFiles: readonly string[]): string | null {
  const commands = toolchainsOf(rootFiles).flatMap(({ install }) => install ?? []);
  return commands.length === 0 ? null : commands.join(" && ");
}

/** A dev container for a repository with these names in its root (folders end with `/`): `.devcontainer/devcontainer.json`. */
export function devContainerJson(repository: string, rootFiles: readonly string[]): string {
  const found = foundIn(rootFiles);
  const [first, ...others] = found;
  const added = Object.fromEntries([
    ...(first?.name === "Node.js" ? [] : [[`${features}/node:1`, {}]]),
    ...others.flatMap(({ feature }) => (feature === null ? [] : [[feature, {}]])),
  ]) as Record<string, object>;
  const install = installCommand(rootFiles);
  const content = {
    name: repository,
    image: first?.image ?? base,
    ...(Object.keys(added).length === 0 ? {} : { features: added }),
    ...(install === null ? {} : { postCreateCommand: install }),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function foundIn(rootFiles: readonly string[]): (Toolchain & { readonly feature: string | null })[] {
  return ecosystems.flatMap(({ name, image, feature, installs }) => {
    const fit = installs.find(([file]) => rootFiles.some((each) => (file.startsWith("*") ? each.endsWith(file.slice(1)) : each === file)));
    return fit === undefined ? [] : [{ name, image, feature, install: fit[1] }];
  });
}
