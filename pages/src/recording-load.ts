/** A recording, as much of it as is played. */
export interface LoadedRecording {
  /** Whole lines. */
  readonly cast: string;
  /** Whether there is more than that. */
  readonly isCut: boolean;
}

/**
 * The player holds a recording whole and several times over, and a phone's browser ends pages that take too much: of what is longer only the beginning is
 * played.
 */
export const mostPlayedBytes = 24 * 1_048_576;

/** Reads a recording as it comes, and no more than is played. `onProgress` is told how many bytes have come. */
export async function readRecording(
  body: ReadableStream<Uint8Array>,
  onProgress: (bytes: number) => void,
  mostBytes = mostPlayedBytes,
): Promise<LoadedRecording> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const texts: string[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { cast: texts.join("") + decoder.decode(), isCut: false };
    const taken = value.subarray(0, mostBytes - bytes);
    bytes += taken.length;
    texts.push(decoder.decode(taken, { stream: true }));
    onProgress(bytes);
    if (taken.length === value.length) continue;
    await reader.cancel();
    const text = texts.join("");
    return { cast: text.slice(0, text.lastIndexOf("\n") + 1), isCut: true };
  }
}
