import type { JSX } from "preact";
import { renderUsd } from "./project-list.ts";
import { useAnswer } from "./use-answer.ts";

interface Budget {
  readonly kind: "litellm" | "ai-gateway" | "plain";
  readonly budget: { readonly alias: string; readonly limitUsd: number | null; readonly spentUsd: number | null } | null;
}

/** What the gateway that a project's agents get their models from says of it; nothing where there is none, or it does not tell. */
export function GatewayBudget({ project }: { readonly project: string }): JSX.Element | null {
  // By a key instead of `owner/name` it cannot be asked for.
  const { value, failure } = useAnswer<Budget>(`/projects/${project.split("/").map(encodeURIComponent).join("/")}/budget`);
  if (failure.value && failure.value.status !== 404) {
    return <p class="quiet">What the model gateway has counted is not known: {failure.value.detail}</p>;
  }
  const known = value.value;
  if (!known?.budget || known.budget.spentUsd === null) return null;
  const { alias, limitUsd, spentUsd } = known.budget;
  return (
    <p class="quiet">
      The model gateway ({known.kind}) has counted {renderUsd(spentUsd)}
      {limitUsd !== null && ` of ${renderUsd(limitUsd)}`} for <bdi>{alias}</bdi> since it was made there.
    </p>
  );
}
