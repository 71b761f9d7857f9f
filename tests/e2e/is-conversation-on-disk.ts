import { globSync } from "node:fs";
import { join } from "node:path";
import type { MeshForTest } from "./mesh-fixture.ts";

/** Whether Claude Code has written the conversation down: it does so a moment after it has named it, and what is not written cannot be gone on with. */
export function isConversationOnDisk(mesh: Pick<MeshForTest, "dataDir">, conversationId: string): boolean {
  const pattern = join(mesh.dataDir, "runners/*/worktrees/*/*/home/.claude/projects/*", `${conversationId}.jsonl`);
  return globSync(pattern).length > 0;
}
