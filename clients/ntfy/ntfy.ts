import * as z from "zod";
import { minuteMs, secondMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import { callOutside, noAnswer, retryAfter } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";

export type NtfyAction =
  | { readonly action: "view"; readonly label: string; readonly url: string; readonly clear?: boolean }
  | {
      readonly action: "http";
      readonly label: string;
      readonly url: string;
      readonly method?: "POST" | "PUT";
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      /** The notification goes when the call succeeded. */
      readonly clear?: boolean;
    };

/** One notification. Publishing again under the same `sequenceId` replaces it (servers from 2.16 on). */
export interface Notification {
  readonly topic: string;
  readonly sequenceId: string;
  readonly title: string;
  /** Cut at 3,000 bytes; the rest belongs on the page behind `click`. */
  readonly message: string;
  /** 1–5, 3 is usual. */
  readonly priority: number;
  readonly tags: readonly string[];
  readonly click?: string | null;
  /** At most three; more is a fault of ours and refused. */
  readonly actions?: readonly NtfyAction[];
}

export interface Ntfy {
  /** Answers the message's id at the server. */
  publish(notification: Notification): Promise<{ readonly id: string }>;
}

export interface NtfyDeps extends OutsideDeps {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token?: string | undefined;
  /** Default 10 s. */
  readonly timeLimitMs?: number;
}

/** Bytes. ntfy makes an attachment of more than 4,096, and the phone's push carries about as much with the actions. */
const limits = { message: 3_000, title: 250, actions: 3 } as const;
const published = z.object({ id: z.string() });

/** Publishes as JSON to the server's root, which is safe for any character. https://docs.ntfy.sh/publish/#publish-as-json */
export function createNtfy(deps: NtfyDeps): Ntfy {
  const timeLimitMs = deps.timeLimitMs ?? 10 * secondMs;
  return {
    async publish(notification) {
      const headers: Record<string, string> = { "content-type": "application/json" };
      if (deps.token) headers.authorization = `Bearer ${deps.token}`;
      const init = { method: "POST", headers, body: JSON.stringify(renderNotification(notification)) };
      const response = await callOutside("ntfy", deps, `${deps.url}/`, init, timeLimitMs);
      if (!response.ok) {
        await response.body?.cancel();
        throw faultOf(response, deps.now());
      }
      const text = await response.text().catch((cause: unknown) => {
        throw noAnswer("ntfy", deps.url, timeLimitMs, cause);
      });
      const parsed = z.string().transform(jsonOrNull).pipe(published).safeParse(text);
      if (parsed.success) return parsed.data;
      throw new ClientError("ntfy", "the answer is none of ntfy's; check NTFY_URL", { code: "unexpected-answer", retryable: false });
    },
  };
}

/** The body as ntfy takes it: control characters removed, texts cut at a character and not within one. */
export function renderNotification(notification: Notification): Record<string, unknown> {
  const { topic, sequenceId, title, message, priority, tags, click, actions = [] } = notification;
  if (actions.length > limits.actions) {
    throw new ClientError("ntfy", `a notification has at most ${limits.actions} actions`, { code: "invalid", retryable: false });
  }
  return {
    topic,
    sequence_id: sequenceId,
    title: cut(plain(title).replaceAll("\n", " "), limits.title),
    message: cut(plain(message), limits.message),
    priority: Math.min(5, Math.max(1, Math.round(priority))),
    tags,
    ...(click ? { click } : {}),
    ...(actions.length > 0 ? { actions: actions.map((action) => ({ ...action, label: plain(action.label) })) } : {}),
  };
}

/** Without control characters except line breaks, and without characters that turn the reading direction. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- removing them is the purpose
  return text.replace(/\r\n?/g, "\n").replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, "");
}

function cut(text: string, most: number): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength <= most) return text;
  const kept = new TextDecoder().decode(bytes.subarray(0, most - 3)).replace(/\uFFFD+$/, "");
  return `${kept}…`;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema that follows
  }
}

function faultOf(response: Response, now: number): ClientError {
  const { status } = response;
  if (status === 401 || status === 403) {
    return new ClientError("ntfy", `publishing to the topic is not allowed (${status}); check NTFY_TOKEN and the topic's access`, {
      code: "authentication",
      retryable: false,
      status,
    });
  }
  if (status === 429) {
    const retryAt = retryAfter(response.headers, now) ?? now + minuteMs;
    return new ClientError("ntfy", "too many notifications; goes on later (an account's token raises the limit)", {
      code: "rate-limited",
      retryable: true,
      retryAt,
      status,
    });
  }
  if (status === 404)
    return new ClientError("ntfy", "there is no ntfy server at NTFY_URL", { code: "configuration", retryable: false, status });
  if (status === 413) return new ClientError("ntfy", "the notification is too large", { code: "too-large", retryable: false, status });
  if (status >= 500) {
    return new ClientError("ntfy", `unavailable (${status}); tried again later`, {
      code: "unavailable",
      retryable: true,
      status,
      retryAt: retryAfter(response.headers, now),
    });
  }
  return new ClientError("ntfy", `the notification was refused (${status}); check NTFY_TOPIC`, {
    code: "invalid",
    retryable: false,
    status,
  });
}
