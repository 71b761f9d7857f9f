import type { ComponentChildren, JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { answering } from "./answering.ts";
import { Fact } from "./fact.tsx";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { PhaseBadge } from "./phase-badge.tsx";
import { openQuestions, renderUsd } from "./project-list.ts";
import { QuestionCard } from "./question-card.tsx";
import { isOpen } from "./question-list.ts";
import { runAddress } from "./run-address.ts";
import { Ago } from "./when.tsx";

interface Props {
  readonly run: RunView;
  /** Among runs of other projects: with the project's name. */
  readonly named?: boolean;
  /** What can be done about it. */
  readonly children?: ComponentChildren;
}

/** Of a title; the run's page has the whole. */
const longest = 300;

/** One run: where it stands, what it waits for and why, and what it came to. */
export function RunCard({ run, named = false, children }: Props): JSX.Element {
  const questions = openQuestions(run);
  const ended = run.endedAt !== null;
  return (
    <li class={`run${ended ? " ended" : ""}`}>
      <div class="run-head">
        <PhaseBadge phase={run.phase} />
        <h3>
          <a href={runAddress(run)}>
            <span class="number">
              {named && run.name}#{run.issue}
            </span>{" "}
            <bdi>{run.title.slice(0, longest)}</bdi>
          </a>
          {run.run > 1 && <span class="quiet"> run {run.run}</span>}
        </h3>
      </div>
      <p class="explain">
        <OutsideText text={run.explain} most={600} />
      </p>
      <dl class="facts">
        <Fact name="Column">
          <OutsideName text={run.column} most={80} />
        </Fact>
        {!ended && run.awaiting !== "nothing" && <Fact name="Awaits">{run.awaiting.replaceAll("-", " ")}</Fact>}
        {run.pullRequest && (
          <Fact name="Pull request">
            <OutsideLink to={run.pullRequest.url}>
              #{run.pullRequest.number}
              {run.pullRequest.merged ? " merged" : ""}
            </OutsideLink>
          </Fact>
        )}
        {questions.length > 0 && <Fact name="Questions">{questions.length} open</Fact>}
        {run.bugIssues.length > 0 && <Fact name="Bugs">{run.bugIssues.map((bug) => `#${bug}`).join(", ")}</Fact>}
        {run.session && (
          <Fact name="Session">
            <a href={`#/sessions/${encodeURIComponent(run.session.id)}`}>{ended ? "replay" : "watch"}</a>
          </Fact>
        )}
        <Fact name="Cost">{renderUsd(run.usd)}</Fact>
        <Fact name={ended ? "Ended" : "Since"}>
          <Ago at={run.endedAt ?? run.phaseSince} />
        </Fact>
      </dl>
      {children}
      {run.questions
        .filter((question) => isOpen(question) || answering.value.has(question.id))
        .map((question) => (
          <QuestionCard key={question.id} question={question} run={run} inRun />
        ))}
    </li>
  );
}
