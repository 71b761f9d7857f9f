import { accessSync, constants, existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { AgentChoice } from "../../runner/agent-choice.ts";
import { claudeExecutables } from "../../runner/agent-executable.ts";
import { detectIsolation, findOnPath } from "../../runner/isolation.ts";
import { examineOtherAgent } from "./other-agent.ts";
import { fine, missing, warning, type Finding, type Purpose, type Subject } from "./finding.ts";
import { isAtLeast, runProgram, versionIn } from "./run-program.ts";

const here = "this machine" as const;
/** npm and its scripts begin on the machine's own Node; what they start is the one in node_modules. */
const leastNode = [20, 0] as const;
/** Runners hand their settings to git by `GIT_CONFIG_COUNT`. https://git-scm.com/docs/git-config#ENVIRONMENT */
const leastGit = [2, 31] as const;

export interface MachineOptions {
  readonly root: string;
  /** Which coding agent is looked at. */
  readonly agent: AgentChoice;
  /** Another Claude Code than the one that would be found, as the runner's `--claude`. */
  readonly claude?: string | undefined;
  /** What is not needed for these is not looked at. */
  readonly wanted: readonly Purpose[];
  /** The mesh gives every project's agents a key, so that the agent needs no login of its own. */
  readonly keysComeFromMesh: boolean;
}

/** Everything this machine itself needs. */
export async function examineMachine(options: MachineOptions): Promise<Finding[]> {
  const wants = (...some: readonly Purpose[]): boolean => some.some((purpose) => options.wanted.includes(purpose));
  const found = await Promise.all([
    examineNode(options.root),
    wants("start", "runner") ? examineGit() : [],
    wants("start") ? examineHttpBackend() : [],
    wants("start", "runner") ? examineAgent(options) : [],
  ]);
  return [...found.flat(), ...(wants("runner") ? [examineIsolation()] : [])];
}

async function examineNode(root: string): Promise<Finding[]> {
  const node: Subject = { name: "node", group: here, neededFor: ["start", "runner", "operate", "deploy"] };
  const own: Subject = { name: "packages", group: here, neededFor: ["start", "runner", "operate", "deploy"] };
  const onPath = findOnPath("node");
  const version = onPath === undefined ? undefined : versionIn((await runProgram(onPath, ["--version"])).stdout);
  const install = "install Node 20 or later: https://nodejs.org/en/download";
  const first = !version
    ? missing(node, onPath === undefined ? "there is no node on the PATH" : `${onPath} does not run`, install)
    : isAtLeast(version, leastNode)
      ? fine(node, `${version.join(".")} at ${onPath}; this command runs on ${process.versions.node}`)
      : missing(node, `${version.join(".")} at ${onPath} is too old`, install);
  const lacking = ["wrangler", "vite", ".bin/node"].filter((name) => !existsSync(join(root, "node_modules", name)));
  const second =
    lacking.length === 0
      ? fine(own, `installed in ${root}`)
      : missing(own, `${lacking.join(", ")} missing in node_modules`, `cd ${root} && npm ci`);
  return [first, second];
}

const git: Subject = { name: "git", group: here, neededFor: ["start", "runner"] };
const installGit = "sudo apt install git   (or: dnf install git, brew install git)";

async function examineGit(): Promise<Finding> {
  const path = findOnPath("git");
  if (path === undefined) return missing(git, "there is no git on the PATH", installGit);
  const version = versionIn((await runProgram(path, ["--version"])).stdout);
  if (!version) return missing(git, `${path} does not run`, installGit);
  return isAtLeast(version, leastGit)
    ? fine(git, `${version.join(".")} at ${path}`)
    : missing(git, `${version.join(".")} is too old: ${leastGit.join(".")} is needed`, installGit);
}

async function examineHttpBackend(): Promise<Finding> {
  const subject: Subject = { name: "git-http-backend", group: here, neededFor: ["start"] };
  const path = findOnPath("git");
  const folder = path === undefined ? "" : (await runProgram(path, ["--exec-path"])).stdout.trim();
  if (folder !== "" && canRun(join(folder, "git-http-backend"))) return fine(subject, folder);
  return missing(subject, "the local mesh's GitHub serves repositories with it, and git came without", installGit);
}

async function examineAgent({ agent, claude, keysComeFromMesh }: MachineOptions): Promise<Finding[]> {
  if (agent.kind !== "claude") return examineOtherAgent(agent, keysComeFromMesh);
  const program: Subject = { name: "coding-agent", group: here, neededFor: ["start", "runner"] };
  const login: Subject = { name: "agent-login", group: here, neededFor: ["runner"] };
  const [path] = claudeExecutables(claude);
  const version = path === undefined ? undefined : versionIn((await runProgram(path, ["--version"])).stdout);
  const install = "npm install -g @anthropic-ai/claude-code";
  if (path === undefined || version === undefined) {
    const detail = path === undefined ? "Claude Code was not found" : `${path} does not run`;
    return [
      missing(program, detail, install, "or name it: mesh runner --claude <path>"),
      { ...login, status: "skipped", detail: "there is no agent to ask", fix: [] },
    ];
  }
  const found = fine(program, `Claude Code ${version.join(".")} at ${path}`);
  const status = await runProgram(path, ["auth", "status"]);
  const said = parsed(status.stdout) as { loggedIn?: unknown; authMethod?: unknown } | undefined;
  if (said?.loggedIn === true) return [found, fine(login, `logged in (${String(said.authMethod)})`)];
  if (keysComeFromMesh) return [found, fine(login, "not logged in here; runners get a key of each project from the mesh")];
  return [
    found,
    missing(
      login,
      "Claude Code is not logged in, and no key comes from the mesh",
      `${path.includes(" ") ? `'${path}'` : path} auth login`,
      "or give the project a key: mesh credentials push owner/name",
    ),
  ];
}

function examineIsolation(): Finding {
  const subject: Subject = { name: "isolation", group: here, neededFor: ["runner"] };
  const { kind, reason, gaps } = detectIsolation({ stateFolder: join(homedir(), ".mesh-six", "runner"), readable: [] });
  if (gaps.length > 0) return warning(subject, gaps.join("; "), "install util-linux whole; in a container, allow it CAP_SYS_ADMIN");
  if (kind === "user") return fine(subject, "as root: each run gets a user, and shared folders, of its own");
  if (kind === "bubblewrap") return fine(subject, "bubblewrap");
  return missing(
    subject,
    `agents would run unwalled: ${reason}`,
    "sudo apt install bubblewrap   (or run the runner as root, with util-linux)",
    "or name repositories you trust: mesh runner --trust owner/name",
  );
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
