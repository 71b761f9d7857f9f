import { setTimeout as delay } from "node:timers/promises";
import type { Diagnosis } from "../../core/diagnosis.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import { meshVersion } from "../../core/version.ts";
import { findAccess, type AccessFlags, type MeshAccess } from "../configuration.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { MeshApi } from "../mesh-api.ts";
import { send } from "../send.ts";
import { length, when } from "../when.ts";
import { examineAgents } from "./agents.ts";
import { fine, missing, skipped, warning, type Finding, type Purpose, type Subject } from "./finding.ts";
import { settingFinding, type SettingHints } from "./settings.ts";
import { tried } from "./tried.ts";

const neededFor: readonly Purpose[] = ["operate", "runner"];
const subjectOf = (name: string): Subject => ({ name, group: "mesh", neededFor });
/** The cron comes every minute and an idle mesh is looked at every five. */
const cronLateMs = 10 * minuteMs;
const skewMs = 30 * secondMs;
/** A read model follows within seconds; one that has not moved meanwhile stands still. */
const secondLookMs = 4 * secondMs;

/** What is known of the mesh after it was examined. */
export interface MeshExamined {
  readonly findings: readonly Finding[];
  readonly isReady: boolean;
  /** Every project has a credential that holds. */
  readonly givesKeys: boolean;
}

/** Everything about the mesh: whether it is reached, has what it needs, is at work, and who works for it. */
export async function examineMesh(flags: AccessFlags, hints: SettingHints): Promise<MeshExamined> {
  const found: Finding[] = [];
  const nothing = { findings: found, isReady: false, givesKeys: false };
  const access = addressOf(flags, found);
  if (!access) return nothing;
  if (!(await reaches(access, found))) return nothing;
  const isReady = await examineReady(access, hints, found);
  const api = new MeshApi(access);
  if (!(await examineToken(api, found))) return { findings: found, isReady, givesKeys: false };
  const diagnosis = await tried(found, "diagnosis", () => api.diagnosis());
  if (diagnosis) await judge(api, diagnosis, found);
  await examineState(api, found);
  const { givesKeys } = await examineAgents(api, found, diagnosis?.version);
  return { findings: found, isReady, givesKeys };
}

function addressOf(flags: AccessFlags, found: Finding[]): MeshAccess | undefined {
  try {
    return findAccess(flags);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    found.push(missing(subjectOf("mesh-address"), error.message, ...(error.parts.fix ?? [])));
    return undefined;
  }
}

async function reaches(access: MeshAccess, found: Finding[]): Promise<boolean> {
  const subject = subjectOf("mesh-reachable");
  try {
    const { response } = await send({ ...access, token: null }, { method: "GET", path: "/healthz", timeLimitMs: 10_000 });
    const said = (await response.json().catch(() => null)) as { status?: unknown } | null;
    if (said?.status !== "ok") throw notAMesh(access);
    found.push(fine(subject, `${access.url} (${access.from})`));
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isLocal = access.url.startsWith("http:");
    const fix = (error.parts.fix ?? []).filter((line) => !line.startsWith("mesh doctor"));
    found.push(
      missing(
        subject,
        `${access.url}: ${error.message}`,
        ...(isLocal ? ["mesh start"] : ["mesh deploy   or mend the address: mesh login --url …"]),
        ...fix,
      ),
    );
    return false;
  }
}

function notAMesh({ url }: MeshAccess): Failure {
  return new Failure({ exitCode: exitCodes.unreachable, reason: "not-a-mesh", message: `what answers at ${url} is no mesh` });
}

async function examineReady(access: MeshAccess, hints: SettingHints, found: Finding[]): Promise<boolean> {
  const subject = subjectOf("mesh-settings");
  try {
    await send({ ...access, token: null }, { method: "GET", path: "/readyz", timeLimitMs: 10_000 });
    found.push(fine(subject, "every binding and setting is there"));
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { issues = [] } = error.parts;
    if (issues.length === 0) found.push(missing(subject, error.message, ...(error.parts.fix ?? [])));
    for (const { path, message } of issues)
      found.push(
        message === "binding missing"
          ? missing(
              { ...subject, name: `binding ${path}` },
              "the Worker lacks it",
              "mesh deploy --yes   with the wrangler.toml of this version",
            )
          : settingFinding("mesh", path, message, hints, neededFor, `npx wrangler secret put ${path}`),
      );
    return false;
  }
}

