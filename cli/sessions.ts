import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { WebSocket } from "ws";
import { createControlFilter } from "../core/sessions/control-filter.ts";
import { tooSlowCode, type FeedMessage, type SessionView, type ViewerMessage } from "../core/sessions/views.ts";
import { meshVerb, onMesh, verbGroup, type Mesh } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import type { Colours } from "./output.ts";
import { pages, showPage, withPages, type PageFlags } from "./paging.ts";
import { projectName } from "./parse.ts";
import { shortWhen, when } from "./when.ts";

/** A viewer says so often how far it has come. */
const seenEveryBytes = 1_048_576;
const againAfterMs = 2_000;

/** `mesh sessions`: what coding agents do on their terminals, now and before. */
export function addSessions(program: Command): void {
  const group = verbGroup(program, "sessions", "sessions of coding agents: watch them, and read what they wrote");
  withPages(
    meshVerb(group, "list", "sessions, newest first")
      .option("--project <owner/name>", "only of this project", projectName)
      .option("--agent <id>", "only of this agent")
      .option("--open", "only those that have not ended"),
  ).action(
    onMesh(async ({ api, out }, flags: PageFlags & { project?: string; agent?: string; open?: true }) => {
      const { project, agent, open } = flags;
      const page = await pages((query) => api.sessions({ project, agent, open: open ? 1 : undefined, ...query }), flags);
      showPage(
        out,
        page,
        [
          { head: "session", of: ({ id }) => id },
          { head: "run", of: runOf },
          { head: "state", of: ({ state }) => state, paint: (text, { state }) => stateColour(state, out.colours)(text) },
          { head: "step", of: ({ step }) => step ?? "" },
          { head: "agent", of: (session) => session.agent ?? "", least: 8 },
          { head: "began", of: ({ startedAt }) => shortWhen(startedAt), drop: 1 },
          { head: "usd", of: ({ usd }) => usd.toFixed(2), align: "right", drop: 2 },
        ],
        "No such session.",
      );
    }),
  );
  meshVerb(group, "show", "one session, and its last screen").argument("<id>", "of the session").action(onMesh(show));
  meshVerb(group, "watch", "its terminal, as it writes; ends when the session does")
    .argument("<id>", "of the session")
    .action(onMesh(watch));
  meshVerb(group, "recording", "its terminal as an asciicast, on the standard output")
    .argument("<id>", "of the session")
    .option("--v2", "in version 2, for players older than asciinema 3")
    .action(onMesh(async ({ api, out }, id: string, flags: { v2?: true }) => out.write(await api.recording(id, flags.v2 ? 2 : 3))));
  meshVerb(group, "transcript", "all it wrote, as a Markdown document on the standard output")
    .argument("<id>", "of the session")
    .action(onMesh(async ({ api, out }, id: string) => out.write(await api.transcript(id))));
}

async function show({ api, out }: Mesh, id: string): Promise<void> {
  const [session, { items }] = await Promise.all([api.oneSession(id), api.snapshots(id)]);
  out.answer(session, () => {
    out.pairs([
      ["session", session.id],
      ["run", runOf(session)],
      ["state", stateColour(session.state, out.colours)(session.state)],
      ["step", session.step ?? ""],
      ["agent", `${session.agent ?? ""}${session.driver === null ? "" : ` (${session.driver})`}`],
      ["conversation", session.conversationId ?? ""],
      ["began", when(session.startedAt)],
      ["ended", session.endedAt === null ? "" : when(session.endedAt)],
      ["spent", `${session.usd.toFixed(2)} US$, ${session.inputTokens} tokens in, ${session.outputTokens} out`],
      ["written", `${session.outputBytes ?? 0} bytes`],
    ]);
    const last = items.at(-1);
    if (last !== undefined) out.block(`\n${last.kind}, ${when(last.at)}:\n${last.screen}`);
  });
}

/** Shows what is written; after a break goes on where it was. */
async function watch({ api, out }: Mesh, id: string): Promise<void> {
  // Agents of others may send more than colours.
  const filter = createControlFilter();
  await api.oneSession(id); // says what is wrong before a socket only fails
  for (let from = 0, isAway = false; ;) {
    const heard = await listen(new WebSocket(...api.liveAddress(id, from)), from, (message) => {
      if (out.json) return out.line(JSON.stringify(message));
      if (message.type === "output") out.write(filter(message.data));
    });
    from = heard.from;
    if (heard.ended) return;
    if (heard.code === 1008 || heard.code === 1001)
      throw new Failure({ exitCode: exitCodes.failed, reason: "closed", message: `The mesh has closed the stream (${heard.code}).` });
    if (heard.code !== tooSlowCode) {
      if (!isAway) out.note("mesh: the connection is lost. It is tried again.");
      isAway = true;
      await delay(againAfterMs);
    }
  }
}

function listen(
  socket: WebSocket,
  begun: number,
  tell: (message: FeedMessage) => void,
): Promise<{ from: number; ended: boolean; code: number }> {
  let [from, seen, ended] = [begun, begun, false];
  return new Promise((resolve) => {
    socket.on("error", () => undefined); // the close that follows tells
    socket.on("close", (code) => resolve({ from, ended, code }));
    socket.on("message", (data) => {
      const message = JSON.parse(String(data)) as FeedMessage;
      tell(message);
      if (message.type === "output") from = message.offset + Buffer.byteLength(message.data);
      if (message.type === "ended") {
        ended = true;
        socket.close(1000);
      } else if (from - seen >= seenEveryBytes) {
        seen = from;
        socket.send(JSON.stringify({ type: "seen", offset: from } satisfies ViewerMessage));
      }
    });
  });
}

function runOf({ name, issue, run }: SessionView): string {
  return `${name}#${issue}.${run}`;
}

function stateColour(state: SessionView["state"], colours: Colours): (text: string) => string {
  if (state === "working") return colours.green;
  return state === "ended" ? colours.dim : colours.yellow;
}
