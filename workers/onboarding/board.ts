import type { PermissionCheck } from "../../core/onboarding/view.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";
import { boardWanted } from "./board-wanted.ts";

/** Makes the board with its columns and fields, or adopts one without touching its columns. */
export async function board({ env, clients, onboarding, policy }: ActivityContext): Promise<ActivityOutcome> {
  const profile = profileOf(onboarding);
  const columns = [...new Set(Object.values(policy.columns))];
  const wanted = await boardWanted(env, onboarding.request);
  const prepared = await clients.preparation.ensureBoard(profile, { board: wanted, columns });
  const { url } = prepared.board;
  if (prepared.missingColumns.length > 0)
    throw new ActivityFailure(
      "columns-missing",
      `The board ${url} has the columns ${listed(prepared.columns)}; missing are ${listed(prepared.missingColumns)}.`,
      `Add ${listed(prepared.missingColumns)} to its field Status at ${url}/settings, then retry.\nOr onboard anew with overrides.columns naming those it has instead, like {"todo": ${JSON.stringify(prepared.columns[0] ?? "Backlog")}}.`,
    );
  const automations = prepared.made ? [] : prepared.automations;
  const permissions = [
    ...(onboarding.found.permissions ?? []).filter(({ name }) => name !== "board-automations"),
    ...(automations.length > 0 ? [automationCheck(url, automations)] : []),
  ];
  const summary = [
    `${prepared.made ? "Made by the mesh" : "Adopted"}: ${url}`,
    prepared.madeFields.length > 0 ? `fields made: ${prepared.madeFields.join(", ")}` : "all fields there",
    ...(prepared.made && prepared.automations.length > 0 ? [`its automations taken off: ${prepared.automations.join(", ")}`] : []),
    ...(automations.length > 0 ? [`its own automations are on and move cards too: ${automations.join(", ")}`] : []),
  ];
  return done(summary.join("; "), { profile: { ...profile, board: prepared.board }, permissions });
}

/** They do no harm, since the mesh takes a card for where it wants it; but cards go to and fro before people's eyes. */
function automationCheck(url: string, automations: readonly string[]): PermissionCheck {
  return {
    name: "board-automations",
    result: "degraded",
    detail: `the board's own automations are on (${automations.join(", ")}); they move cards as the mesh does`,
    fix: `Turn them off at ${url}/workflows.`,
  };
}

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}
