import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { changes } from "./changes.ts";
import type { EventRow } from "./event-words.ts";
import { FailedState } from "./failed-state.tsx";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PagedList } from "./paged-list.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { runStory, storyKinds, untold, type StoryEntry, type StoryKind } from "./run-story.ts";
import { Shape } from "./state-badge.tsx";
import type { ShapeName, Tone } from "./state-looks.ts";
import { useList } from "./use-list.ts";
import { Ago } from "./when.tsx";

/** All that happened in a run, the newest first, by kind if one likes. */
export function RunTimeline({ run }: { readonly run: RunView }): JSX.Element {
  const chosen = useSignal<StoryKind | undefined>(undefined);
  const events = useList<EventRow>(
    `/runs/${run.name}/${run.issue}/events`,
    { trace: `${run.issue}.${run.run}`, without: untold },
    changes.runs.value,
    { keyOf: ({ project, seq }) => `${project} ${seq}`, pageSize: 100 },
  );
  const told = events.value.value;
  const hasMore = (told?.cursor ?? null) !== null;
  const story = runStory(run, told?.items ?? [], hasMore);
  const shown = chosen.value === undefined ? story : story.filter(({ kind }) => kind === chosen.value);
  return (
    <section class="stack" aria-labelledby="run-timeline">
      <h3 id="run-timeline">Timeline</h3>
      <div class="line" role="group" aria-label="Which kind">
        <Choice word="everything" pressed={chosen.value === undefined} choose={() => (chosen.value = undefined)} />
        {storyKinds.map((kind) => (
          <Choice key={kind} word={kind} pressed={chosen.value === kind} choose={() => (chosen.value = kind)} />
        ))}
      </div>
      {events.failure.value && <FailedState what="events" failure={events.failure.value} old={told !== undefined} again={events.again} />}
      <p class="quiet" role="status">
        {!told && !events.failure.value && "Loading events…"}
        {told && shown.length === 0 && !hasMore && "Nothing of this kind has happened."}
      </p>
      <PagedList
        list={events}
        items={shown}
        keyOf={({ key }) => key}
        row={(entry) => <Entry entry={entry} />}
        estimate={44}
        label="What happened, the newest first"
        class="story"
      />
    </section>
  );
}

function Choice({ word, pressed, choose }: { readonly word: string; readonly pressed: boolean; readonly choose: () => void }): JSX.Element {
  return (
    <button type="button" class="plain small" aria-pressed={pressed} onClick={choose}>
      {word}
    </button>
  );
}

const kindLooks: Readonly<Record<StoryKind, readonly [ShapeName, Tone]>> = {
  phase: ["diamond", "plan"],
  question: ["bubble", "warn"],
  session: ["play", "work"],
  "pull request": ["hexagon", "check"],
  check: ["disc", "check"],
  "bug issue": ["triangle", "bad"],
  operator: ["key", "idle"],
  task: ["sent", "plan"],
  other: ["ring", "idle"],
};

function Entry({ entry: { at, kind, text, detail, phase, link } }: { readonly entry: StoryEntry }): JSX.Element {
  const [shape, tone] = kindLooks[kind];
  return (
    <>
      <span class={`story-mark tone-${tone}`}>
        <Shape name={shape} />
        <span class="unseen">{kind}: </span>
      </span>
      <span class="story-text">
        <span>
          {phase !== undefined && <PhaseBadge phase={phase} />} <OutsideText text={text} most={600} />{" "}
          {link && (link.to.startsWith("#/") ? <a href={link.to}>{link.word}</a> : <OutsideLink to={link.to}>{link.word}</OutsideLink>)}
        </span>
        {detail !== undefined && detail !== "" && (
          <span class="quiet">
            <OutsideText text={detail} most={300} block />
          </span>
        )}
      </span>
      <span class="quiet story-when">
        <Ago at={at} />
      </span>
    </>
  );
}
