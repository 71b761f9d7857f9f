/** Which files at a repository's root say how its dependencies are installed; of each kind the first that is there. */
const installers: readonly (readonly (readonly [file: string, command: string])[])[] = [
  [
    ["pnpm-lock.yaml", "pnpm install --frozen-lockfile"],
    [".yarnrc.yml", "yarn install --immutable"],
    ["yarn.lock", "yarn install --frozen-lockfile"],
    ["bun.lock", "bun install --frozen-lockfile"],
    ["bun.lockb", "bun install --frozen-lockfile"],
    ["package-lock.json", "npm ci"],
    ["npm-shrinkwrap.json", "npm ci"],
  ],
  [
    ["uv.lock", "uv sync --frozen"],
    ["poetry.lock", "poetry install --no-interaction"],
    ["Pipfile.lock", "pipenv sync --dev"],
    // Into the run's own home, which distributions that manage Python themselves must be told is meant.
    ["requirements.txt", "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --user --requirement requirements.txt"],
  ],
  [["go.mod", "go mod download"]],
  [
    ["Cargo.lock", "cargo fetch --locked"],
    ["Cargo.toml", "cargo fetch"],
  ],
  [["Gemfile.lock", "bundle install"]],
  [["composer.lock", "composer install --no-interaction"]],
  [["mix.lock", "mix deps.get"]],
];

/** The command that installs what a repository locks, by the names of the files at its root; null when there is nothing to install. */
export function installCommandFor(files: ReadonlySet<string>): string | null {
  const commands = installers.flatMap((kind) => kind.find(([file]) => files.has(file))?.[1] ?? []);
  return commands.length === 0 ? null : commands.join(" && ");
}
