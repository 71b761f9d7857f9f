import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { logIn } from "./mesh-store.ts";

/** Asks for the operator's (or a viewer's) token; it is exchanged for a cookie and kept nowhere. */
export function LoginPage(): JSX.Element {
  const token = useSignal("");
  const refusal = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    busy.value = true;
    refusal.value = await logIn(token.value.trim());
    busy.value = false;
  }
  return (
    <main class="login">
      <h1>mesh-six</h1>
      <form onSubmit={(event) => void submit(event)}>
        <label for="token">Operator token</label>
        <input
          id="token"
          type="password"
          autocomplete="current-password"
          required
          value={token.value}
          onInput={(event) => (token.value = event.currentTarget.value)}
          aria-describedby="refusal"
        />
        <p id="refusal" role="alert" class="refusal">
          {refusal.value}
        </p>
        <button type="submit" disabled={busy.value}>
          {busy.value ? "Logging in…" : "Log in"}
        </button>
        <p class="quiet">
          It is <code>OPERATOR_TOKEN</code> of the Worker's settings; on the local mesh, the start prints a login link.
        </p>
      </form>
    </main>
  );
}
