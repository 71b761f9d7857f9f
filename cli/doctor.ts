import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import type { Command } from "commander";
import { parseAgent } from "../runner/agent-choice.ts";
import { cleanLine } from "./clean-text.ts";
import { collect, meshVerb } from "./command.ts";
import type { AccessFlags } from "./configuration.ts";
import { examineCloudflare } from "./doctor/cloudflare.ts";
import { examineDatabase } from "./doctor/database.ts";
import { purposes, type Finding, type Purpose } from "./doctor/finding.ts";
import { examineMachine } from "./doctor/machine.ts";
import { examineMesh, type MeshExamined } from "./doctor/mesh.ts";
import { examineSettings, hintsOf } from "./doctor/settings.ts";
import { exitCodes } from "./exit-codes.ts";
import { usage } from "./failure.ts";
import { Output } from "./output.ts";
import { startSpinner } from "./spinner.ts";

interface Flags extends AccessFlags {
  readonly json?: true;
  readonly for?: string[];
  readonly settings?: string;
  readonly claude?: string;
  readonly agent?: string;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** `mesh doctor`: what is missing on this machine and on the mesh, and what mends it. */
export function addDoctor(program: Command): void {
  meshVerb(program, "doctor", "what is missing here and on the mesh, and the command that mends it; exit code 1 when anything is")
    .option("--for <purpose>", `only what is needed to: ${purposes.join(", ")} (repeatable)`, collect)
    .option("--settings <file>", "the settings that a deployment is made with; .dev.vars.production unless said")
    .option("--claude <path>", "another Claude Code, as the runner's --claude")
    .option("--agent <agent>", "the coding agent of the runner, as its --agent: claude, acp:<command> or command:<command>", "claude")
    .action(async (flags: Flags) => {
      const out = new Output(flags.json === true);
      const wanted = wantedOf(flags);
      const spinner = startSpinner(out, "examining this machine and the mesh");
      const findings = await examine(flags, wanted).finally(() => spinner.stop());
      const count = (status: Finding["status"]): number => findings.filter((finding) => finding.status === status).length;
      const sums = { ok: count("missing") === 0, missing: count("missing"), warnings: count("warning") };
      out.answer({ ...sums, findings }, () => show(out, findings, sums));
      if (!sums.ok) process.exitCode = exitCodes.failed;
    });
}

function wantedOf(flags: Flags): readonly Purpose[] {
  const asked = flags.for ?? [...purposes];
  const unknown = asked.find((purpose) => !purposes.includes(purpose as Purpose));
  if (unknown !== undefined) throw usage(`--for ${unknown}: it is one of ${purposes.join(", ")}.`);
  return asked as Purpose[];
}

async function examine(flags: Flags, wanted: readonly Purpose[]): Promise<Finding[]> {
  const wants = (...some: Purpose[]): boolean => some.some((purpose) => wanted.includes(purpose));
  const agent = parseAgent(flags.agent ?? "claude");
  if (!agent.ok) throw usage(`${agent.error}.`);
  const file = resolve(flags.settings ?? join(root, ".dev.vars.production"));
  const values = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  const nothing: MeshExamined = { findings: [], isReady: false, givesKeys: false };
  const [mesh, cloudflare, database] = await Promise.all([
    wants("operate", "runner") ? examineMesh(flags, hintsOf(root)) : nothing,
    wants("deploy") ? examineCloudflare(root) : undefined,
    wants("deploy") ? examineDatabase(values) : undefined,
  ]);
  const machine = await examineMachine({ root, agent: agent.value, claude: flags.claude, wanted, keysComeFromMesh: mesh.givesKeys });
  const settings = wants("deploy") ? examineSettings({ root, file, meshIsReady: mesh.isReady }) : [];
  return [...machine, ...(cloudflare ? [cloudflare] : []), ...settings, ...(database ? [database] : []), ...mesh.findings].filter(
    ({ neededFor }) => neededFor.some((purpose) => wanted.includes(purpose)),
  );
}

function show(out: Output, findings: readonly Finding[], sums: { ok: boolean; missing: number; warnings: number }): void {
  const { colours } = out;
  const marks = { ok: colours.green("✓"), missing: colours.red("✗"), warning: colours.yellow("!"), skipped: colours.dim("–") };
  const width = Math.max(...findings.map(({ name }) => name.length)) + 2;
  let group = "";
  for (const finding of findings) {
    if (finding.group !== group) {
      if (group !== "") out.line();
      group = finding.group;
      out.line(colours.bold(group));
    }
    const [first = "", ...rest] = out.wrap(finding.detail, width + 4);
    out.line(
      `  ${marks[finding.status]} ${finding.name.padEnd(width)}${finding.status === "ok" || finding.status === "skipped" ? colours.dim(first) : first}`,
    );
    for (const line of rest) out.line(`${" ".repeat(width + 4)}${line}`);
    // Never wrapped: they are there to be copied.
    for (const line of finding.fix) out.line(`      → ${cleanLine(line)}`);
  }
  const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  out.line();
  if (sums.ok) out.line(`${colours.green("Nothing is missing.")}${sums.warnings > 0 ? ` ${counted(sums.warnings, "warning")}.` : ""}`);
  else out.line(`${colours.red(`${sums.missing} missing`)}${sums.warnings > 0 ? `, ${counted(sums.warnings, "warning")}` : ""}.`);
}
