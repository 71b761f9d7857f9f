import { randomInt } from "node:crypto";

/** A button of a notification: https://docs.ntfy.sh/publish/#action-buttons */
export interface NtfyAction {
  id: string;
  action: "view" | "http" | "broadcast" | "copy";
  label: string;
  clear: boolean;
  url?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  intent?: string;
  extras?: Record<string, string>;
  value?: string;
}

/** An event of a topic as subscribers see it: https://docs.ntfy.sh/subscribe/api/#json-message-format. Times are epoch seconds. */
export interface NtfyEvent {
  id: string;
  time: number;
  expires?: number;
  event: "open" | "keepalive" | "message" | "message_clear" | "message_delete";
  topic: string;
  sequence_id?: string;
  title?: string;
  message?: string;
  priority?: number;
  tags?: string[];
  click?: string;
  icon?: string;
  actions?: NtfyAction[];
  attachment?: { name: string; url: string; type?: string; size?: number; expires?: number };
  content_type?: "text/markdown";
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A random id as ntfy makes them: letters and digits. */
export const randomId = (length: number): string => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** The newest message of each sequence, newest first, without those cleared or deleted: what a phone shows. */
export function shownOnPhone(events: readonly NtfyEvent[], dismissed: ReadonlySet<string>): NtfyEvent[] {
  const bySequence = new Map<string, NtfyEvent>();
  for (const event of events) {
    const key = event.sequence_id ?? event.id;
    bySequence.delete(key);
    if (event.event === "message" && !dismissed.has(event.id)) bySequence.set(key, event);
  }
  return [...bySequence.values()].reverse();
}
