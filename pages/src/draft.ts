import type { QuestionItem } from "../../core/protocol/frames.ts";
import type { QuestionView } from "../../core/project/views.ts";

/** What a person has put down for one item of a question, not sent yet. */
export interface ItemDraft {
  /** Places of the chosen options; at most one unless several may be chosen. */
  readonly chosen: readonly number[];
  readonly own: string;
  /** Whether the own words count; they are kept when a choice is taken instead. */
  readonly useOwn: boolean;
}

const nothing: ItemDraft = { chosen: [], own: "", useOwn: false };

export function emptyDraft(items: readonly QuestionItem[]): readonly ItemDraft[] {
  return items.map(() => nothing);
}

/** Takes an option, or gives it back where several may be chosen. */
export function pick(draft: ItemDraft, option: number, multiple: boolean): ItemDraft {
  if (!multiple) return { ...draft, chosen: [option], useOwn: false };
  const chosen = draft.chosen.includes(option) ? draft.chosen.filter((other) => other !== option) : [...draft.chosen, option];
  return { ...draft, chosen };
}

/** Takes or gives back the own words; a single choice gives way to them. */
export function pickOwn(draft: ItemDraft, useOwn: boolean, multiple: boolean): ItemDraft {
  return { ...draft, useOwn, chosen: multiple ? draft.chosen : [] };
}

/** Writing is choosing the own words; with nothing left they count no longer. */
export function write(draft: ItemDraft, own: string, multiple: boolean): ItemDraft {
  return { ...pickOwn(draft, own !== "", multiple), own };
}

/** One text per item, several choices joined by a comma; undefined while an item has none. */
export function answersOf(items: readonly QuestionItem[], drafts: readonly ItemDraft[]): readonly string[] | undefined {
  const answers = items.map((item, place) => {
    const { chosen, own, useOwn } = drafts[place] ?? nothing;
    const labels = item.options.filter((_, option) => chosen.includes(option)).map(({ label }) => label);
    return [...labels, ...(useOwn ? [own.trim()] : [])].filter((text) => text !== "").join(", ");
  });
  return answers.every((answer) => answer !== "") ? answers : undefined;
}

/** The architect's guess as if a person had put it down. */
export function guessed(items: readonly QuestionItem[], guess: readonly string[]): readonly ItemDraft[] {
  return items.map((item, place) => {
    const text = guess[place] ?? "";
    const named = item.multiple ? text.split(", ") : [text];
    const chosen = named.map((label) => item.options.findIndex((option) => option.label.toLowerCase() === label.trim().toLowerCase()));
    return chosen.includes(-1) ? write(nothing, text, item.multiple) : { ...nothing, chosen };
  });
}

/** Whether the mesh takes free text: sessions do, and a plan is rejected with it; other decisions are among their choices. */
export function takesOwnWords({ purpose, items }: Pick<QuestionView, "purpose" | "items">): boolean {
  return purpose === "session" || purpose === "plan-approval" || items.every(({ options }) => options.length === 0);
}
