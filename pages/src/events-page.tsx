import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { EmptyState } from "./empty-state.tsx";
import { EventFilterForm } from "./event-filter-form.tsx";
import { eventQuery, eventsAddress, everyEvent, parseEventFilter, type EventFilter } from "./event-filter.ts";
import { EventItem } from "./event-row.tsx";
import { eventKey, type ListedEvent } from "./event-tail.ts";
import { liveState, notice, projects } from "./mesh-store.ts";
import { goTo, parseQuery, placeQuery } from "./place.ts";
import { Refusal } from "./refusal.tsx";
import { Standing } from "./standing.tsx";
import { useEvents, type Events } from "./use-events.ts";
import { WindowedList } from "./windowed-list.tsx";

const rowPx = 64;

/** Everything that has happened, newest first, and what happens. */
export function EventsPage(): JSX.Element {
  const address = placeQuery.value.toString();
  const filter = useMemo(() => parseEventFilter(new URLSearchParams(address)), [address]);
  // What has an end has no tail.
  const tail = placeQuery.value.get("tail") !== "off";
  const follows = tail && filter.until === "";
  const query = useMemo(() => eventQuery(filter, Date.now()), [JSON.stringify(filter)]);
  const opened = useSignal<ReadonlySet<string>>(new Set());
  const list = useRef<HTMLDivElement>(null);
  const mayShow = () => opened.peek().size === 0 && isAtTop(list.current);
  const events = useEvents(query, { on: follows, mayShow });
  useEffect(() => {
    opened.value = new Set();
  }, [query]);
  useEffect(() => {
    const release = () => events.held.peek().length > 0 && mayShow() && afterScroll(events.showHeld);
    addEventListener("scroll", release, { passive: true });
    return () => removeEventListener("scroll", release);
  });
  const shown = events.value.value;
  const names = new Map(projects.value?.map(({ key, name }) => [String(key), name]));
  const filtered = Object.values(filter).some((value) => value !== "");
  const row = (event: ListedEvent) => {
    const key = eventKey(event);
    return (
      <EventItem
        event={event}
        name={names.get(event.project) ?? null}
        filter={filter}
        tail={tail}
        open={opened.value.has(key)}
        onOpen={(open) => (opened.value = withKey(opened.value, key, open))}
      />
    );
  };
  return (
    <section class="history" aria-labelledby="events">
      <h2 id="events">Events</h2>
      <EventFilterForm filter={filter} onFilter={changeFilter} />
      <div class="line">
        <button
          type="button"
          class="plain"
          aria-pressed={follows}
          disabled={filter.until !== ""}
          onClick={() => goTo(eventsAddress(filter, !tail))}
        >
          Live tail
        </button>
        <a href={`/api/events.jsonl${exportQuery(query)}`} download="events.jsonl">
          Export as JSON lines
        </a>
        <span class="quiet" role="status">
          {tailWords(follows, filter.until !== "")}
        </span>
      </div>
      <Standing answer={events} what="events" rows={10} />
      <div ref={list} class="event-list">
        {shown && <Newer events={events} top={list} />}
        {shown?.items.length === 0 &&
          (filtered ? (
            <EmptyState small>
              No event is like that. <a href={eventsAddress(everyEvent, tail)}>Show all</a>
            </EmptyState>
          ) : (
            <EmptyState title="No event yet">The first comes when a project is configured or an issue's card is seen.</EmptyState>
          ))}
        {shown && shown.items.length > 0 && (
          <WindowedList
            items={shown.items}
            keyOf={eventKey}
            row={row}
            estimate={rowPx}
            label="Events, newest first"
            class="events"
            more={shown.cursor === null || events.refused.value ? undefined : () => void events.more()}
          />
        )}
      </div>
      <div class="line">
        {events.refused.value && (
          <>
            <Refusal failure={events.refused.value} />
            <button class="plain" onClick={() => void events.more()}>
              Try again
            </button>
          </>
        )}
        {shown && shown.items.length > 0 && !events.refused.value && (
          <span class="quiet" role="status">
            {shown.cursor === null ? `All ${shown.items.length.toLocaleString("en")} shown.` : "Older ones come as you scroll."}
          </span>
        )}
      </div>
    </section>
  );
}

/** By the address as it is now, which what is drawn may be a moment behind. */
function changeFilter(more: Partial<EventFilter>): void {
  const query = parseQuery(location);
  goTo(eventsAddress({ ...parseEventFilter(query), ...more }, query.get("tail") !== "off"));
}

/** How many have come that wait above; pressed, they are shown. */
function Newer({ events, top }: { readonly events: Events; readonly top: { readonly current: HTMLElement | null } }): JSX.Element {
  const count = events.held.value.length;
  return (
    <div class="newer" role="status">
      {count > 0 && (
        <button
          type="button"
          onClick={() => {
            top.current?.scrollIntoView({ block: "start" });
            afterScroll(events.showHeld);
          }}
        >
          {count.toLocaleString("en")} new {count === 1 ? "event" : "events"}
        </button>
      )}
    </div>
  );
}

function tailWords(follows: boolean, hasEnd: boolean): string {
  if (hasEnd) return "What has an end does not go on.";
  if (!follows) return "New events are not shown.";
  if (notice.value) return "The read model stands still: new events come when it goes on.";
  return liveState.value === "live" ? "New events come at the top." : "Not connected: new events come when it is again.";
}

function isAtTop(list: HTMLElement | null): boolean {
  return list === null || list.getBoundingClientRect().top >= 0;
}

/** The list keeps what is looked at in its place: until it knows of the scrolling, that is still what was looked at before. */
function afterScroll(run: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(run));
}

function withKey(keys: ReadonlySet<string>, key: string, there: boolean): ReadonlySet<string> {
  return new Set(there ? [...keys, key] : [...keys].filter((known) => known !== key));
}

function exportQuery(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === "" ? "" : `?${text}`;
}
