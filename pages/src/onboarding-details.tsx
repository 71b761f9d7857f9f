import type { JSX } from "preact";
import { onboardingActivities, onboardingPhases, phaseOfActivity } from "../../core/onboarding/view.ts";
import type { OnboardingActivity, OnboardingPhase, OnboardingView, PermissionCheck } from "../../core/onboarding/view.ts";
import { post } from "./api.ts";
import { useCommand } from "./command.ts";
import { Copyable } from "./copyable.tsx";
import { stepsOf } from "./fix-steps.ts";
import { Mark, type Standing } from "./mark.tsx";
import { role } from "./mesh-store.ts";
import { OnboardingLogin } from "./onboarding-login.tsx";
import { OnboardingStatus } from "./onboarding-status.tsx";
import { hearOnboarding } from "./onboarding-store.ts";
import { OutsideLink } from "./outside-link.tsx";
import { OutsideName } from "./outside-name.tsx";
import { OutsideText } from "./outside-text.tsx";
import { Refusal } from "./refusal.tsx";
import { Ago, now, renderClock } from "./when.tsx";

const phaseNames: Readonly<Record<OnboardingPhase, string>> = {
  initialisation: "Initialisation",
  environment: "Environment",
  "login-and-settings": "Login and settings",
};

const activityNames: Readonly<Record<OnboardingActivity, string>> = {
  validate: "Check what the mesh may do",
  board: "Board with its columns and fields",
  registry: "Register the project",
  webhook: "Webhooks",
  storage: "Storage",
  "dev-container": "Dev container",
  runner: "A runner that can work on it",
  trial: "Clone, install and test it once",
  login: "The coding agent's login",
  "model-budget": "Model budget",
  settings: "Settings",
};

/** One onboarding: what a person has to do first, then its phases with what was done. */
export function OnboardingDetails({ view }: { readonly view: OnboardingView }): JSX.Element {
  return (
    <article class="onboarding" aria-label={`Onboarding of ${view.repository}`}>
      <header class="run-head">
        <OnboardingStatus view={view} />
        <h2>{view.status === "completed" ? <a href={`#/projects/${view.repository}`}>{view.repository}</a> : view.repository}</h2>
        <span class="quiet">
          {view.attempt > 1 && `try ${view.attempt} · `}by <OutsideName text={view.requestedBy} most={80} /> · begun{" "}
          <Ago at={view.createdAt} />
          {" · changed "}
          <Ago at={view.updatedAt} />
        </span>
      </header>
      <p role="status" class="explain">
        <OutsideText text={view.explain} most={600} />
      </p>
      {view.status === "waiting_auth" && <OnboardingLogin view={view} />}
      {view.error && <Failed view={view} error={view.error} />}
      {view.board && (
        <p>
          <OutsideLink to={view.board.url}>Board</OutsideLink> <span class="quiet">observed by {view.board.observedBy}</span>
        </p>
      )}
      <div class="phases">
        {onboardingPhases.map((phase) => (
          <Phase key={phase} phase={phase} view={view} />
        ))}
      </div>
      {view.permissions.length > 0 && <Permissions checks={view.permissions} />}
    </article>
  );
}

function Phase({ phase, view }: { readonly phase: OnboardingPhase; readonly view: OnboardingView }): JSX.Element {
  const activities = onboardingActivities.filter((activity) => phaseOfActivity[activity] === phase);
  return (
    <section class="panel" aria-label={phaseNames[phase]}>
      <h3>{phaseNames[phase]}</h3>
      <ol class="activities">
        {activities.map((activity) => (
          <Activity key={activity} activity={activity} view={view} />
        ))}
      </ol>
    </section>
  );
}

const standingWords: Readonly<Record<Standing, string>> = {
  done: "done",
  now: "now",
  next: "to come",
  failed: "failed",
  warned: "works otherwise",
};

function Activity({ activity, view }: { readonly activity: OnboardingActivity; readonly view: OnboardingView }): JSX.Element {
  const done = view.completed.find((one) => one.activity === activity);
  const standing = done ? "done" : view.error?.activity === activity ? "failed" : view.activity === activity ? "now" : "next";
  return (
    <li class={standing} aria-current={standing === "now" ? "step" : undefined}>
      <Mark standing={standing} word={standingWords[standing]} />
      <span>
        {activityNames[activity]}
        {done && (
          <span class="quiet">
            <OutsideText text={done.summary} linked /> · <Ago at={done.at} />
          </span>
        )}
        {standing === "now" && view.pause && (
          <span class="quiet">
            waits until {renderClock(view.pause.until, now.value)} because {view.pause.service} asks
          </span>
        )}
      </span>
    </li>
  );
}

function Failed({ view, error }: { readonly view: OnboardingView; readonly error: NonNullable<OnboardingView["error"]> }): JSX.Element {
  const command = useCommand();
  async function retry(): Promise<void> {
    const begun = await command.run(() => post<OnboardingView>(`/onboard/${encodeURIComponent(view.id)}/retry`));
    if (begun) hearOnboarding(begun.value);
  }
  return (
    <section class="notice bad" aria-labelledby="failed">
      <h3 id="failed">It stopped at: {activityNames[error.activity]}</h3>
      <p>
        <OutsideText text={error.message} block /> <code class="quiet">{error.reason}</code>
      </p>
      <h4>To go on</h4>
      <ol class="steps">
        {stepsOf(error.fix).map(({ text, commands }, place) => (
          <li key={place}>
            <OutsideText text={text} linked />
            {commands.map((line) => (
              <Copyable key={line} text={line} what="command" />
            ))}
          </li>
        ))}
      </ol>
      {role.value === "operator" && (
        <button disabled={command.busy.value} onClick={() => void retry()}>
          {command.busy.value ? "Trying again…" : "Try again from here"}
        </button>
      )}
      <Refusal failure={command.failure.value} />
    </section>
  );
}

const results: Readonly<Record<PermissionCheck["result"], readonly [Standing, string]>> = {
  works: ["done", "works"],
  degraded: ["warned", "works otherwise"],
  missing: ["failed", "missing"],
};

function Permissions({ checks }: { readonly checks: readonly PermissionCheck[] }): JSX.Element {
  const faults = checks.filter(({ result }) => result !== "works").length;
  return (
    <details class="panel" open={faults > 0}>
      <summary>
        What the mesh may do: {checks.length - faults} of {checks.length} work
      </summary>
      <ul class="activities">
        {checks.map(({ name, result, detail, fix }) => (
          <li key={name} class={results[result][0]}>
            <Mark standing={results[result][0]} word={results[result][1]} />
            <span>
              {name.replaceAll("-", " ")}
              <span class="quiet">
                <OutsideText text={detail} />
              </span>
              {fix && (
                <span class="fix">
                  <OutsideText text={fix} linked />
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
