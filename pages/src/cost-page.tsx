import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { Usage } from "../../core/usage.ts";
import { costAddress, parseCostFilter, rangeOf, usageQuery, type CostFilter } from "./cost-filter.ts";
import { CostFilterBar } from "./cost-filter-bar.tsx";
import { CostLimits } from "./cost-limits.tsx";
import { CostOfIssue } from "./cost-of-issue.tsx";
import { CostOverTime } from "./cost-over-time.tsx";
import { CostTable, renderTokens, type CostLine } from "./cost-table.tsx";
import { agentWord, phaseWord } from "./cost-words.ts";
import { changeWords, type CostRange } from "./cost-range.ts";
import { EmptyState } from "./empty-state.tsx";
import { GatewayBudget } from "./gateway-budget.tsx";
import { OutsideName } from "./outside-name.tsx";
import { placeQuery } from "./place.ts";
import { PlatformCost } from "./platform-cost.tsx";
import { renderUsd } from "./project-list.ts";
import { Standing } from "./standing.tsx";
import { useAnswer } from "./use-answer.ts";
import { now } from "./when.tsx";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const issuesAtFirst = 10;

/** What was spent on models, when, for what and by whom. */
export function CostPage(): JSX.Element {
  const address = placeQuery.value.toString();
  const hour = Math.floor(now.value / hourMs);
  const filter = useMemo(() => parseCostFilter(new URLSearchParams(address)), [address]);
  const range = useMemo(() => rangeOf(filter, now.peek()), [filter, hour]);
  const zone = useMemo(() => new Intl.DateTimeFormat().resolvedOptions().timeZone, []);
  const minute = Math.floor(now.value / minuteMs);
  const usage = useAnswer<Usage>(usageQuery(filter, range, zone), minute);
  const before = useAnswer<Usage>(usageQuery(filter, range.before, zone), Math.floor(minute / 60));
  // What was shown stays until the other has come: nothing moves meanwhile.
  const last = useRef<Usage | undefined>(undefined);
  last.current = usage.value.value ?? last.current;
  // What failed for this time is not answered by another.
  const shown = usage.value.value ?? (usage.failure.value ? undefined : last.current);
  const isOld = usage.value.value === undefined && shown !== undefined;
  const previous = before.value.value?.total.usd;
  return (
    <section class="history cost" aria-labelledby="cost">
      <h2 id="cost">Cost</h2>
      <CostFilterBar filter={filter} range={range} />
      {(usage.failure.value || !shown) && <Standing answer={usage} what="what was spent" rows={8} />}
      {shown && (
        <div class={`cost-body${isOld ? " old" : ""}`} aria-busy={isOld}>
          <p class="total">
            <strong>{renderUsd(shown.total.usd)}</strong>
            <span class="quiet">
              {renderTokens(shown.total.inputTokens)} tokens in, {renderTokens(shown.total.outputTokens)} out
            </span>
            <span class="quiet compared">{comparedWords(shown.total.usd, previous, range.before.words)}</span>
          </p>
          {shown.total.usd === 0 && shown.byIssue.length === 0 ? (
            <EmptyState>Nothing was spent in this time{isNarrow(filter) ? " by what is filtered for" : ""}.</EmptyState>
          ) : (
            <>
              <CostOverTime usage={shown} range={range} />
              <Issues usage={shown} filter={filter} range={range} zone={zone} />
              <Lines
                title="By project"
                lines={shown.byProject.map((row) => line(row, row.project, row.name ?? row.project, { project: row.name ?? row.project }))}
                filter={filter}
              />
              <Lines
                title="By agent"
                lines={shown.byAgent.map((row) => line(row, row.agent ?? "-", agentWord(row.agent), { agent: row.agent ?? "-" }))}
                filter={filter}
              />
              <Lines
                title="By phase"
                lines={shown.byPhase.map((row) => line(row, row.phase, phaseWord(row.phase), { phase: row.phase }))}
                filter={filter}
              />
            </>
          )}
        </div>
      )}
      <CostLimits project={filter.project} />
      {filter.project !== "" && <GatewayBudget project={filter.project} />}
      <PlatformCost />
    </section>
  );
}

