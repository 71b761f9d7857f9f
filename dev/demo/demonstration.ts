import type { RunView } from "../../core/project/views.ts";
import type { LocalMesh } from "../mesh/local-mesh.ts";
import { hearNews } from "./hear-news.ts";

/** An issue of the demonstration and how it should end. */
export interface Expected {
  readonly key: string;
  readonly board: string;
  readonly outcome: "accepted" | "untouched";
}

export const demonstration: readonly Expected[] = [
  { key: "acme/todo-app#1", board: "acme/1", outcome: "accepted" },
  { key: "acme/todo-app#2", board: "acme/1", outcome: "accepted" },
  { key: "acme/todo-app#3", board: "acme/1", outcome: "accepted" },
  { key: "acme/todo-app#4", board: "acme/1", outcome: "untouched" },
  { key: "solo/notes#1", board: "solo/1", outcome: "accepted" },
];

/** Puts the cards into Todo as a person would; cards that are on the board already stay where they are. */
export async function putIntoTodo(mesh: LocalMesh, issues: readonly Expected[] = demonstration): Promise<void> {
  for (const { key, board } of issues) {
    const added = await human(mesh, "add-card", { board, issue: key });
    if (added.ok) await human(mesh, "move-card", { board, issue: key, column: "Todo" });
  }
}

/** Acts on the GitHub stand-in as a person. */
export async function human(mesh: Pick<LocalMesh, "github">, action: string, body: unknown): Promise<Response> {
  const response = await fetch(`${mesh.github.url}/__human/${action}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${action}: ${response.status} ${await response.text()}`);
  return response;
}

/** A run by its issue's key; null before it begins. */
export async function runOf(mesh: Pick<LocalMesh, "client">, key: string): Promise<RunView | null> {
  const [project, issue] = key.split("#");
  try {
    return await mesh.client.get<RunView>(`/runs/${project}/${issue}`);
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 404) return null;
    throw error;
  }
}

/** Watches until every issue has ended as it should or the time is up, telling each change of phase. */
export async function watch(
  mesh: Pick<LocalMesh, "client" | "url" | "operatorToken">,
  options: { limitMs: number; log: (line: string) => void; issues?: readonly Expected[]; signal?: AbortSignal },
): Promise<boolean> {
  const issues = options.issues ?? demonstration;
  const runs = new Map<string, RunView>();
  const leftAlone = new Set<string>();
  const said = new Map<string, string>();
  const end = Date.now() + options.limitMs;
  const heard = hearNews(mesh);
  try {
    while (Date.now() < end && options.signal?.aborted !== true) {
      const news = heard.take();
      for (const run of news.runs) runs.set(run.key, run);
      for (const { key, outcome } of issues) {
        const asked = news.missed ? await runOf(mesh, key) : null;
        if (asked) runs.set(key, asked);
        const isAsked = outcome === "untouched" && !leftAlone.has(key) && (news.missed || news.ofProjects);
        if (isAsked && (await filteredReason(mesh, key)) !== null) leftAlone.add(key);
        const run = runs.get(key);
        if (run === undefined) continue;
        const line = `${run.phase.padEnd(14)} ${run.explain}`;
        if (said.get(key) !== line) options.log(`${key.padEnd(16)} ${line}`);
        said.set(key, line);
      }
      const isOver = ({ key, outcome }: Expected): boolean =>
        outcome === "untouched" ? leftAlone.has(key) : (runs.get(key)?.endedAt ?? null) !== null;
      if (issues.every(isOver)) return true;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    return false;
  } finally {
    heard.close();
  }
}

/** Why a card of the board starts no run; null when nothing was said of it. */
export async function filteredReason(mesh: Pick<LocalMesh, "client">, key: string): Promise<string | null> {
  const [project, issue] = key.split("#");
  const { view } = await mesh.client.get<{ view: { filtered: { issue: number; reason: string }[] } }>(`/projects/${project}`);
  return view.filtered.find((card) => card.issue === Number(issue))?.reason ?? null;
}
