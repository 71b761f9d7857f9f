import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { HistoryPage } from "./history-page.tsx";
import { LoginPage } from "./login-page.tsx";
import { liveState, logOut, notice, refusedEvents, session } from "./mesh-store.ts";
import { ProjectsPage } from "./projects-page.tsx";
import { now, renderClock } from "./when.tsx";

/** The part of the address after `#`. */
export const place = signal(location.hash);

export function App(): JSX.Element {
  if (session.value === "out") return <LoginPage />;
  const inHistory = place.value === "#/history";
  return (
    <>
      <header class="top">
        <h1>mesh-six</h1>
        <nav aria-label="Pages">
          <a href="#/" aria-current={inHistory ? undefined : "page"}>
            Projects
          </a>
          <a href="#/history" aria-current={inHistory ? "page" : undefined}>
            History
          </a>
        </nav>
        <Live />
      </header>
      <main>
        <ReadModel />
        {inHistory ? <HistoryPage /> : <ProjectsPage />}
      </main>
      <footer>
        <button class="plain" onClick={() => void logOut()}>
          Log out
        </button>
      </footer>
    </>
  );
}

function Live(): JSX.Element {
  const words = { connecting: "connecting", live: "live", reconnecting: "reconnecting…" } as const;
  return (
    <span role="status" class={`feed ${liveState.value}`}>
      {words[liveState.value]}
    </span>
  );
}

function ReadModel(): JSX.Element | null {
  const standsStill = notice.value;
  const refused = refusedEvents.value;
  if (!standsStill && refused === 0) return null;
  return (
    <p role="status" class="notice">
      {standsStill && (
        <>
          The read model stands still
          {standsStill.since !== null && ` since ${renderClock(standsStill.since, now.value)}`}: {standsStill.because}. What is live is not
          touched by it.{" "}
        </>
      )}
      {refused > 0 && `${refused} ${refused === 1 ? "event was" : "events were"} refused by the database and put aside.`}
    </p>
  );
}