interface LinkedLine extends Omit<CostLine, "what"> {
  readonly word: string;
  readonly by: Partial<CostFilter>;
}

function line(row: Omit<CostLine, "what" | "key">, key: string, word: string, by: Partial<CostFilter>): LinkedLine {
  const { usd, inputTokens, outputTokens } = row;
  return { usd, inputTokens, outputTokens, key, word, by };
}

interface LinesProps {
  readonly title: string;
  readonly lines: readonly LinkedLine[];
  readonly filter: CostFilter;
}

/** The dearest first; each is a link that filters by it. */
function Lines({ title, lines, filter }: LinesProps): JSX.Element | null {
  if (lines.length === 0) return null;
  const linked = lines.map(({ word, by, ...rest }) => ({
    ...rest,
    what: (
      <a href={costAddress({ ...filter, ...by, ...(by.project === undefined ? {} : { issue: "" }) })}>
        <OutsideName text={word} most={80} />
      </a>
    ),
  }));
  return (
    <section class="stack">
      <h3>{title}</h3>
      <CostTable caption={title} head={title.replace("By ", "")} lines={linked} />
    </section>
  );
}

interface IssuesProps {
  readonly usage: Usage;
  readonly filter: CostFilter;
  readonly range: CostRange;
  readonly zone: string;
}

/** Which issues the money went to, each to be opened for its phases and agents. */
function Issues({ usage: { byIssue }, filter, range, zone }: IssuesProps): JSX.Element | null {
  const all = useSignal(false);
  const opened = useSignal<ReadonlySet<string>>(new Set());
  if (byIssue.length === 0) return null;
  const lines = byIssue.slice(0, all.value ? byIssue.length : issuesAtFirst).map((row): CostLine => {
    const { project, name, issue, title } = row;
    const key = `${project}#${issue}`;
    const isOpen = opened.value.has(key);
    const one = { ...filter, project: name ?? project, issue: String(issue) };
    const toggle = () => (opened.value = new Set(isOpen ? [...opened.value].filter((other) => other !== key) : [...opened.value, key]));
    return {
      ...row,
      key,
      what: (
        <span class="cost-issue">
          {name === null ? (
            <OutsideName text={title ?? `Issue ${issue}`} />
          ) : (
            <a href={`#/runs/${name}/${issue}`}>
              <OutsideName text={title ?? `Issue ${issue}`} />
            </a>
          )}
          <span class="quiet">
            <bdi>{name ?? project}</bdi>#{issue}{" "}
            <a href={costAddress(one)} aria-label={`Only this: ${name ?? project}#${issue}`}>
              only this
            </a>{" "}
            <button type="button" class="more" aria-expanded={isOpen} aria-label={`Why: ${name ?? project}#${issue}`} onClick={toggle}>
              why
            </button>
          </span>
        </span>
      ),
      ...(isOpen ? { below: <CostOfIssue path={usageQuery(one, range, zone)} /> } : {}),
    };
  });
  return (
    <section class="stack">
      <h3>By issue</h3>
      <CostTable caption="By issue" head="issue" lines={lines} />
      {byIssue.length > issuesAtFirst && (
        <button class="plain" aria-expanded={all.value} onClick={() => (all.value = !all.value)}>
          {all.value ? "Fewer" : `All ${byIssue.length}${byIssue.length === 200 ? " (the dearest)" : ""}`}
        </button>
      )}
    </section>
  );
}

function comparedWords(usd: number, previous: number | undefined, words: string): string {
  if (previous === undefined) return "\u00a0";
  const change = changeWords(usd, previous);
  return change === undefined ? `nothing ${words}` : `${change}; ${renderUsd(previous)} ${words}`;
}

function isNarrow({ project, agent, phase }: CostFilter): boolean {
  return project !== "" || agent !== "" || phase !== "";
}
