import type { JSX } from "preact";
import type { RunRow, RunView } from "../../core/project/views.ts";
import { answering } from "./answering.ts";
import type { Listed } from "./api.ts";
import { changes } from "./changes.ts";
import { LiveFailure } from "./live-failure.tsx";
import { projects } from "./mesh-store.ts";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { QuestionCard } from "./question-card.tsx";
import { isOpen } from "./question-list.ts";
import { RunControls } from "./run-controls.tsx";
import { RunCost } from "./run-cost.tsx";
import { RunFacts } from "./run-facts.tsx";
import { RunHistory } from "./run-history.tsx";
import { RunPhases } from "./run-phases.tsx";
import { RunSessions } from "./run-sessions.tsx";
import { RunTimeline } from "./run-timeline.tsx";
import { Standing } from "./standing.tsx";
import { Up } from "./up.tsx";
import { useAnswer } from "./use-answer.ts";
import { useRun } from "./use-run.ts";
import { Ago } from "./when.tsx";

interface Props {
  readonly name: string;
  readonly issue: number;
  /** null: the issue's newest. */
  readonly run: number | null;
}

/** One run: why it is not moving or what happens now, what an operator may do about it, and all that happened in it. */
export function RunPage({ name, issue, run: number }: Props): JSX.Element {
  const { run, answer } = useRun(name, issue, number);
  const isUnknown = answer.failure.value?.status === 404;
  return (
    <>
      <Up to={`#/projects/${name}`}>{name}</Up>
      <LiveFailure />
      {!run && !isUnknown && <Standing answer={answer} what="the run" rows={8} />}
      {!run && isUnknown && <NoRun name={name} issue={issue} number={number} />}
      {run && <Shown run={run} />}
    </>
  );
}

/** An issue without a run: the mesh says why there is none. */
function NoRun({ name, issue, number }: { readonly name: string; readonly issue: number; readonly number: number | null }): JSX.Element {
  const answer = useAnswer<{ readonly explain: string }>(`/runs/${name}/${issue}/explain`, changes.runs.value);
  return (
    <section class="notice" aria-label={`Issue ${name}#${issue}`}>
      <h2>{number === null ? `Issue #${issue} has no run` : `There is no run ${number} of issue #${issue}`}</h2>
      {answer.value.value && (
        <p>
          <OutsideText text={answer.value.value.explain} most={600} />
        </p>
      )}
      {answer.failure.value && <p>{answer.failure.value.status === 404 ? "This project is not known." : answer.failure.value.detail}</p>}
      {number !== null && (
        <p>
          <a href={`#/runs/${name}/${issue}`}>The newest run of #{issue}</a>
        </p>
      )}
    </section>
  );
}

function Shown({ run }: { readonly run: RunView }): JSX.Element {
  const history = useAnswer<Listed<RunRow>>(`/runs/${run.name}/${run.issue}/history?fields=row&limit=50`, changes.runs.value);
  const asked = run.questions.filter((question) => isOpen(question) || answering.value.has(question.id));
  const past = run.questions.filter((question) => !asked.includes(question));
  const newest = newestOf(run, history.value.value?.items ?? []);
  return (
    <article class="onboarding" aria-label={`Run ${run.id}`}>
      <header class="stack">
        <div class="run-head">
          <PhaseBadge phase={run.phase} />
          <h2>
            <OutsideLink to={run.url}>#{run.issue}</OutsideLink> <OutsideText text={run.title} most={200} />
          </h2>
          <span class="quiet">
            run {run.run} · {run.endedAt === null ? "in this phase for " : "ended "}
            <Ago at={run.endedAt ?? run.phaseSince} />
          </span>
        </div>
        <p class="explain-large" role="status">
          <OutsideText text={run.explain} most={600} />
        </p>
      </header>
      {newest > run.run && (
        <p class="notice">
          This is an earlier run: <a href={`#/runs/${run.name}/${run.issue}/${newest}`}>run {newest} is the newest</a>.
        </p>
      )}
      {asked.length > 0 && (
        <section class="questions" aria-label="Waits for an answer">
          {asked.map((question) => (
            <QuestionCard key={question.id} question={question} run={run} inRun />
          ))}
        </section>
      )}
      {newest <= run.run && <RunControls run={run} />}
      <RunFacts run={run} />
      <RunPhases run={run} />
      <div class="phases">
        <RunCost run={run} />
        <div class="stack">
          <RunSessions run={run} />
          <RunHistory run={run} history={history} />
        </div>
      </div>
      {past.length > 0 && (
        <details class="panel">
          <summary>
            {past.length} {past.length === 1 ? "question is" : "questions are"} settled
          </summary>
          {past.map((question) => (
            <QuestionCard key={question.id} question={question} run={run} inRun />
          ))}
        </details>
      )}
      <RunTimeline run={run} />
    </article>
  );
}

function newestOf({ name, issue, run }: RunView, history: readonly RunRow[]): number {
  const live = projects.value?.find((project) => project.name === name)?.runs.filter((one) => one.issue === issue) ?? [];
  return Math.max(run, ...live.map((one) => one.run), ...history.map((one) => one.run));
}
