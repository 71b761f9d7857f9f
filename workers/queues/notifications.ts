import type { Notification, NtfyAction } from "../../clients/ntfy/ntfy.ts";
import type { Effect } from "../../core/effects.ts";
import type { QuestionId } from "../../core/ids.ts";
import type { QuestionPurpose } from "../../core/lifecycle/state.ts";
import type { Policy } from "../../core/policy.ts";
import { dayMs } from "../../core/time.ts";
import type { Moment } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { createReplyToken } from "../../platform/reply-token.ts";
import type { Clients } from "../clients.ts";

type Notice = Extract<Effect, { kind: "notify" | "ask-human" | "settle-notice" }>;
type Recipient = Policy["notify"]["topics"][number];

/** What clients have to do with notifications. */
export type NoticeClients = Pick<Clients, "topic" | "topicsAreGuarded" | "signingKeys" | "publicUrl" | "dashboardUrl">;

const priorities = { answered: 2, applied: 2, withdrawn: 3 } as const;
const tags = { answered: ["speech_balloon"], applied: ["white_check_mark"], withdrawn: ["no_entry_sign"] } as const;
/** Of an effect that was queued before it said so itself. */
const linkForMs = 30 * dayMs;
const longestLabel = 60;

/** One notification per person, each with links and buttons of their own, so that it is known who answered. */
export function notificationsOf(effect: Notice, policy: Policy, clients: NoticeClients): Promise<readonly Notification[]> {
  const { topics } = policy.notify;
  const people = topics.length > 0 ? topics : [{ person: "phone", topic: clients.topic }];
  return Promise.all(people.map((person) => notificationFor(person, effect, clients)));
}

async function notificationFor(to: Recipient, effect: Notice, clients: NoticeClients): Promise<Notification> {
  const { topic } = to;
  switch (effect.kind) {
    case "notify": {
      const { title, message, priority, click } = effect;
      return { topic, sequenceId: sequenceOf(effect.sequenceId), title, message, priority, tags: effect.tags, click };
    }
    case "ask-human": {
      const until = effect.until ?? now() + linkForMs;
      const page = await pageOf(to, effect.question, effect.purpose ?? "session", until, clients);
      const taps = mayTap(effect.purpose ?? "session", clients) ? await tapsOf(to, effect, until, clients) : [];
      const actions: NtfyAction[] = [...taps, { action: "view", label: "Answer…", url: page }];
      const { title, message } = effect;
      return { topic, sequenceId: sequenceOf(effect.question), title, message, priority: 4, tags: ["question"], click: page, actions };
    }
    case "settle-notice": {
      const { question, purpose, state, title, text, until } = effect;
      const click = await pageOf(to, question, purpose, until, clients);
      return { topic, sequenceId: sequenceOf(question), title, message: text, priority: priorities[state], tags: tags[state], click };
    }
  }
}

/** What a session asks may be answered by whoever was sent the link; plans, spend and merges only when nobody else can have read it. */
function mayTap(purpose: QuestionPurpose, { topicsAreGuarded }: NoticeClients): boolean {
  return purpose === "session" || topicsAreGuarded;
}

/** The page that needs no login, or else the one behind it. */
async function pageOf(
  { person }: Recipient,
  question: QuestionId,
  purpose: QuestionPurpose,
  expiresAt: Moment,
  clients: NoticeClients,
): Promise<string> {
  if (!mayTap(purpose, clients)) return `${clients.dashboardUrl}/questions/${encodeURIComponent(question)}`;
  return `${clients.publicUrl}/r/${await createReplyToken(clients.signingKeys, { purpose: "page", question, recipient: person, expiresAt })}`;
}

function tapsOf(
  { person }: Recipient,
  { question, choices, taps = [] }: Extract<Effect, { kind: "ask-human" }>,
  expiresAt: Moment,
  { publicUrl, signingKeys }: NoticeClients,
): Promise<readonly NtfyAction[]> {
  return Promise.all(
    taps.slice(0, 2).flatMap((choice) => {
      const label = choices[choice];
      return label === undefined ? [] : [tapOf(choice, label)];
    }),
  );

  async function tapOf(choice: number, label: string): Promise<NtfyAction> {
    const token = await createReplyToken(signingKeys, { purpose: "choice", question, choice, recipient: person, expiresAt });
    const headers = { "content-type": "application/json" };
    const shown = label.length > longestLabel ? `${label.slice(0, longestLabel - 1).replace(/[\uD800-\uDBFF]$/, "")}…` : label;
    return {
      action: "http",
      label: shown,
      url: `${publicUrl}/ntfy-reply`,
      method: "POST",
      headers,
      body: JSON.stringify({ token }),
      clear: true,
    };
  }
}

/** An id as ntfy takes sequence ids: 1–64 characters of `A-Z a-z 0-9 _ -`. https://docs.ntfy.sh/publish/#updating-deleting-notifications */
function sequenceOf(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, "-").slice(-64);
}
