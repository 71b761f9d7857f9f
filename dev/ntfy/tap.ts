import type { NtfyEvent } from "./message.ts";

/** What came of a tap on an action button. */
export interface TapResult {
  label: string;
  ok: boolean;
  /** Of an http action: the status and the beginning of the answer. */
  status?: number;
  answer?: string;
  /** Of a view action: the page to open. */
  url?: string;
  /** Of a copy action: the text put in the clipboard. */
  value?: string;
  /** The notification is gone from the phone. */
  cleared: boolean;
}

const ANSWER_CHARS = 500;
const ANSWER_TIMEOUT_MS = 30_000;

/**
 * Does what the phone does when a button is tapped, or undefined when the message has no such action: an http action sends the
 * request as specified (POST unless told) and with `clear` dismisses the notification when the answer is 2xx.
 * `action` is the action's id or its label.
 */
export async function tap(message: NtfyEvent, action: string): Promise<TapResult | undefined> {
  const tapped = message.actions?.find((a) => a.id === action || a.label === action);
  if (!tapped) return undefined;
  if (tapped.action === "view") return { label: tapped.label, ok: true, url: tapped.url ?? "", cleared: tapped.clear };
  if (tapped.action === "copy") return { label: tapped.label, ok: true, value: tapped.value ?? "", cleared: tapped.clear };
  if (tapped.action === "broadcast") return { label: tapped.label, ok: true, cleared: tapped.clear };
  try {
    const response = await fetch(tapped.url ?? "", {
      method: tapped.method ?? "POST",
      headers: tapped.headers ?? {},
      ...(tapped.body ? { body: tapped.body } : {}),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const answer = (await response.text()).slice(0, ANSWER_CHARS);
    return { label: tapped.label, ok: response.ok, status: response.status, answer, cleared: tapped.clear && response.ok };
  } catch (error) {
    return { label: tapped.label, ok: false, answer: error instanceof Error ? error.message : String(error), cleared: false };
  }
}
