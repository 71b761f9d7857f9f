import type { Context } from "hono";
import { z } from "zod";
import { type Access, checkAccess } from "./access.ts";
import type { NtfyEvent } from "./message.ts";
import { NtfyError } from "./ntfy-error.ts";
import { renderPhonePage } from "./phone-page.ts";
import {
  checkSequenceId,
  checkTopic,
  createMessage,
  parseHeaderPublication,
  parseJsonPublication,
  type Publication,
} from "./publication.ts";
import { createStandInApp, listen, StandInControl, type StandInEnv } from "../stand-in/stand-in.ts";
import { pollAnswer, type StreamFormat, streamAnswer } from "./subscription.ts";
import { tap, type TapResult } from "./tap.ts";
import { Topics } from "./topics.ts";

export interface NtfyOptions extends Access {
  port?: number;
}

export interface Ntfy {
  url: string;
  port: number;
  /** Every event of the topic, oldest first. */
  events(topic: string): NtfyEvent[];
  /** The newest message of each sequence that a phone would show, newest first. */
  shown(topic: string): NtfyEvent[];
  /** Taps a button by the action's id or label; rejects when there is no such message or action. */
  tap(topic: string, messageId: string, action: string): Promise<TapResult>;
  /** Calls back for each event of the topic from now on; returns what ends it. */
  subscribe(topic: string, seen: (event: NtfyEvent) => void): () => void;
  setDown(down: boolean): void;
  close(): Promise<void>;
}

const tapSchema = z.object({ topic: z.string(), id: z.string(), action: z.string() });

/**
 * An ntfy server in memory (https://docs.ntfy.sh/publish/, https://docs.ntfy.sh/subscribe/api/): publish, poll and follow topics, update,
 * clear and delete by sequence id, and a page at `GET /<topic>` that shows notifications as a phone does. `POST /__tap {topic, id, action}`
 * taps a button; `GET /__state` tells all events and what is shown.
 */
export async function startNtfy(options: NtfyOptions = {}): Promise<Ntfy> {
  const control = new StandInControl();
  const topics = new Topics();
  const app = createStandInApp(control);
  let baseUrl = "";

  app.onError((error, c) => {
    if (error instanceof NtfyError) return c.json(error.json, error.status);
    return c.json({ code: 50001, http: 500, error: "internal server error" }, 500);
  });
  app.notFound((c) => c.json(new NtfyError("not-found").json, 404));
  app.use(async (c, next) => {
    await next();
    c.res.headers.set("access-control-allow-origin", "*");
  });

  const publish = (c: Context<StandInEnv>, publication: Publication): Response => {
    checkAccess(c, options, [publication.topic]);
    const { event, attachment } = createMessage(publication, Math.floor(Date.now() / 1000), baseUrl);
    topics.publish(event, attachment);
    c.get("note").topic = event.topic;
    return c.json(event);
  };
  const withHeaders = async (c: Context<StandInEnv>, sequence?: string): Promise<Response> => {
    const lookup = (name: string) => c.req.header(name) ?? c.req.query(name);
    const publication = parseHeaderPublication(c.req.param("topic") ?? "", await c.req.text(), lookup);
    return publish(c, sequence === undefined ? publication : { ...publication, sequence_id: checkSequenceId(sequence) });
  };
  const withdraw = (c: Context<StandInEnv>, kind: "message_clear" | "message_delete"): Response => {
    const topic = checkTopic(c.req.param("topic") ?? "");
    checkAccess(c, options, [topic]);
    return c.json(topics.withdraw(topic, checkSequenceId(c.req.param("sequence") ?? ""), kind));
  };
  const follow = (format: StreamFormat) => (c: Context<StandInEnv>) => {
    const names = (c.req.param("topic") ?? "").split(",").map(checkTopic);
    checkAccess(c, options, names);
    const polls = ["1", "yes", "true"].includes(c.req.query("poll") ?? "");
    const cached = topics.since(names, c.req.query("since") ?? (polls ? "all" : "none"), c.req.query("sched") === "1");
    return polls ? pollAnswer(cached, format) : streamAnswer(topics, names, cached, format);
  };
  const tapped = async (topic: string, id: string, action: string): Promise<TapResult | undefined> => {
    const message = topics.events(topic).find((event) => event.id === id);
    const result = message && (await tap(message, action));
    if (result?.cleared) topics.dismiss(id);
    return result;
  };

  app.get("/__state", (c) => {
    const state = topics.names().map((topic) => [topic, { events: topics.events(topic), shown: topics.shown(topic) }]);
    return c.json({ topics: Object.fromEntries(state) });
  });
  app.post("/__tap", async (c) => {
    const asked = tapSchema.safeParse(await c.req.json().catch(() => undefined));
    if (!asked.success) return c.text(z.prettifyError(asked.error), 400);
    const result = await tapped(asked.data.topic, asked.data.id, asked.data.action);
    return result ? c.json(result) : c.text("no such message or action", 404);
  });
  app.get("/", (c) => c.text(`topics: ${topics.names().join(", ")}`));
  app.get("/v1/health", (c) => c.json({ healthy: true }));
  app.get("/file/:name", (c) => {
    const text = topics.file(c.req.param("name").replace(/\.txt$/, ""));
    return text === undefined ? c.notFound() : c.text(text);
  });
  app.on(["POST", "PUT"], "/", async (c) => publish(c, parseJsonPublication(await c.req.text())));
  app.get("/:topic/json", follow("json"));
  app.get("/:topic/sse", follow("sse"));
  app.on(["GET", "POST", "PUT"], ["/:topic/publish", "/:topic/send", "/:topic/trigger"], (c) => withHeaders(c));
  app.on(["PUT", "POST"], ["/:topic/:sequence/clear", "/:topic/:sequence/read"], (c) => withdraw(c, "message_clear"));
  app.delete("/:topic/:sequence", (c) => withdraw(c, "message_delete"));
  app.on(["PUT", "POST"], "/:topic/:sequence", (c) => withHeaders(c, c.req.param("sequence")));
  app.on(["PUT", "POST"], "/:topic", (c) => withHeaders(c));
  app.get("/:topic", (c) => {
    const topic = checkTopic(c.req.param("topic"));
    return c.html(renderPhonePage(topic, topics.shown(topic)));
  });

  const listening = await listen(app, options.port);
  baseUrl = listening.url;
  return {
    url: listening.url,
    port: listening.port,
    events: (topic) => topics.events(topic),
    shown: (topic) => topics.shown(topic),
    tap: async (topic, id, action) => {
      const result = await tapped(topic, id, action);
      if (!result) throw new Error(`no message ${id} with action ${action} in topic ${topic}`);
      return result;
    },
    subscribe: (topic, seen) => topics.subscribe([topic], seen),
    setDown: (down) => control.setDown(down),
    close: async () => {
      topics.close();
      await listening.close();
    },
  };
}
