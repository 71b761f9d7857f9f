import * as z from "zod";
import { ClientError, failedWith } from "../client-error.ts";
import { Visible } from "./documents.ts";
import type { GitHubConnection } from "./github-connection.ts";

const visible = { document: Visible, name: "Visible", answer: z.object({ node: z.object({ id: z.string() }).nullable() }) };

/** GitHub answers NOT_FOUND both for what was deleted and for what the credential may not see. */
export async function absentAsNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (failedWith(error, "not-found", "gone")) return null;
    throw error;
  }
}

/** Fails with `forbidden` when the credential cannot see the node, so that a lost permission never reads as something deleted. */
export async function assureVisible(connection: GitHubConnection, nodeId: string, what: string): Promise<void> {
  const found = await absentAsNull(connection.query(visible, { id: nodeId }));
  if (found?.node) return;
  throw new ClientError("GitHub", `the ${what} cannot be seen with ${connection.lane}; give it access`, {
    code: "forbidden",
    retryable: false,
  });
}
