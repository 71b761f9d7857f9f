import { secondMs, type Moment } from "../time.ts";

/** A piece of a terminal stream, when it came. */
export interface OutputPiece {
  readonly at: Moment;
  readonly data: string;
}

/** Neighbouring pieces joined, until they are so many characters. */
export function* joined(
  pieces: Iterable<OutputPiece & { readonly offset: number }>,
  chars: number,
): Generator<{ offset: number; data: string }> {
  let whole: { offset: number; data: string } | undefined;
  for (const { offset, data } of pieces) {
    if (whole === undefined) whole = { offset, data };
    else whole.data += data;
    if (whole.data.length < chars) continue;
    yield whole;
    whole = undefined;
  }
  if (whole !== undefined) yield whole;
}

export interface RecordingHead {
  readonly cols: number;
  readonly rows: number;
  readonly startedAt: Moment;
  readonly title: string;
}

/** The first line of an asciicast. https://docs.asciinema.org/manual/asciicast/v3/ and https://docs.asciinema.org/manual/asciicast/v2/ */
export function castHeader(version: 2 | 3, { cols, rows, startedAt, title }: RecordingHead): string {
  const timestamp = Math.floor(startedAt / secondMs);
  const head =
    version === 3
      ? { version, term: { cols, rows, type: "xterm-256color" }, timestamp, title }
      : { version, width: cols, height: rows, timestamp, title, env: { TERM: "xterm-256color" } };
  return `${JSON.stringify(head)}\n`;
}

/** Pieces as event lines of asciicast v3: each with the seconds since the one before, the first since `after`. */
export function castLines(pieces: readonly OutputPiece[], after: Moment): string {
  let last = after;
  return pieces
    .map(({ at, data }) => {
      const interval = Math.max(0, at - last) / secondMs;
      last = Math.max(last, at);
      return `${JSON.stringify([interval, "o", data])}\n`;
    })
    .join("");
}

/** Turns event lines of v3 into those of v2, one after the other: seconds since the beginning in place of those since the event before. */
export function createV2Lines(): (line: string) => string {
  let elapsedMs = 0;
  return (line) => {
    const [interval, code, data] = JSON.parse(line) as [number, string, string];
    elapsedMs += Math.round(interval * secondMs);
    return JSON.stringify([elapsedMs / secondMs, code, data]);
  };
}

/** Reading text of a terminal stream: without its colours, and of a line that was written over only what stood there last. */
export function plainText(data: string): string {
  // Only colours pass the runner; agents of others may send more.
  // eslint-disable-next-line no-control-regex
  const bare = data.replaceAll(/\u001B\[[0-9;:?]*[A-Za-z]|[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, "");
  return bare.replaceAll(/\r+\n/g, "\n").replaceAll(/[^\n]*\r(?=[^\n])/g, "");
}
