import { installCommand } from "./devcontainer.ts";

/** Where the workflow that hosts a runner is looked for and proposed. */
export const actionsRunnerPath = ".github/workflows/mesh-six-runner.yml";

export interface ActionsRunner {
  /** The agent id its token is made for. */
  readonly agent: string;
  /** The Worker's address, without a trailing slash. */
  readonly meshUrl: string;
  /** `owner/name`. */
  readonly repository: string;
  /** Of the repository; folders end with `/`. */
  readonly rootFiles: readonly string[];
}

/** Under GitHub's six hours per job, so that a step in hand comes to its stopping point: https://docs.github.com/actions/reference/limits */
const servesSeconds = 20_700;

/**
 * A GitHub Actions workflow that hosts one runner at a time, started every six hours or by hand. It is told by the repository's variable `MESH_SIX`
 * where mesh-six itself is kept, and by the secret `MESH_AGENT_TOKEN` who it is. The job's own token may read nothing but what it checks out, and is not
 * given to the runner; pushes go by the mesh's credential, as on any machine.
 */
export function actionsRunnerYaml({ agent, meshUrl, repository, rootFiles }: ActionsRunner): string {
  const install = installCommand(rootFiles);
  const prepared = install === null ? "" : ` What the project needs is installed by the runner: ${install.replaceAll(/\s+/g, " ")}.`;
  return `# Hosts a runner of mesh-six, which works on this repository's issues.${prepared}
# Set in Settings → Secrets and variables → Actions:
#   variable MESH_SIX          owner/name of the repository that holds mesh-six
#   secret   MESH_AGENT_TOKEN  the token of agent ${agent}, which POST /agents of the mesh shows once
name: mesh-six runner
on:
  workflow_dispatch:
  schedule:
    - cron: "7 */6 * * *"
permissions:
  contents: read
concurrency:
  group: mesh-six-runner
jobs:
  runner:
    runs-on: ubuntu-latest
    timeout-minutes: 355
    if: \${{ vars.MESH_SIX != '' }}
    steps:
      - uses: actions/checkout@v5
        with:
          repository: \${{ vars.MESH_SIX }}
          persist-credentials: false
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      - run: npm ci
      # As root each run gets a user of its own. The first signal lets running steps come to a stopping point.
      - run: |
          sudo --preserve-env=MESH_AGENT_TOKEN "PATH=$PATH" \\
            timeout --signal=TERM ${servesSeconds} node cli/mesh.ts runner --url ${quoted(meshUrl)} --id ${quoted(agent)} --dir /var/lib/mesh-six \\
            || test $? -eq 124
        env:
          MESH_AGENT_TOKEN: \${{ secrets.MESH_AGENT_TOKEN }}
`.replaceAll("this repository's", `${repository}'s`);
}

/** As one word of a POSIX shell inside a YAML block, where `${{` would begin an expression of GitHub's. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll("${{", "$ {{")}'`;
}
