import type { AgentId, ProjectKey } from "../../core/ids.ts";
import { mailbox, orchestrator, pool } from "../../durable-objects/remote.ts";
import type { TableCopies } from "../../durable-objects/table-copies.ts";
import type { PartKind } from "./manifest.ts";

type Table = "pool" | "orchestrator" | "mailbox";

/** An object's copies as they are reached by RPC: each method answers by promise. */
export type RemoteCopies = {
  readonly [K in "page" | "put" | "done"]: (...given: Parameters<TableCopies[K]>) => Promise<Awaited<ReturnType<TableCopies[K]>>>;
};

/** Whether this kind of object is copied by its tables. */
export function hasTables(kind: PartKind): kind is Table {
  return kind === "pool" || kind === "orchestrator" || kind === "mailbox";
}

/** Works with an object's copies, and lets go of them: what RPC hands out is held by the other side until then. */
export async function withCopies<T>(env: Env, kind: Table, of: string | null, act: (copies: RemoteCopies) => Promise<T>): Promise<T> {
  const copies = await copiesOf(env, kind, of ?? "");
  try {
    return await act(copies as unknown as RemoteCopies);
  } finally {
    (copies as Partial<Disposable>)[Symbol.dispose]?.();
  }
}

function copiesOf(env: Env, kind: Table, of: string): Promise<TableCopies> {
  if (kind === "orchestrator") return orchestrator(env, of as ProjectKey).copies();
  return kind === "mailbox" ? mailbox(env, of as AgentId).copies() : pool(env).copies();
}
