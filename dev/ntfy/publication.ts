import { z } from "zod";
import { checkedActions, givenActionSchema, parseActionsHeader } from "./actions.ts";
import { type NtfyEvent, randomId } from "./message.ts";
import { NtfyError } from "./ntfy-error.ts";

const NAME = /^[-_A-Za-z0-9]{1,64}$/;
const MESSAGE_BYTES = 4096;
const ATTACHMENT_BYTES = 15 * 1024 * 1024;
const CACHE_SECONDS = 12 * 3600;
const ATTACHMENT_SECONDS = 3 * 3600;
const PRIORITIES: Record<string, number> = {
  "1": 1,
  min: 1,
  "2": 2,
  low: 2,
  "3": 3,
  default: 3,
  "4": 4,
  high: 4,
  "5": 5,
  max: 5,
  urgent: 5,
};

const jsonBodySchema = z.object({
  topic: z.string(),
  title: z.string().optional(),
  message: z.string().optional(),
  tags: z.array(z.string()).optional(),
  priority: z.int().optional(),
  click: z.string().optional(),
  actions: z.array(givenActionSchema).optional(),
  attach: z.string().optional(),
  filename: z.string().optional(),
  icon: z.string().optional(),
  markdown: z.boolean().optional(),
  delay: z.string().optional(),
  sequence_id: z.string().optional(),
});

/** What a publisher wants, from JSON or from headers. */
export type Publication = z.infer<typeof jsonBodySchema>;

export function checkTopic(topic: string): string {
  if (!NAME.test(topic)) throw new NtfyError("topic-invalid");
  return topic;
}

export function checkSequenceId(id: string): string {
  if (!NAME.test(id)) throw new NtfyError("sequence-id-invalid");
  return id;
}

/** The JSON body posted to the server's root; twice the message size at most. */
export function parseJsonPublication(text: string): Publication {
  if (Buffer.byteLength(text) > MESSAGE_BYTES * 2) throw new NtfyError("json-too-large");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new NtfyError("json-invalid");
  }
  const parsed = jsonBodySchema.safeParse(json);
  if (!parsed.success) throw new NtfyError("json-invalid");
  checkTopic(parsed.data.topic);
  return parsed.data;
}

/** `PUT|POST /<topic>` with headers or query parameters, under any of the names ntfy knows. */
export function parseHeaderPublication(topic: string, body: string, lookup: (name: string) => string | undefined): Publication {
  const given = (...names: string[]) => names.map(lookup).find((value) => value !== undefined && value !== "");
  const priority = given("x-priority", "priority", "prio", "p");
  const actions = given("x-actions", "actions", "action");
  const level = priority === undefined ? undefined : PRIORITIES[priority.toLowerCase()];
  if (priority !== undefined && level === undefined) throw new NtfyError("priority-invalid");
  const yes = (value: string | undefined) => ["1", "yes", "true"].includes(value?.toLowerCase() ?? "");
  return {
    topic: checkTopic(topic),
    message: body !== "" ? body : given("x-message", "message", "m"),
    title: given("x-title", "title", "t"),
    tags: given("x-tags", "tags", "tag", "ta")
      ?.split(",")
      .map((tag) => tag.trim()),
    priority: level,
    click: given("x-click", "click"),
    actions: actions === undefined ? undefined : parseActionsHeader(actions),
    attach: given("x-attach", "attach", "a"),
    filename: given("x-filename", "filename", "file", "f"),
    icon: given("x-icon", "icon"),
    markdown: yes(given("x-markdown", "markdown", "md")) || given("content-type") === "text/markdown",
    delay: given("x-delay", "delay", "x-at", "at", "x-in", "in"),
    sequence_id: given("x-sequence-id", "sequence-id", "sid"),
  };
}

const UNIT_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A length like `10m`, `2h`, `3 days` in seconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+)\s*(s|m|h|d)[a-z]*$/i.exec(text.trim());
  return match ? Number(match[1]) * (UNIT_SECONDS[(match[2] ?? "").toLowerCase()] ?? 0) : undefined;
}

/** When a delayed message is due, epoch seconds; between 10 seconds and 3 days ahead. */
function dueTime(delay: string, now: number): number {
  const length = parseDuration(delay);
  const due = length !== undefined ? now + length : /^\d+$/.test(delay) ? Number(delay) : undefined;
  if (due === undefined) throw new NtfyError("delay-unparsable");
  if (due < now + 10) throw new NtfyError("delay-too-small");
  if (due > now + 3 * 86_400) throw new NtfyError("delay-too-large");
  return due;
}

/** A text too long for a message, kept as a file. */
export interface Attachment {
  id: string;
  text: string;
}

/**
 * The event a publication becomes, or a refusal ({@link NtfyError}). A message above 4,096 bytes becomes an attachment, as on the
 * real server. `now` is epoch seconds.
 */
export function createMessage(p: Publication, now: number, baseUrl: string): { event: NtfyEvent; attachment?: Attachment } {
  if (p.priority !== undefined && p.priority !== 0 && (p.priority < 1 || p.priority > 5)) throw new NtfyError("priority-invalid");
  if (p.attach && !/^https?:\/\//.test(p.attach)) throw new NtfyError("attach-url-invalid");
  if (p.icon && !/^https?:\/\//.test(p.icon)) throw new NtfyError("icon-url-invalid");
  const sequence = p.sequence_id ? checkSequenceId(p.sequence_id) : undefined;
  const actions = p.actions && p.actions.length > 0 ? checkedActions(p.actions) : undefined;
  const time = p.delay ? dueTime(p.delay, now) : now;
  const event: NtfyEvent = {
    id: randomId(12),
    time,
    expires: time + CACHE_SECONDS,
    event: "message",
    topic: p.topic,
    message: p.message === undefined || p.message.trim() === "" ? "triggered" : p.message,
    ...(sequence ? { sequence_id: sequence } : {}),
    ...(p.title ? { title: p.title } : {}),
    ...(p.priority && p.priority !== 3 ? { priority: p.priority } : {}),
    ...(p.tags && p.tags.length > 0 ? { tags: p.tags } : {}),
    ...(p.click ? { click: p.click } : {}),
    ...(p.icon ? { icon: p.icon } : {}),
    ...(p.markdown ? { content_type: "text/markdown" as const } : {}),
    ...(actions ? { actions } : {}),
  };
  if (p.attach) {
    const name = p.filename ?? p.attach.split("/").at(-1) ?? "attachment";
    return { event: { ...event, attachment: { name, url: p.attach } } };
  }
  const size = Buffer.byteLength(p.message ?? "");
  if (size > ATTACHMENT_BYTES) throw new NtfyError("attachment-too-large");
  if (size <= MESSAGE_BYTES) return { event };
  const name = p.filename ?? "attachment.txt";
  const url = `${baseUrl}/file/${event.id}.txt`;
  return {
    event: {
      ...event,
      message: `You received a file: ${name}`,
      attachment: { name, url, type: "text/plain; charset=utf-8", size, expires: now + ATTACHMENT_SECONDS },
    },
    attachment: { id: event.id, text: p.message ?? "" },
  };
}
