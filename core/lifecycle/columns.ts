import type { Policy } from "../policy.ts";
import type { ColumnRole, Phase } from "./state.ts";

/** The board column of a phase; a cancelled run leaves its card where it is. */
export function columnOf(phase: Phase): ColumnRole | null {
  switch (phase) {
    case "intake":
      return "todo";
    case "planning":
      return "planning";
    case "implementation":
      return "inProgress";
    case "qa":
      return "qa";
    case "review":
      return "review";
    case "accepted":
      return "done";
    case "failed":
      return "blocked";
    case "cancelled":
      return null;
  }
}

/** The part a Status option plays; null for a column the project has not mapped. Names are compared without regard to case. */
export function roleOf(column: string | null, policy: Policy): ColumnRole | null {
  if (column === null) return null;
  const wanted = column.trim().toLowerCase();
  const found = Object.entries(policy.columns).find(([, name]) => name.toLowerCase() === wanted);
  return found ? (found[0] as ColumnRole) : null;
}
