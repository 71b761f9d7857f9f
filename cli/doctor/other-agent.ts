import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programOf, type AgentChoice } from "../../runner/agent-choice.ts";
import { keyVariable, loginCommands, loginWords } from "../../runner/drivers/acp-login.ts";
import { examineAcp, type AcpExamined } from "../../runner/drivers/examine-acp.ts";
import { findOnPath, noIsolation } from "../../runner/isolation.ts";
import { fine, missing, skipped, type Finding, type Subject } from "./finding.ts";

const here = "this machine" as const;
const program: Subject = { name: "coding-agent", group: here, neededFor: ["start", "runner"] };
const login: Subject = { name: "agent-login", group: here, neededFor: ["runner"] };
const patienceMs = 20_000;

type OtherAgent = Exclude<AgentChoice, { kind: "claude" }>;

/** An agent of the Agent Client Protocol, or a plain program: whether it is there, speaks the protocol, and lets itself be given work. */
export async function examineOtherAgent(choice: OtherAgent, keysComeFromMesh: boolean): Promise<Finding[]> {
  const { kind, command } = choice;
  const named = programOf(command);
  const path = named === undefined ? undefined : named.includes("/") ? (existsSync(named) ? named : undefined) : findOnPath(named);
  if (named !== undefined && path === undefined) {
    const again = `mesh doctor --agent "${kind}:/path/to/${command.replace(/^.*\//, "")}"`;
    return [
      missing(program, `${named} was not found on this machine`, `install ${named} for everyone, or give its whole path: ${again}`),
      skipped(login, "there is no agent to ask"),
    ];
  }
  if (kind === "command") {
    const detail = path === undefined ? `a line for the shell: ${command}` : path;
    return [
      fine(program, `${detail}; a plain program, which cannot be asked anything`),
      skipped(login, "a plain program tells a missing login by exit code 77 when it begins"),
    ];
  }
  return examineProtocol(command, keysComeFromMesh);
}

async function examineProtocol(command: string, keysComeFromMesh: boolean): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "mesh-doctor-"));
  const [tree, home, tmp] = [join(folder, "tree"), join(folder, "home"), join(folder, "tmp")];
  for (const made of [tree, home, tmp]) mkdirSync(made);
  const own = Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  // A run has a home of its own: a login in this person's would not be seen there.
  const environment = { ...Object.fromEntries(own), HOME: home };
  try {
    const examined = await examineAcp(command, {
      place: { root: folder, tree, home, tmp, uid: process.getuid?.() ?? 0 },
      isolation: noIsolation("the doctor looks at it as you would start it"),
      environment,
      patienceMs,
    });
    if (examined.ok) return [protocolFinding(examined.value), loginFinding(command, examined.value, keysComeFromMesh)];
    const { message } = examined.error;
    const fix = /version \d+ of the protocol/.test(message)
      ? "update it, or take an adapter that speaks version 1 of the Agent Client Protocol"
      : `see what it says: ${command}   (some need a flag to speak the protocol, such as gemini --acp)`;
    return [missing(program, `${command} does not speak the Agent Client Protocol: ${message}`, fix), skipped(login, "it was not asked")];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function protocolFinding({ agent, protocolVersion }: AcpExamined): Finding {
  return fine(program, `${agent ?? "an agent that does not name itself"}, speaks version ${protocolVersion} of the Agent Client Protocol`);
}

function loginFinding(command: string, { methods, needsLogin }: AcpExamined, keysComeFromMesh: boolean): Finding {
  if (!needsLogin) return fine(login, "in a home of its own, as a run has, it begins a conversation without asking for a login");
  if (keysComeFromMesh) return fine(login, "not logged in here; runners get a key of each project from the mesh");
  const ways = loginWords(methods);
  const variable = keyVariable(methods);
  return missing(
    login,
    `in a home of its own, as a run has, it asks for a login, and no key comes from the mesh${ways === "" ? "; it names no way to log in" : `. Its ways: ${ways}`}`,
    ...(variable === undefined ? [] : [`export ${variable}=…   and give it to agents: mesh runner --agent-env ${variable}`]),
    ...loginCommands(command, methods),
    "or give the project a key: mesh credentials push owner/name",
  );
}
