/** The commands that a repository's own files call for; null where they call for none. */
export interface ProjectCommands {
  readonly install: string | null;
  readonly test: string | null;
}

interface Kind {
  /** The file that tells how dependencies are locked, or null for a kind that is told by nothing else. */
  readonly file: string;
  readonly install: string | null;
  /** Null: told by other files, see below. */
  readonly test: string | null;
}

/** Of each ecosystem the first whose file is there. */
const ecosystems: readonly (readonly Kind[])[] = [
  [
    { file: "pnpm-lock.yaml", install: "pnpm install --frozen-lockfile", test: "pnpm test" },
    { file: ".yarnrc.yml", install: "yarn install --immutable", test: "yarn test" },
    { file: "yarn.lock", install: "yarn install --frozen-lockfile", test: "yarn test" },
    { file: "bun.lock", install: "bun install --frozen-lockfile", test: "bun run test" },
    { file: "bun.lockb", install: "bun install --frozen-lockfile", test: "bun run test" },
    { file: "package-lock.json", install: "npm ci", test: "npm test" },
    { file: "npm-shrinkwrap.json", install: "npm ci", test: "npm test" },
    { file: "package.json", install: null, test: "npm test" },
  ],
  [
    { file: "uv.lock", install: "uv sync --frozen", test: "uv run pytest" },
    { file: "poetry.lock", install: "poetry install --no-interaction", test: "poetry run pytest" },
    { file: "Pipfile.lock", install: "pipenv sync --dev", test: "pipenv run pytest" },
    {
      file: "requirements.txt",
      // Into the run's own home, which distributions that manage Python themselves must be told is meant.
      install: "PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --user --requirement requirements.txt",
      test: "python3 -m pytest",
    },
  ],
  [{ file: "go.mod", install: "go mod download", test: "go test ./..." }],
  [
    { file: "Cargo.lock", install: "cargo fetch --locked", test: "cargo test" },
    { file: "Cargo.toml", install: "cargo fetch", test: "cargo test" },
  ],
  [{ file: "Gemfile.lock", install: "bundle install", test: "bundle exec rspec" }],
  [{ file: "composer.lock", install: "composer install --no-interaction", test: "vendor/bin/phpunit" }],
  [{ file: "mix.lock", install: "mix deps.get", test: "mix test" }],
];

/** A test command counts only where something says that there are tests of that kind. */
const testsToldBy: Readonly<Record<string, readonly string[]>> = {
  pytest: ["pytest.ini", "conftest.py", "tests", "test", "tox.ini"],
  rspec: ["spec", ".rspec"],
  phpunit: ["phpunit.xml", "phpunit.xml.dist"],
};

/**
 * How a repository's dependencies are installed and its tests run, by the names at its root (lock files, build files) and its `package.json`.
 * Several ecosystems are done one after the other.
 */
export function projectCommands(names: ReadonlySet<string>, packageJson: string | undefined): ProjectCommands {
  const kinds = ecosystems.flatMap((some) => some.find(({ file }) => names.has(file)) ?? []);
  const joined = (commands: readonly (string | null)[]) => {
    const some = commands.filter((command) => command !== null);
    return some.length === 0 ? null : some.join(" && ");
  };
  return {
    install: joined(kinds.map(({ install }) => install)),
    test: joined(kinds.map(({ test }) => (test !== null && hasTests(test, names, packageJson) ? test : null))),
  };
}

function hasTests(command: string, names: ReadonlySet<string>, packageJson: string | undefined): boolean {
  if (/^(npm|pnpm|yarn|bun) /.test(command)) return hasTestScript(packageJson);
  const program = Object.keys(testsToldBy).find((name) => command.endsWith(name));
  return program === undefined || (testsToldBy[program] ?? []).some((name) => names.has(name));
}

/** npm writes a script that only fails into a new package. */
function hasTestScript(packageJson: string | undefined): boolean {
  try {
    const script = (JSON.parse(packageJson ?? "null") as { scripts?: { test?: unknown } } | null)?.scripts?.test;
    return typeof script === "string" && script.trim() !== "" && !script.includes("no test specified");
  } catch {
    return false; // what is no JSON names no script
  }
}
