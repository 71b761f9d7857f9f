import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { RunView } from "../../core/project/views.ts";
import { newKey, post } from "./api.ts";
import { useCommand } from "./command.ts";
import { Dialog } from "./dialog.tsx";
import { role } from "./mesh-store.ts";
import { Refusal } from "./refusal.tsx";
import { runCommands, type RunCommand } from "./run-commands.ts";

/** What an operator may have a run do: each is confirmed first, and what does not apply says why. Viewers see nothing of it. */
export function RunControls({ run }: { readonly run: RunView }): JSX.Element | null {
  const chosen = useSignal<RunCommand["command"] | undefined>(undefined);
  const said = useSignal("");
  // What was said is of the run as it was then.
  useEffect(() => void (said.value = ""), [run.phase, run.endedAt]);
  // Its room is kept until it is known who looks.
  if (role.value === undefined) return <div class="controls" />;
  if (role.value !== "operator") return null;
  const commands = runCommands(run);
  const open = commands.find(({ command }) => command === chosen.value);
  return (
    <section class="controls" aria-label="Controls">
      <div class="line">
        {commands.map(({ command, word, refusal, final }) => (
          <button
            key={command}
            type="button"
            class={final ? "danger" : "plain"}
            aria-disabled={refusal !== null}
            aria-describedby={refusal === null ? undefined : `why-not-${command}`}
            title={refusal ?? undefined}
            onClick={() => {
              said.value = refusal === null ? "" : `${word}: ${refusal}`;
              if (refusal === null) chosen.value = command;
            }}
          >
            {word}
          </button>
        ))}
        {commands.map(
          ({ command, refusal }) =>
            refusal !== null && (
              <span key={command} class="unseen" id={`why-not-${command}`}>
                {refusal}
              </span>
            ),
        )}
      </div>
      <p role="status" class="quiet">
        {said.value}
      </p>
      {open && (
        <Confirm
          key={open.command}
          run={run}
          given={open}
          close={() => (chosen.value = undefined)}
          taken={() => {
            chosen.value = undefined;
            said.value = `${open.word}: the mesh has taken it.`;
          }}
        />
      )}
    </section>
  );
}

interface ConfirmProps {
  readonly run: RunView;
  readonly given: RunCommand;
  readonly close: () => void;
  readonly taken: () => void;
}

/** Says what will happen, takes a reason, and shows why the mesh refused, if it did. */
function Confirm({ run, given: { command, word, does, refusal, final }, close, taken }: ConfirmProps): JSX.Element {
  const reason = useSignal("");
  const sending = useCommand();
  // A try that got no answer is repeated as the same command; what was refused, or is said otherwise, is another.
  const tried = useRef({ key: newKey(), reason: "" });
  async function send(): Promise<void> {
    const failed = sending.failure.value;
    const isDecided = failed !== undefined && failed.status !== 0 && failed.status < 500;
    if (isDecided || tried.current.reason !== reason.value) tried.current = { key: newKey(), reason: reason.value };
    const body = reason.value.trim() === "" ? {} : { reason: reason.value.trim() };
    if (await sending.run(() => post(`/runs/${run.name}/${run.issue}/${command}`, body, tried.current.key))) taken();
  }
  return (
    <Dialog title={`${word}: #${run.issue}`} onClose={close}>
      <p>{does}</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <div class="field">
          <label for="command-reason">Why (if you like)</label>
          <textarea
            id="command-reason"
            maxLength={2_000}
            rows={2}
            value={reason.value}
            onInput={(event) => (reason.value = event.currentTarget.value)}
          />
          <p class="quiet">It is kept in the journal with your name.</p>
        </div>
        {refusal !== null && <p class="refusal">{refusal}</p>}
        <Refusal failure={sending.failure.value} />
        <div class="line">
          <button type="submit" class={final ? "danger" : undefined} disabled={sending.busy.value || refusal !== null}>
            {sending.busy.value ? "One moment…" : word}
          </button>
          <button type="button" class="plain" onClick={close}>
            Leave it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
