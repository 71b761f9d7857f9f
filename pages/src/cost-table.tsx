import { Fragment, type ComponentChildren, type JSX } from "preact";
import type { Spent } from "../../core/usage.ts";
import { renderUsd } from "./project-list.ts";

/** One line: what it is, what it has cost. */
export interface CostLine extends Spent {
  readonly key: string;
  readonly what: ComponentChildren;
  /** Shown below, over the whole width. */
  readonly below?: ComponentChildren;
}

interface Props {
  readonly caption: string;
  readonly head: string;
  readonly lines: readonly CostLine[];
  readonly id?: string;
}

/** What something has cost, line by line, with tokens, and a bar beside each. */
export function CostTable({ caption, head, lines, id }: Props): JSX.Element {
  const most = Math.max(...lines.map(({ usd }) => usd), 0);
  return (
    <table class="cost-table" id={id}>
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{head}</th>
          <th scope="col" class="figure">
            US dollars
            <span class="quiet">tokens in / out</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {lines.map(({ key, what, below, usd, inputTokens, outputTokens }) => (
          <Fragment key={key}>
            <tr data-row>
              <th scope="row">
                {what}
                {usd > 0 && <span class="share" aria-hidden="true" style={{ width: `${(usd / most) * 100}%` }} />}
              </th>
              <td class="figure">
                {renderUsd(usd)}
                <span class="quiet">{`${renderTokens(inputTokens)} / ${renderTokens(outputTokens)}`}</span>
              </td>
            </tr>
            {below !== undefined && (
              <tr class="below">
                <td colSpan={2}>{below}</td>
              </tr>
            )}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

/** `950`, `12.3 k`, `4.5 M`: tokens as people read them. */
export function renderTokens(tokens: number): string {
  if (tokens < 1_000) return String(Math.round(tokens));
  const [value, unit] = tokens < 999_500 ? [tokens / 1_000, "k"] : [tokens / 1_000_000, "M"];
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value).toLocaleString("en")} ${unit}`;
}
