import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import type { Registration } from "../core/protocol/frames.ts";
import { refused, ok, type Result } from "../core/result.ts";
import { secondMs } from "../core/time.ts";
import type { WorkFailure } from "./git/repository.ts";
import type { AttemptRef } from "./journal.ts";

/** Which mesh, as whom. `url` is the Worker's origin. */
export interface MeshAccess {
  readonly url: string;
  readonly id: string;
  readonly token: string;
}

export interface MeshRefusal {
  /** `unauthorized`: 401 or 403. `rejected`: another 4xx. `unreachable`: no answer, or 5xx. */
  readonly reason: "unauthorized" | "rejected" | "unreachable";
  readonly message: string;
  /** The problem's own reason, when the mesh told one. */
  readonly problem?: string | undefined;
}

/** A credential for one repository and one live attempt; never written down. */
export interface GitCredential {
  readonly username: string;
  readonly password: string;
  /** The only repository it is for; absent from meshes that do not say. */
  readonly cloneUrl?: string | undefined;
  /** Absent when it does not expire soon. */
  readonly expiresAt?: number | null | undefined;
}

const gitCredential = z.object({
  username: z.string().min(1),
  password: z.string().min(1),
  cloneUrl: z.string().optional(),
  expiresAt: z.union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))]).nullish(),
});

/** Says to the mesh what this runner can do; safe to repeat. */
export async function register(mesh: MeshAccess, registration: Registration): Promise<Result<undefined, MeshRefusal>> {
  const answer = await askMesh(mesh, "register", registration);
  return answer.ok ? ok(undefined) : answer;
}

/** Asks for the credential to fetch, or to fetch and push, for an attempt; refused when that attempt is no longer this runner's. */
async function fetchGitCredential(
  mesh: MeshAccess,
  { taskId, attempt }: AttemptRef,
  purpose: "read" | "push",
): Promise<Result<GitCredential, MeshRefusal>> {
  const answer = await askMesh(mesh, "git-credential", { taskId, attempt, purpose });
  if (!answer.ok) return answer;
  const parsed = gitCredential.safeParse(answer.value);
  return parsed.success ? ok(parsed.data) : refused({ reason: "rejected", message: "the mesh answered no usable git credential" });
}

/**
 * The same, waiting out a mesh that cannot be reached until it is given up. What stands in the way is the attempt (no longer this runner's) or the
 * mesh, so nothing that a person has to mend here.
 */
export async function askForCredential(
  mesh: MeshAccess,
  attempt: AttemptRef,
  purpose: "read" | "push",
  givenUp: () => boolean,
): Promise<Result<GitCredential, WorkFailure>> {
  for (let tries = 1; ; tries++) {
    const answer = await fetchGitCredential(mesh, attempt, purpose);
    if (answer.ok) return answer;
    const { reason, message } = answer.error;
    if (reason !== "unreachable" || givenUp()) return refused({ kind: "infrastructure", message });
    await pause(Math.min(15, tries) * secondMs);
  }
}

/** A route of this agent; the mesh's address may have a path of its own (`https://example.com/api`). */
export function agentUrl(mesh: MeshAccess, action: string): URL {
  return new URL(`agents/${encodeURIComponent(mesh.id)}/${action}`, mesh.url.endsWith("/") ? mesh.url : `${mesh.url}/`);
}

/** One call of this agent's own routes. */
export async function askMesh(mesh: MeshAccess, action: string, body: unknown): Promise<Result<unknown, MeshRefusal>> {
  let response: Response;
  try {
    response = await fetch(agentUrl(mesh, action), {
      method: "POST",
      headers: { authorization: `Bearer ${mesh.token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(30_000),
    });
  } catch (error) {
    return refused({ reason: "unreachable", message: reasonOf(error) });
  }
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    // Broken off: nobody knows what it would have said.
    return refused({ reason: "unreachable", message: `${action}: ${reasonOf(error)}` });
  }
  if (response.ok) {
    try {
      return ok(text === "" ? undefined : JSON.parse(text));
    } catch {
      return refused({ reason: "rejected", message: `${action}: the answer is not JSON` });
    }
  }
  const { detail, problem } = problemIn(text);
  const message = `${action}: ${response.status} ${detail}`.trim();
  if (response.status === 401 || response.status === 403) return refused({ reason: "unauthorized", message, problem });
  return refused({ reason: response.status < 500 && response.status !== 429 ? "rejected" : "unreachable", message, problem });
}

function problemIn(text: string): { readonly detail: string; readonly problem?: string | undefined } {
  try {
    const schema = z.object({ title: z.string().optional(), detail: z.string().optional(), reason: z.string().optional() });
    const { title = "", detail = title, reason } = schema.parse(JSON.parse(text));
    return { detail: detail.slice(0, 300), problem: reason };
  } catch {
    return { detail: "" };
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== "" ? error.cause.message : error.message;
}
