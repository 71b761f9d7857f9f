import { setTimeout as delay } from "node:timers/promises";
import type { Issue } from "../../core/result.ts";

/** What a deployed mesh says of itself. */
export interface MeshHealth {
  readonly alive: boolean;
  /** Settings and bindings that it names as missing or malformed. */
  readonly missing: readonly Issue[];
}

const betweenMs = 2_000;

/** Waits until the Worker answers `/healthz`, since a new address takes its time to be known everywhere; then reads `/readyz`. */
export async function lookAtMesh(url: string, patienceMs: number): Promise<MeshHealth> {
  const end = Date.now() + patienceMs;
  while (!(await answers(`${url}/healthz`))) {
    if (Date.now() >= end) return { alive: false, missing: [] };
    await delay(Math.min(betweenMs, Math.max(0, end - Date.now())));
  }
  const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) });
  if (response.ok) return { alive: true, missing: [] };
  const problem = (await response.json().catch(() => ({}))) as { issues?: Issue[]; title?: string };
  return { alive: true, missing: problem.issues ?? [{ path: "/readyz", message: problem.title ?? `answered ${response.status}` }] };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
