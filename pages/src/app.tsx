import { computed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { forgetSettled } from "./answering.ts";
import { LoginPage } from "./login-page.tsx";
import { liveState, logOut, notice, projects, refusedEvents, session } from "./mesh-store.ts";
import { waitingOnboardings } from "./onboarding-store.ts";
import { lazyPage } from "./lazy-page.tsx";
import { place, type Place } from "./place.ts";
import { ProjectsPage } from "./projects-page.tsx";
import { liveQuestions } from "./question-list.ts";
import { QuestionPage, QuestionsPage } from "./questions-page.tsx";
import { StaleNotice } from "./stale-notice.tsx";
import { now, renderClock } from "./when.tsx";

// What a person opens first is there at once; every other page comes when it is asked for.
const AgentPage = lazyPage(() => import("./agent-page.tsx").then((module) => module.AgentPage));
const AgentsPage = lazyPage(() => import("./agents-page.tsx").then((module) => module.AgentsPage));
const HistoryPage = lazyPage(() => import("./history-page.tsx").then((module) => module.HistoryPage));
const ProjectPage = lazyPage(() => import("./project-page.tsx").then((module) => module.ProjectPage));
const SessionPage = lazyPage(() => import("./session-page.tsx").then((module) => module.SessionPage));
const SessionsPage = lazyPage(() => import("./sessions-page.tsx").then((module) => module.SessionsPage));
const SettingsPage = lazyPage(() => import("./settings-page.tsx").then((module) => module.SettingsPage));
const TaskPage = lazyPage(() => import("./task-page.tsx").then((module) => module.TaskPage));
const TasksPage = lazyPage(() => import("./tasks-page.tsx").then((module) => module.TasksPage));
const OnboardingsPage = lazyPage(() => import("./onboarding-page.tsx").then((module) => module.OnboardingsPage));
const OnboardingPage = lazyPage(() => import("./onboarding-page.tsx").then((module) => module.OnboardingPage));

/** How many questions wait for a person. */
export const waitingForPeople = computed(
  () => liveQuestions(projects.value ?? []).filter(({ question }) => question.status === "with-human").length,
);

export function App(): JSX.Element {
  if (session.value === "out") return <LoginPage />;
  const { page } = place.value;
  const waiting = waitingForPeople.value;
  return (
    <>
      <header class="top">
        <h1>mesh-six</h1>
        <nav aria-label="Pages">
          <a href="#/" aria-current={page === "projects" || page === "project" ? "page" : undefined}>
            Projects
          </a>
          <a href="#/questions" aria-current={page === "questions" ? "page" : undefined}>
            Questions
            <Count waiting={waiting} />
          </a>
          <a href="#/sessions" aria-current={page === "sessions" || page === "session" ? "page" : undefined}>
            Sessions
          </a>
          <a href="#/agents" aria-current={page === "agents" || page === "agent" ? "page" : undefined}>
            Agents
          </a>
          <a href="#/tasks" aria-current={page === "tasks" || page === "task" ? "page" : undefined}>
            Tasks
          </a>
          <a href="#/onboarding" aria-current={page === "onboardings" || page === "onboarding" ? "page" : undefined}>
            Onboarding
            <Count waiting={waitingOnboardings.value} />
          </a>
          <a href="#/settings" aria-current={page === "settings" ? "page" : undefined}>
            Settings
          </a>
          <a href="#/history" aria-current={page === "history" ? "page" : undefined}>
            History
          </a>
        </nav>
        <Live />
      </header>
      <main>
        <StaleNotice />
        <ReadModel />
        <Page at={place.value} />
      </main>
      <footer>
        <button class="plain" onClick={() => void logOut()}>
          Log out
        </button>
      </footer>
    </>
  );
}

function Count({ waiting }: { readonly waiting: number }): JSX.Element | null {
  if (waiting === 0) return null;
  return (
    <>
      {" "}
      <span class="count">
        {waiting}
        <span class="unseen"> waiting</span>
      </span>
    </>
  );
}

function Page({ at }: { readonly at: Place }): JSX.Element {
  useEffect(() => forgetSettled, [at.page]);
  switch (at.page) {
    case "projects":
      return <ProjectsPage />;
    case "project":
      return <ProjectPage key={at.name} name={at.name} />;
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
  }
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
