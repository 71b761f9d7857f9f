import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentView } from "../../core/pool/views.ts";
import { post, remove } from "./api.ts";
import { useCommand } from "./command.ts";
import { Refusal } from "./refusal.tsx";

interface Props {
  readonly agent: AgentView;
  readonly changed: () => void;
}

/** What an operator does with an agent: gives it no new work, or ends its token. */
export function AgentControls({ agent, changed }: Props): JSX.Element {
  const sure = useSignal(false);
  const said = useSignal("");
  const command = useCommand();
  const path = `/agents/${encodeURIComponent(agent.id)}`;
  async function drain(): Promise<void> {
    if (await command.run(() => post(`${path}/drain`, { draining: !agent.draining }))) changed();
  }
  async function endToken(): Promise<void> {
    sure.value = false;
    if (!(await command.run(() => remove(`${path}/token`)))) return;
    said.value = "Its token has ended.";
    changed();
  }
  return (
    <section class="panel" aria-labelledby="controls">
      <h2 id="controls">{agent.draining ? "It gets no new work" : "It gets work"}</h2>
      <p class="quiet">
        {agent.draining ? "It finishes what it has." : "Drained, it gets no new work and finishes what it has."} Without its token, it is
        disconnected at once and cannot come back; its history stays.
      </p>
      <div class="line">
        <button class="plain" disabled={command.busy.value} onClick={() => void drain()}>
          {agent.draining ? "Give it work again" : "Drain it"}
        </button>
        {sure.value ? (
          <>
            <button class="danger" disabled={command.busy.value} onClick={() => void endToken()}>
              Yes, end the token of {agent.id}
            </button>
            <button class="plain" onClick={() => (sure.value = false)}>
              No
            </button>
          </>
        ) : (
          <button class="danger" onClick={() => (sure.value = true)}>
            End its token…
          </button>
        )}
        <span role="status" class="receipt">
          {said.value}
        </span>
      </div>
      <Refusal failure={command.failure.value} />
    </section>
  );
}
