import type { QuestionView } from "../project/views.ts";
import { ok, refused, type Result } from "../result.ts";
import { cleanAnswer } from "./answer-text.ts";

/** Why what a person sent is no answer, said with the item it is about (from 0). */
export interface ReplyFault {
  readonly item: number;
  readonly reason: "empty" | "too-long" | "choice-and-reason" | "unknown-choice" | "no-guess";
}

/** Names of the reply page's fields, per item. */
export const replyFields = {
  choice: (item: number) => `choice-${item}`,
  text: (item: number) => `text-${item}`,
  /** The button that takes the architect's guess for all items. */
  guess: "guess",
} as const;

/**
 * One answer per item from the fields of the reply page: the labels of the choices, then what was written. A choice of the mesh's own
 * questions stands alone; writing a reason there rejects the plan.
 */
export function readReplyForm(question: QuestionView, fields: (name: string) => readonly string[]): Result<readonly string[], ReplyFault> {
  if (fields(replyFields.guess).length > 0) return question.guess ? ok(question.guess.answers) : refused({ item: 0, reason: "no-guess" });
  const answers: string[] = [];
  for (const [item, { options, multiple }] of question.items.entries()) {
    const places = fields(replyFields.choice(item)).slice(0, multiple ? undefined : 1);
    const labels = places.map((place) => (/^\d$/.test(place) ? options[Number(place)]?.label : undefined));
    if (labels.includes(undefined)) return refused({ item, reason: "unknown-choice" });
    const written = cleanAnswer(fields(replyFields.text(item))[0] ?? "");
    if (!written.ok && (written.error === "too-long" || labels.length === 0)) return refused({ item, reason: written.error });
    if (question.purpose !== "session" && written.ok && labels.length > 0 && labels[0]?.toLowerCase() !== "reject")
      return refused({ item, reason: "choice-and-reason" });
    const chosen = question.purpose === "session" || !written.ok ? [labels.join(", ")] : [];
    const answer = [...chosen.filter((text) => text !== ""), ...(written.ok ? [written.value] : [])].join("\n\n");
    const checked = cleanAnswer(answer);
    if (!checked.ok) return refused({ item, reason: checked.error });
    answers.push(answer);
  }
  return ok(answers);
}
