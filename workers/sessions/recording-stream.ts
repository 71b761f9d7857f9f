import { castHeader, createV2Lines, plainText } from "../../core/sessions/recording.ts";
import type { SessionView } from "../../core/sessions/views.ts";
import type { RecordingParts } from "../../durable-objects/session-feed.ts";
import { chunkObject } from "../../durable-objects/session-recording.ts";

/** A recording as it is now, read from the archive chunk by chunk. Chunks that the retention has removed are left out. */
export function recordingStream(
  archive: R2Bucket,
  session: SessionView,
  parts: RecordingParts,
  version: 2 | 3,
): ReadableStream<Uint8Array> {
  const { cols, rows } = session;
  const header = castHeader(version, { cols, rows, startedAt: parts.startedAt, title: titleOf(session) });
  const inVersion = version === 2 ? createV2Lines() : (line: string) => line;
  return streamOf(async function* () {
    yield header;
    for await (const lines of chunksOf(archive, session.id, parts)) {
      const converted = lines.map((line) => `${inVersion(line)}\n`);
      if (converted.length > 0) yield converted.join("");
    }
  });
}

/** What a session has written, as a document to read: every line of it as text. */
export function transcriptStream(archive: R2Bucket, session: SessionView, parts: RecordingParts): ReadableStream<Uint8Array> {
  const { agent, driver, conversationId, state, usd, inputTokens, outputTokens } = session;
  const facts = [
    `- Agent: ${agent ?? "none"}${driver === null ? "" : ` (${driver})`}`,
    `- Conversation: ${conversationId ?? "none"}`,
    `- Began: ${new Date(session.startedAt).toISOString()}`,
    `- State: ${session.endedAt === null ? state : `ended ${new Date(session.endedAt).toISOString()}`}`,
    `- Spent: ${usd.toFixed(2)} US dollars, ${inputTokens} tokens in, ${outputTokens} out`,
  ];
  return streamOf(async function* () {
    yield `# ${titleOf(session)}\n\n${facts.join("\n")}\n\n`;
    let open = "";
    for await (const lines of chunksOf(archive, session.id, parts)) {
      open += lines.map((line) => (JSON.parse(line) as [number, string, string])[2]).join("");
      const end = open.lastIndexOf("\n") + 1;
      if (end > 0) yield asCode(open.slice(0, end));
      open = open.slice(end);
    }
    if (open !== "") yield asCode(`${open}\n`);
  });
}

/** Event lines of asciicast v3, in order. */
async function* chunksOf(archive: R2Bucket, session: string, { chunks, rest }: RecordingParts): AsyncGenerator<string[]> {
  for (let number = 0; number < chunks; number += 1) {
    const chunk = await archive.get(chunkObject(session, number));
    if (chunk !== null) yield linesOf(new TextDecoder().decode(await chunk.arrayBuffer()));
  }
  yield linesOf(rest);
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Indented, so that nothing in it is taken for Markdown. */
function asCode(text: string): string {
  return plainText(text).replaceAll(/^(?=.)/gm, "    ");
}

function titleOf({ name, issue, run }: SessionView): string {
  return `${name}#${issue}.${run}`;
}

function streamOf(texts: () => AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const [encoder, source] = [new TextEncoder(), texts()];
  return new ReadableStream({
    async pull(controller) {
      const next = await source.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      await source.return(undefined);
    },
  });
}
