import type { JSX } from "preact";
import { useCommand } from "./command.ts";
import { logOutEverywhere, who } from "./mesh-store.ts";
import { OutsideName } from "./outside-name.tsx";
import { Refusal } from "./refusal.tsx";

/** Who is logged in here, and how every login is ended at once. */
export function Logins(): JSX.Element | null {
  const ending = useCommand();
  const known = who.value;
  if (!known) return null;
  return (
    <section class="stack" aria-labelledby="logins">
      <h2 id="logins">Logins</h2>
      <p>
        You are{" "}
        {known.by === known.role ? (
          `logged in as ${known.role}`
        ) : (
          <>
            <OutsideName text={known.by} />, {known.role}
          </>
        )}
        {known.via === "access" && ", by Cloudflare Access"}.
      </p>
      {known.role === "operator" && (
        <details class="panel">
          <summary>Log out everywhere</summary>
          <p>
            Every login to the dashboard ends within five seconds, on every machine, this one too. Tokens and Cloudflare Access stay as they
            are.
          </p>
          <div class="line">
            <button class="danger" disabled={ending.busy.value} onClick={() => void ending.run(logOutEverywhere)}>
              End every login
            </button>
            <Refusal failure={ending.failure.value} />
          </div>
        </details>
      )}
    </section>
  );
}
