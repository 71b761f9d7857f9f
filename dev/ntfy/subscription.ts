import { type NtfyEvent, randomId } from "./message.ts";
import type { Topics } from "./topics.ts";

const KEEPALIVE_MS = 45_000;

export type StreamFormat = "json" | "sse";

function rendered(event: NtfyEvent, format: StreamFormat): string {
  const json = JSON.stringify(event);
  if (format === "json") return `${json}\n`;
  return event.event === "message" ? `data: ${json}\n\n` : `event: ${event.event}\ndata: ${json}\n\n`;
}

const contentType = (format: StreamFormat): string =>
  format === "json" ? "application/x-ndjson; charset=utf-8" : "text/event-stream; charset=utf-8";

/** Cached events and the end: `?poll=1`. */
export function pollAnswer(events: readonly NtfyEvent[], format: StreamFormat): Response {
  return new Response(events.map((event) => rendered(event, format)).join(""), { headers: { "content-type": contentType(format) } });
}

/** An open stream: `open`, the cached events asked for, then each event as it comes, and a `keepalive` every 45 s. */
export function streamAnswer(topics: Topics, names: readonly string[], cached: readonly NtfyEvent[], format: StreamFormat): Response {
  const control = (event: "open" | "keepalive"): NtfyEvent => ({
    id: randomId(12),
    time: Math.floor(Date.now() / 1000),
    event,
    topic: names.join(","),
  });
  let end = (): void => {};
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(stream) {
      const send = (event: NtfyEvent) => stream.enqueue(encoder.encode(rendered(event, format)));
      send(control("open"));
      for (const event of cached) send(event);
      const leave = topics.subscribe(names, send);
      const timer = setInterval(() => send(control("keepalive")), KEEPALIVE_MS);
      timer.unref();
      end = () => {
        clearInterval(timer);
        leave();
      };
    },
    cancel: () => end(),
  });
  return new Response(body, { headers: { "content-type": contentType(format), "cache-control": "no-store" } });
}