async function examineToken(api: MeshApi, found: Finding[]): Promise<boolean> {
  const subject: Subject = { ...subjectOf("mesh-token"), neededFor: ["operate"] };
  const login = `mesh login --url ${api.access.url}`;
  if (api.access.token === null) {
    found.push(missing(subject, "no token is known for this mesh", login));
    return false;
  }
  try {
    const { role } = await api.session();
    found.push(
      role === "operator"
        ? fine(subject, "an operator's")
        : warning(subject, "a viewer's: it only reads", `${login}   with OPERATOR_TOKEN`),
    );
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isRefused = error.parts.exitCode === exitCodes.unauthorized;
    found.push(missing(subject, isRefused ? "the mesh refuses it" : error.message, isRefused ? login : "mend the settings named above"));
    return false;
  }
}

async function judge(api: MeshApi, diagnosis: Diagnosis, found: Finding[]): Promise<void> {
  const away = Math.abs(diagnosis.at - Date.now());
  const clock = subjectOf("clock");
  found.push(
    away < skewMs
      ? fine(clock, "as the mesh's")
      : missing(clock, `${length(away)} ${diagnosis.at > Date.now() ? "behind" : "ahead of"} the mesh's`, "sudo timedatectl set-ntp true"),
  );
  const version = subjectOf("version");
  found.push(
    diagnosis.version === meshVersion
      ? fine(version, meshVersion)
      : warning(
          version,
          `this command is ${meshVersion}, the mesh ${diagnosis.version}`,
          "git pull && npm ci   here, or mesh deploy --yes there",
        ),
  );
  const cron = subjectOf("cron");
  const { reconciledAt } = diagnosis;
  found.push(
    reconciledAt !== null && diagnosis.at - reconciledAt < cronLateMs
      ? fine(cron, `last reconcile ${when(reconciledAt)}`)
      : missing(
          cron,
          reconciledAt === null ? "it has never run" : `last reconcile ${when(reconciledAt)}`,
          "mesh reconcile",
          "mesh deploy --yes   sets the trigger of wrangler.toml",
        ),
  );
  const { database } = diagnosis;
  found.push(
    database.ok
      ? fine(subjectOf("mesh-database"), database.detail)
      : missing(
          subjectOf("mesh-database"),
          `the mesh's database ${database.detail}`,
          /tables/.test(database.detail) ? "mesh db migrate" : "look at Neon's console, and at DATABASE_URL of the Worker",
        ),
  );
  examineGitHub(diagnosis, found);
  await examineQueues(api, diagnosis, found);
}

function examineGitHub({ github }: Diagnosis, found: Finding[]): void {
  const subject = subjectOf("github");
  const failing = github.filter(({ ok }) => !ok);
  if (github.length === 0) found.push(skipped(subject, "asked per project, and there is none"));
  else if (failing.length === 0)
    found.push(fine(subject, `answers for ${github.length === 1 ? "the project" : `all ${github.length} projects`}`));
  for (const { project, detail } of failing)
    found.push(missing({ ...subject, name: `github ${project}` }, detail, `mesh onboard ${project}   checks every permission`));
}

/** A read model that lags and has not moved by the second look: its queue stands still. */
async function examineQueues(api: MeshApi, first: Diagnosis, found: Finding[]): Promise<void> {
  const subject = subjectOf("read-model");
  if (!first.database.ok) return void found.push(skipped(subject, "the database is away"));
  const behind = first.projects.filter(({ seq, projected }) => projected !== null && projected < seq);
  if (behind.length > 0) await delay(secondLookMs);
  const second = behind.length === 0 ? first : await api.diagnosis();
  const still = behind.filter(({ name, projected }) => {
    const now = second.projects.find((project) => project.name === name);
    return now?.projected === projected && (now?.projected ?? 0) < (now?.seq ?? 0);
  });
  found.push(
    still.length === 0
      ? fine(subject, "follows every journal")
      : missing(
          subject,
          `stands still: ${still.map(({ name, seq, projected }) => `${name} ${seq - (projected ?? 0)} events behind`).join(", ")}`,
          "mesh reconcile   pokes it",
          "npx wrangler queues info mesh-projections",
        ),
  );
}

async function examineState(api: MeshApi, found: Finding[]): Promise<void> {
  const state = await tried(found, "state", () => api.state());
  const subject = subjectOf("at-work");
  if (!state) return;
  found.push(
    state.stopped === null
      ? fine(subject, "not stopped")
      : warning(
          subject,
          `stopped by ${state.stopped.by} ${when(state.stopped.at)}${state.stopped.reason ? `: ${state.stopped.reason}` : ""}`,
          "mesh go",
        ),
  );
}
