import { batch, effect, useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, type ApiFailure, type Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { eventKey, lookFrom, merged, unseen, type ListedEvent } from "./event-tail.ts";
import { keepLooking } from "./keep-looking.ts";
import { projects, regained } from "./mesh-store.ts";
import { behindNow, type Freshness } from "./read-model-notice.ts";
import { useAsked, type Answer } from "./use-answer.ts";

/** Events page by page, newest first, and those that come. */
export interface Events extends Omit<Answer<Listed<ListedEvent>>, "show"> {
  readonly busy: ReadonlySignal<boolean>;
  /** Why the page after what is shown did not come. */
  readonly refused: ReadonlySignal<ApiFailure | undefined>;
  readonly more: () => Promise<void>;
  /** Have come, and wait so as not to move what is read. */
  readonly held: ReadonlySignal<readonly ListedEvent[]>;
  readonly showHeld: () => void;
}

interface Tail {
  readonly on: boolean;
  /** Whether what comes may be shown at once. */
  readonly mayShow: () => boolean;
}

const pageSize = 100;
const mostAtOnce = 200;
/** More pages than these are not walked through: the list begins anew with them. */
const mostPages = 50;

/**
 * Lists what `GET /events` has with `query`. With the tail on, the live socket says when to look for more, and it is looked until the
 * read model has all that the socket has told of.
 */
export function useEvents(query: Readonly<Record<string, string>>, { on, mayShow }: Tail): Events {
  const busy = useSignal(false);
  const refused = useSignal<ApiFailure | undefined>(undefined);
  const held = useSignal<readonly ListedEvent[]>([]);
  const base = new URLSearchParams(query).toString();
  const ask = (more: Readonly<Record<string, string>>) =>
    get<Listed<ListedEvent>>(`/events?${new URLSearchParams({ ...query, ...more }).toString()}`);
  const answer: Answer<Listed<ListedEvent>> = useAsked<Listed<ListedEvent>>(base, 0, async () => {
    const first = await ask({ limit: String(pageSize) });
    const shown = answer.value.peek();
    // Asked again after a break, what is shown stays; what was missed is the tail's to look for.
    return first.ok && shown ? { ok: true, value: shown } : first;
  });
  const latest = useRef(mayShow);
  latest.current = mayShow;

  function showHeld(): void {
    const shown = answer.value.peek();
    if (held.peek().length === 0 || !shown) return;
    batch(() => {
      answer.show({ ...shown, items: merged(shown.items, held.peek()) });
      held.value = [];
    });
  }

  async function more(): Promise<void> {
    const shown = answer.value.peek();
    if (busy.peek() || !shown || shown.cursor === null) return;
    busy.value = true;
    const next = await ask({ limit: String(mostAtOnce), cursor: String(shown.cursor) });
    busy.value = false;
    const now = answer.value.peek();
    // Another list has come meanwhile: what follows the old one would not follow it. New events at the top do no harm.
    if (now?.cursor !== shown.cursor) return;
    refused.value = next.ok ? undefined : next.error;
    if (next.ok) answer.show({ items: merged(now.items, next.value.items), cursor: next.value.cursor });
  }

  /** Walks from the top until a page has nothing new or, with `whole`, to the end of the time that may have something. */
  async function look(from: number, whole: boolean, isCurrent: () => boolean): Promise<boolean> {
    const before = answer.value.peek();
    if (!before) return false;
    const known = new Set([...before.items, ...held.peek()].map(eventKey));
    const end = before.cursor === null ? undefined : before.items.at(-1);
    const since: Record<string, string> = from > 0 ? { since: String(from) } : {};
    const fresh: ListedEvent[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < mostPages; pages += 1) {
      const page: Awaited<ReturnType<typeof ask>> = await ask({
        limit: String(mostAtOnce),
        ...since,
        ...(cursor === null ? {} : { cursor }),
      });
      if (!page.ok || !isCurrent()) return false;
      const found = unseen(page.value.items, known, end);
      fresh.push(...found);
      cursor = page.value.cursor === null ? null : String(page.value.cursor);
      if (cursor === null || (found.length === 0 && !whole)) break;
      if (pages === mostPages - 1 && found.length > 0) {
        batch(() => {
          answer.show({ items: merged([], fresh), cursor });
          held.value = [];
        });
        return false;
      }
    }
    batch(() => {
      held.value = merged(held.peek(), fresh);
      if (latest.current()) showHeld();
    });
    return true;
  }

  const ready = answer.value.value !== undefined;
  useEffect(() => {
    held.value = [];
    refused.value = undefined;
  }, [base]);
  useEffect(() => {
    if (!on || !ready) return undefined;
    let ended = false;
    let from = boundOf(query["since"]);
    const looks = keepLooking({
      hasAll,
      hidden: () => document.hidden,
      async look(whole) {
        const top = () => [...held.peek().slice(0, 1), ...(answer.value.peek()?.items ?? [])];
        const since = (settled: boolean) => lookFrom(top(), (answer.value.peek()?.cursor ?? null) !== null, settled, from);
        const ok = await look(since(false), whole, () => !ended);
        if (ok && whole) from = since(true);
        return ok;
      },
    });
    const unfollow = effect(() => {
      void changes.any.value;
      void regained.value;
      looks.kick();
    });
    document.addEventListener("visibilitychange", looks.kick);
    return () => {
      ended = true;
      looks.end();
      unfollow();
      document.removeEventListener("visibilitychange", looks.kick);
    };
  }, [base, on, ready]);
  return { value: answer.value, failure: answer.failure, again: answer.again, busy, refused, more, held, showHeld };
}

function boundOf(since: string | undefined): number {
  if (since === undefined) return 0;
  return /^\d+$/.test(since) ? Number(since) : Date.parse(since);
}

/** Whether the read model has come as far as the socket has told of. */
async function hasAll(): Promise<boolean> {
  const live = projects.peek() ?? [];
  const freshness = await get<Freshness>("/read-model");
  return freshness.ok && behindNow(freshness.value, live, new Map(), 0).size === 0;
}
