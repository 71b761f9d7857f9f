import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { forgetSettled } from "./answering.ts";
import { lazyPage } from "./lazy-page.tsx";
import { LoginPage } from "./login-page.tsx";
import { liveState, notice, refusedEvents, session } from "./mesh-store.ts";
import { Navigation } from "./navigation.tsx";
import { Overlay, openKeys, openSearch } from "./overlay.tsx";
import { OverviewPage } from "./overview-page.tsx";
import { place, placeKey, type Place } from "./place.ts";
import { QuestionPage, QuestionsPage } from "./questions-page.tsx";
import { StaleNotice } from "./stale-notice.tsx";
import { now, renderClock } from "./when.tsx";

// What a person opens first is there at once; every other page comes when it is asked for.
const AgentPage = lazyPage(() => import("./agent-page.tsx").then((module) => module.AgentPage));
const AgentsPage = lazyPage(() => import("./agents-page.tsx").then((module) => module.AgentsPage));
const CostPage = lazyPage(() => import("./cost-page.tsx").then((module) => module.CostPage));
const EventsPage = lazyPage(() => import("./events-page.tsx").then((module) => module.EventsPage));
const HistoryPage = lazyPage(() => import("./history-page.tsx").then((module) => module.HistoryPage));
const ProjectPage = lazyPage(() => import("./project-page.tsx").then((module) => module.ProjectPage));
const ProjectSettingsPage = lazyPage(() => import("./project-settings-page.tsx").then((module) => module.ProjectSettingsPage));
const ProjectsPage = lazyPage(() => import("./projects-page.tsx").then((module) => module.ProjectsPage));
const RunPage = lazyPage(() => import("./run-page.tsx").then((module) => module.RunPage));
const SessionPage = lazyPage(() => import("./session-page.tsx").then((module) => module.SessionPage));
const SessionsPage = lazyPage(() => import("./sessions-page.tsx").then((module) => module.SessionsPage));
const SettingsPage = lazyPage(() => import("./settings-page.tsx").then((module) => module.SettingsPage));
const TaskPage = lazyPage(() => import("./task-page.tsx").then((module) => module.TaskPage));
const TasksPage = lazyPage(() => import("./tasks-page.tsx").then((module) => module.TasksPage));
const OnboardingsPage = lazyPage(() => import("./onboarding-page.tsx").then((module) => module.OnboardingsPage));
const OnboardingPage = lazyPage(() => import("./onboarding-page.tsx").then((module) => module.OnboardingPage));

/** The frame around every page, or the login. */
export function App(): JSX.Element {
  const main = useMain();
  if (session.value === "out") return <LoginPage />;
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <div class="side">
        <header class="top">
          <h1>
            <a href="#/">mesh-six</a>
          </h1>
          <Live />
          <Tools />
        </header>
        <Navigation />
      </div>
      <main ref={main} tabIndex={-1}>
        <StaleNotice />
        <ReadModel />
        <Page at={place.value} />
      </main>
      <Overlay />
    </div>
  );
}

/** Another page begins at its top, and the keyboard goes on in it. A step back keeps where it was, which the browser sees to. */
function useMain(): { readonly current: HTMLElement | null } {
  const main = useRef<HTMLElement>(null);
  const shown = useRef(placeKey(place.value));
  const isBack = useRef(false);
  const key = placeKey(place.value);
  useEffect(() => {
    const note = (event: NavigateEvent) => (isBack.current = event.navigationType === "traverse");
    globalThis.navigation?.addEventListener("navigate", note);
    return () => globalThis.navigation?.removeEventListener("navigate", note);
  }, []);
  useEffect(() => {
    if (shown.current === key) return;
    shown.current = key;
    main.current?.focus({ preventScroll: true });
    if (!isBack.current) scrollTo(0, 0);
  }, [key]);
  return main;
}

function Page({ at }: { readonly at: Place }): JSX.Element {
  useEffect(() => forgetSettled, [at.page]);
  switch (at.page) {
    case "overview":
      return <OverviewPage />;
    case "projects":
      return <ProjectsPage />;
    case "project":
      return <ProjectPage key={at.name} name={at.name} />;
    case "project-settings":
      return <ProjectSettingsPage key={at.name} name={at.name} />;
    case "run":
      return <RunPage key={placeKey(at)} name={at.name} issue={at.issue} run={at.run} />;
    case "sessions":
      return <SessionsPage />;
    case "session":
      return <SessionPage key={at.id} id={at.id} />;
    case "agents":
      return <AgentsPage />;
    case "agent":
      return <AgentPage key={at.id} id={at.id} />;
    case "tasks":
      return <TasksPage />;
    case "task":
      return <TaskPage key={at.id} id={at.id} />;
    case "onboardings":
      return <OnboardingsPage />;
    case "onboarding":
      return <OnboardingPage key={at.id} id={at.id} />;
    case "settings":
      return <SettingsPage />;
    case "questions":
      return <QuestionsPage />;
    case "question":
      return <QuestionPage key={at.id} id={at.id} />;
    case "history":
      return <HistoryPage />;
    case "events":
      return <EventsPage />;
    case "cost":
      return <CostPage />;
  }
}

/** What the keys do, for those who press none. */
function Tools(): JSX.Element {
  return (
    <div class="tools">
      <button type="button" class="plain tool search" onClick={openSearch} aria-label="Search" title="Search ( / )">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M7 2a5 5 0 1 0 .01 0zM10.8 10.8 14.5 14.5" />
        </svg>
        <span class="wide">Search</span>
        <kbd class="wide" aria-hidden="true">
          /
        </kbd>
      </button>
      <button type="button" class="plain tool wide" onClick={openKeys} aria-label="Keys" title="Keys ( ? )">
        ?
      </button>
    </div>
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
