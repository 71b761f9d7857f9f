import type { JSX } from "preact";
import type { RunView } from "../../core/project/views.ts";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { role } from "./mesh-store.ts";
import { Refusal } from "./refusal.tsx";

/** Lets an operator have a run go on, or an issue begin anew. */
export function RunRetry({ run }: { readonly run: Pick<RunView, "name" | "issue"> }): JSX.Element | null {
  const command = useCommand();
  if (role.value !== "operator") return null;
  return (
    <span class="line">
      <button
        type="button"
        class="plain"
        disabled={command.busy.value}
        onClick={() => void command.run(() => post(`/runs/${run.name}/${run.issue}/retry`))}
      >
        {command.busy.value ? "One moment…" : "Retry"}
        <span class="unseen"> #{run.issue}</span>
      </button>
      <Refusal failure={command.failure.value} />
    </span>
  );
}
