import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { Copyable } from "./copyable.tsx";
import { role } from "./mesh-store.ts";
import { hearOnboarding } from "./onboarding-store.ts";
import { OutsideName } from "./outside-name.tsx";
import { Refusal } from "./refusal.tsx";
import { now, renderClock } from "./when.tsx";
import { VariableField } from "./variable-field.tsx";

/** What a person does so that the coding agent is logged in: type a code at the vendor's site, run a command, or put in a key. */
export function OnboardingLogin({ view }: { readonly view: OnboardingView }): JSX.Element {
  const { login } = view;
  const command = useCommand();
  const may = role.value === "operator";
  async function look(): Promise<void> {
    const told = await command.run(() => post<OnboardingView>(`/onboard/${encodeURIComponent(view.id)}/auth-callback`, {}));
    if (told) hearOnboarding(told.value);
  }
  return (
    <section class="notice login-wanted" aria-labelledby="login-wanted">
      <h3 id="login-wanted">The coding agent has to be logged in</h3>
      {login?.mode === "device" && <Device login={login} />}
      {login?.mode === "runner" && login.command && (
        <>
          <p>
            On the machine of the runner{" "}
            <strong>
              <OutsideName text={login.runner ?? "of this project"} most={80} />
            </strong>
            , run:
          </p>
          <Copyable text={login.command} what="command" large />
          <p class="quiet">The login stays on that machine. Neither it nor any code passes through the mesh.</p>
        </>
      )}
      {(!login || login.mode === "api-key") && (may ? <KeyForm id={view.id} /> : <p>An operator has to put in an API key.</p>)}
      {login?.expiresAt !== undefined && <p class="quiet">It waits until {renderClock(login.expiresAt, now.value)}.</p>}
      {may && login && login.mode !== "api-key" && (
        <button disabled={command.busy.value} onClick={() => void look()}>
          {command.busy.value ? "Looking…" : "It is done: look now"}
        </button>
      )}
      <Refusal failure={command.failure.value} />
    </section>
  );
}

function Device({ login }: { readonly login: NonNullable<OnboardingView["login"]> }): JSX.Element {
  const { deviceUrl = "", userCode = "" } = login;
  // The runner has checked the host; a link is made of nothing but https all the same.
  const host = deviceUrl.startsWith("https://") ? URL.parse(deviceUrl)?.host : undefined;
  return (
    <>
      <p>
        Open{" "}
        {host ? (
          <a href={deviceUrl} rel="noreferrer" target="_blank">
            {host}
          </a>
        ) : (
          "the vendor's page"
        )}{" "}
        and type this code there, nowhere else:
      </p>
      <Copyable text={userCode} what="code" large />
      <Copyable text={deviceUrl} what="address" />
    </>
  );
}

/** The key goes to the mesh's vault and stays nowhere on this page: it is taken out of the field before it is sent. */
function KeyForm({ id }: { readonly id: string }): JSX.Element {
  const variable = useSignal("ANTHROPIC_API_KEY");
  const key = useRef<HTMLInputElement>(null);
  const command = useCommand();
  const taken = useSignal(false);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const field = key.current;
    if (!field || command.busy.value) return;
    const variables = { [variable.value]: field.value.trim() };
    field.value = "";
    const told = await command.run(() => post<OnboardingView>(`/onboard/${encodeURIComponent(id)}/auth-callback`, { variables }));
    taken.value = told !== undefined;
    if (told) hearOnboarding(told.value);
  }
  return (
    <form class="form" autocomplete="off" onSubmit={(event) => void submit(event)}>
      <VariableField id="variable" variable={variable} />
      <div class="field">
        <label for="key">API key</label>
        <input id="key" ref={key} type="password" required autocomplete="off" spellcheck={false} aria-describedby="key-about" />
        <p id="key-about" class="quiet">
          An API key of the provider, or a gateway's. It is sealed in the mesh's vault and handed to runners only. Never the token of a
          subscription.
        </p>
      </div>
      <button type="submit" disabled={command.busy.value}>
        {command.busy.value ? "Sealing…" : "Put it in"}
      </button>
      <p role="status" class="receipt">
        {taken.value && "It is sealed; the onboarding looks now."}
      </p>
      <Refusal failure={command.failure.value} />
    </form>
  );
}
