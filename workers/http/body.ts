import { refused, ok } from "../../core/result.ts";
import type { Result } from "../../core/result.ts";

/**
 * A request's bytes, at most `limit`. A longer body is refused without being read to its end: by its announced length at once,
 * otherwise when the count passes the limit, and the rest is cancelled.
 */
export async function readBody(request: Request, limit: number): Promise<Result<Uint8Array, "too-large">> {
  const announced = request.headers.get("content-length");
  if (announced !== null && Number(announced) > limit) {
    await request.body?.cancel();
    return refused("too-large");
  }
  if (request.body === null) return ok(new Uint8Array());
  // HTTP ends a body at its announced length, so this one is within the limit and can be read in one step.
  if (announced !== null) return within(new Uint8Array(await request.arrayBuffer()), limit);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(joined(chunks, size));
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      return refused("too-large");
    }
    chunks.push(value);
  }
}

function within(bytes: Uint8Array, limit: number): Result<Uint8Array, "too-large"> {
  return bytes.byteLength > limit ? refused("too-large") : ok(bytes);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first) return first;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

/** The text of bytes, or undefined when they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A JSON text's value, or undefined when it is none. */
export function parseJson(text: string | undefined): { readonly value: unknown } | undefined {
  if (text === undefined) return undefined;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
