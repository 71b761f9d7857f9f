import { signal } from "@preact/signals";
import type { ProjectKey, QuestionId } from "../../core/ids.ts";
import type { QuestionView } from "../../core/project/views.ts";
import { newKey, post, type ApiResult } from "./api.ts";
import { answersOf, emptyDraft, type ItemDraft } from "./draft.ts";
import { projects, refetch } from "./mesh-store.ts";
import { isOpen, liveQuestions } from "./question-list.ts";

/** Where a person's answer to one question stands. */
export interface Answering {
  readonly draft: readonly ItemDraft[];
  readonly state: "writing" | "sending" | "accepted" | "too-late";
  /** Why it was not taken, in words. */
  readonly refusal?: string;
}

/** Everything a person has begun to answer; it outlives a change of page, and keeps its question in sight when that is settled. */
export const answering = signal<ReadonlyMap<QuestionId, Answering>>(new Map());

/** The same answer sent again after a lost reply is the same answer. */
const keys = new Map<string, string>();

export function answeringOf(question: QuestionView): Answering {
  return answering.value.get(question.id) ?? { draft: emptyDraft(question.items), state: "writing" };
}

export function redraft(question: QuestionView, draft: readonly ItemDraft[]): void {
  set(question.id, { draft, state: "writing" });
}

/** Sends what was put down, and fetches what came of it. */
export async function send(question: QuestionView, project: ProjectKey): Promise<void> {
  const { draft, state } = answeringOf(question);
  if (state === "sending") return;
  const answers = answersOf(question.items, draft);
  if (!answers) {
    const refusal = question.items.length === 1 ? "There is no answer yet." : "Each of the questions needs an answer.";
    return set(question.id, { draft, state: "writing", refusal });
  }
  set(question.id, { draft, state: "sending" });
  const body = { answers };
  const meant = `${question.id} ${JSON.stringify(body)}`;
  const key = keys.get(meant) ?? newKey();
  keys.set(meant, key);
  const answer = await post<Reply>(`/questions/${encodeURIComponent(question.id)}/answer`, body, key);
  set(question.id, { draft, ...cameOf(answer) });
  await refetch(project);
}

/** Lets go of everything that is settled; what is being written to open questions stays. */
export function forgetSettled(): void {
  const open = new Set(liveQuestions(projects.value ?? []).flatMap(({ question }) => (isOpen(question) ? question.id : [])));
  answering.value = new Map([...answering.value].filter(([id, { state }]) => open.has(id) && (state === "writing" || state === "sending")));
}

interface Reply {
  readonly status: string;
  readonly answered?: string | null;
}

function cameOf(answer: ApiResult<Reply>): Omit<Answering, "draft"> {
  if (answer.ok) {
    if (answer.value.status !== "already-answered") return { state: "accepted" };
    const before = answer.value.answered;
    return { state: "too-late", refusal: `It was answered already${before ? ` with “${before}”` : ""}. Yours is kept as a late answer.` };
  }
  const { reason, detail } = answer.error;
  if (reason === "withdrawn") return { state: "too-late", refusal: "It was withdrawn: nobody waits for an answer any more." };
  if (reason === "not-a-choice") return { state: "writing", refusal: "That is none of the choices; this question takes no other answer." };
  return { state: "writing", refusal: detail };
}

function set(id: QuestionId, entry: Answering): void {
  answering.value = new Map(answering.value).set(id, entry);
}
