import type { JournalEvent } from "../../core/events.ts";

/** The read model's events as a test plays them: `GET /events` by filters, time and cursor, as the API answers. */
export interface MadeUpEvents {
  readonly all: JournalEvent[];
  answer(asked: { readonly query: URLSearchParams }): { items: unknown[]; cursor: string | null };
}

export function madeUpEvents(names: Readonly<Record<string, string>>): MadeUpEvents {
  const all: JournalEvent[] = [];
  return {
    all,
    answer({ query }) {
      const of = (name: string) => query.get(name);
      const wanted = ({ project, type, agent, task, trace, issue, at }: JournalEvent) =>
        (of("project") === null || of("project") === project || of("project") === names[project]) &&
        (of("type") ?? type) === type &&
        !(of("without") ?? "").split(",").includes(type) &&
        (of("agent") ?? agent) === agent &&
        (of("task") ?? task) === task &&
        (of("trace") ?? trace) === trace &&
        (of("issue") ?? String(issue)) === String(issue) &&
        at >= moment(of("since"), 0) &&
        at < moment(of("until"), Infinity);
      const [atText, , seqText] = (of("cursor") ?? "").split("~");
      const isAfter = ({ at, seq }: JournalEvent) =>
        of("cursor") === null || at < Number(atText) || (at === Number(atText) && seq < Number(seqText));
      const limit = Number(of("limit") ?? 50);
      const found = all
        .filter((event) => wanted(event) && isAfter(event))
        .toSorted((one, other) => other.at - one.at || other.seq - one.seq);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map((event) => ({ issue: null, run: null, task: null, agent: null, ...event })),
        cursor: found.length > limit && last ? `${last.at}~${last.project}~${last.seq}` : null,
      };
    },
  };
}

function moment(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}
