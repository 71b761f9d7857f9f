import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { Fact } from "./fact.tsx";
import { projects } from "./mesh-store.ts";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { renderUsd } from "./project-list.ts";
import { now, renderSpan } from "./when.tsx";

/** Where a run stands on the board and at GitHub, and what it has taken. */
export function RunFacts({ run }: { readonly run: RunView }): JSX.Element {
  const { column, awaiting, branch, pullRequest, cycles, bugIssues, usd, inputTokens, outputTokens, startedAt, endedAt } = run;
  const repository = projects.value?.find(({ key }) => key === run.project)?.repositoryUrl ?? `https://github.com/${run.name}`;
  return (
    <dl class="facts">
      <Fact name="Column">
        <OutsideName text={column} most={80} />
      </Fact>
      {endedAt === null && awaiting !== "nothing" && <Fact name="Awaits">{awaiting.replaceAll("-", " ")}</Fact>}
      <Fact name="Branch">
        <code>
          <OutsideText text={branch} most={100} />
        </code>
      </Fact>
      {pullRequest && (
        <Fact name="Pull request">
          <OutsideLink to={pullRequest.url}>
            #{pullRequest.number}
            {pullRequest.merged ? " merged" : ""}
          </OutsideLink>{" "}
          with {pullRequest.commits} {pullRequest.commits === 1 ? "commit" : "commits"}
        </Fact>
      )}
      {bugIssues.length > 0 && (
        <Fact name="Bug issues">
          {bugIssues.map((bug) => (
            <span key={bug}>
              <OutsideLink to={`${repository}/issues/${bug}`}>#{bug}</OutsideLink>{" "}
            </span>
          ))}
        </Fact>
      )}
      {cycles.planning + cycles.qa + cycles.review > 0 && (
        <Fact name="Times sent back">
          {[
            cycles.planning > 0 && `${cycles.planning} to planning`,
            cycles.qa > 0 && `${cycles.qa} by tests`,
            cycles.review > 0 && `${cycles.review} in review`,
          ]
            .filter(Boolean)
            .join(", ")}
        </Fact>
      )}
      <Fact name="Cost">{renderUsd(usd)}</Fact>
      <Fact name="Tokens">
        {inputTokens.toLocaleString()} in, {outputTokens.toLocaleString()} out
      </Fact>
      <Fact name={endedAt === null ? "For" : "Took"}>{renderSpan((endedAt ?? Math.max(now.value, startedAt)) - startedAt)}</Fact>
    </dl>
  );
}
