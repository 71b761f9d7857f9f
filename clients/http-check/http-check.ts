import * as z from "zod";
import { secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import { callOutside } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";
import { refusePrivateAddress } from "./refuse-private-address.ts";

/** An agent's dependency gets 3 s, a deployment 10 s. */
export const checkTimeLimits = { health: 3 * secondMs, deployment: 10 * secondMs } as const;

export interface CheckRequest {
  readonly url: string;
  /** One of `checkTimeLimits`, over redirects and body. */
  readonly timeLimitMs: number;
  /** Full or short SHA. When the answer is JSON with `commit` or `sha`, it must be this one; other answers are taken by their status. */
  readonly expectCommit?: string | null;
}

/** `detail` is one line for people; it holds the status and never the body. */
export interface CheckResult {
  readonly healthy: boolean;
  readonly detail: string;
  /** The commit that a page answering 2xx names instead of the expected one: it may contain it. */
  readonly otherCommit?: string;
}

/** Asks an address whether it is well. An unhealthy answer is a result; only a request that must not be made is a ClientError (`refused`). */
export interface HttpCheck {
  check(request: CheckRequest): Promise<CheckResult>;
}

export interface HttpCheckDeps extends Pick<OutsideDeps, "now" | "fetch"> {
  /** For the local mesh, whose services are on this machine. Default false. */
  readonly allowPrivate?: boolean;
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const bodyLimit = 65_536;
const redirectLimit = 3;
const versions = z.object({ commit: z.string().optional().catch(undefined), sha: z.string().optional().catch(undefined) });

export function createHttpCheck(deps: HttpCheckDeps): HttpCheck {
  /** Redirects are followed by hand, so that each new address is judged before it is called. */
  async function get(start: URL, deadline: number): Promise<Response> {
    let url = start;
    for (let followed = 0; ; followed += 1) {
      if (!deps.allowPrivate) await refusePrivateAddress(url, deps.resolve);
      const init: RequestInit = { redirect: "manual", headers: { accept: "application/json, */*;q=0.5", "user-agent": "mesh-six" } };
      const response = await callOutside("http-check", deps, url.href, init, Math.max(1, deadline - deps.now()));
      const location = response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
      if (location === null) return response;
      await response.body?.cancel();
      if (followed === redirectLimit || !URL.canParse(location, url.href)) {
        throw new ClientError("http-check", "redirected too often", {
          code: "unexpected-answer",
          retryable: true,
          status: response.status,
        });
      }
      url = new URL(location, url);
    }
  }

  return {
    async check({ url, timeLimitMs, expectCommit }) {
      if (!URL.canParse(url))
        throw new ClientError("http-check", "the address is not a URL; correct the setting", { code: "refused", retryable: false });
      try {
        const response = await get(new URL(url), deps.now() + timeLimitMs);
        if (!response.ok) {
          await response.body?.cancel();
          return { healthy: false, detail: `answered ${response.status}` };
        }
        return judge(response.status, expectCommit ? await readLimited(response) : await drop(response), expectCommit ?? null);
      } catch (error) {
        if (error instanceof ClientError && error.code !== "refused") return { healthy: false, detail: error.message };
        throw error;
      }
    },
  };
}

function judge(status: number, body: string, expectCommit: string | null): CheckResult {
  const commit = expectCommit === null ? undefined : commitIn(body);
  if (commit === undefined || expectCommit === null) return { healthy: true, detail: `answered ${status}` };
  if (sameCommit(commit, expectCommit)) return { healthy: true, detail: `answered ${status} with commit ${expectCommit.slice(0, 7)}` };
  const isSha = /^[0-9a-f]{7,40}$/i.test(commit);
  const detail = `answered ${status} with commit ${isSha ? commit.slice(0, 7) : "another"}, not yet ${expectCommit.slice(0, 7)}`;
  return { healthy: false, detail, ...(isSha ? { otherCommit: commit } : {}) };
}

function commitIn(body: string): string | undefined {
  try {
    const parsed = versions.safeParse(JSON.parse(body));
    return parsed.success ? (parsed.data.commit ?? parsed.data.sha) : undefined;
  } catch {
    return undefined; // not JSON: judged by its status
  }
}

/** Short SHAs of at least seven characters count. */
function sameCommit(one: string, other: string): boolean {
  const [short, long] = [one.toLowerCase(), other.toLowerCase()].toSorted((a, b) => a.length - b.length) as [string, string];
  return short.length >= 7 && long.startsWith(short);
}

async function drop(response: Response): Promise<string> {
  await response.body?.cancel();
  return "";
}

/** At most 64 KiB; what goes beyond is not read. */
async function readLimited(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  let read = 0;
  try {
    while (read < bodyLimit) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, bodyLimit - read), { stream: true });
      read += value.byteLength;
    }
  } catch (cause) {
    throw new ClientError("http-check", "the answer broke off or came too slowly", { code: "timeout", retryable: true, cause });
  } finally {
    await reader.cancel().catch(() => "a body that broke off cannot be cancelled");
  }
  return text;
}
