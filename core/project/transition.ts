import type { EventBody } from "../events.ts";
import { runRef } from "../ids.ts";
import type { Applied, InputOf, ProjectInput } from "../inputs.ts";
import { viewRun } from "../lifecycle/view.ts";
import type { OnboardingView } from "../onboarding/view.ts";
import { mergeOverrides, parsePolicy } from "../policy.ts";
import { closeProject } from "./close-project.ts";
import { dispatch } from "./dispatch.ts";
import type { Configuration, ProjectChange, ProjectLookup } from "./lookup.ts";
import { fail, finish } from "./route-effects.ts";
import { meshCapUsd } from "./mesh-cap.ts";
import { hearMeshDay, reportSpend, weighRuns } from "./mesh-day.ts";
import { changeMeshState } from "./mesh-state.ts";
import { request, tell } from "./route-onboardings.ts";
import { answer, command, loseCard, observeBranch, observeCard, observeComment, observePull, passRunTime } from "./route-runs.ts";
import { cancelTask, declineHandover, endAttempt, loseContact, passTaskTime, receive, regainContact, submit } from "./route-tasks.ts";
import { recordCredential } from "./record-credential.ts";
import { contextOf } from "./tell-run.ts";
import { grantTurns } from "./turns.ts";
import { WorkingSet } from "./working-set.ts";

/**
 * What an input makes of a project: it goes to the run and task it is about, what those want is collected, waiting runs get their turn, and
 * every run whose view changed is told of once.
 */
export function transitionProject(lookup: ProjectLookup, input: ProjectInput): ProjectChange {
  const set = new WorkingSet(lookup, input);
  const applied = route(set, input);
  if (set.hasChangedRuns || input.type === "project-configured") grantTurns(set);
  if (set.hasChangedRuns) tellViews(set);
  reportSpend(set);
  if (applied.status !== "applied" && leavesMark(input)) set.emit(ignoredEvent(input, applied));
  return set.change(applied);
}

function route(set: WorkingSet, input: ProjectInput): Applied {
  switch (input.type) {
    case "project-configured":
      return configure(set, input);
    case "project-closed":
      return closeProject(set, input);
    case "mesh-state-changed":
      return changeMeshState(set, input);
    case "mesh-day-spent":
      return hearMeshDay(set, input);
    case "card-observed":
      return observeCard(set, input);
    case "card-gone":
      return loseCard(set, input);
    case "comment-observed":
      return observeComment(set, input);
    case "pull-request-observed":
      return observePull(set, input);
    case "branch-observed":
      return observeBranch(set, input);
    case "tasks-submitted":
      return submit(set, input.tasks);
    case "task-cancelled":
      return cancelTask(set, input);
    case "agents-offered":
      dispatch(set, input.candidates);
      return { status: "applied" };
    case "reports-received":
      return receive(set, input);
    case "handover-declined":
      return declineHandover(set, input);
    case "attempt-ended":
      return endAttempt(set, input);
    case "contact-lost":
      return loseContact(set, input);
    case "contact-regained":
      return regainContact(set, input);
    case "effect-done":
      return finish(set, input);
    case "effect-failed":
      return fail(set, input);
    case "time-passed":
      passTaskTime(set);
      passRunTime(set);
      return { status: "applied" };
    case "credential-recorded":
      return recordCredential(set, input);
    case "human-answered":
      return answer(set, input);
    case "operator-commanded":
      return command(set, input);
    case "onboarding-requested":
      return request(set, input);
    case "onboarding-step-begun":
    case "onboarding-step-done":
    case "onboarding-waiting":
    case "onboarding-paused":
    case "onboarding-failed":
    case "onboarding-retried":
    case "onboarding-resumed":
      return tell(set, input);
  }
}

function configure(set: WorkingSet, { profile, meshOverrides, formerRuns }: InputOf<"project-configured">): Applied {
  if (set.configuration?.closed) return { status: "ignored", reason: "project-closed" };
  const policy = parsePolicy(mergeOverrides(meshOverrides, profile.overrides));
  if (!policy.ok) return { status: "refused", reason: "invalid-policy", detail: policy.error[0]?.path ?? "" };
  const before = set.configuration;
  const { reported, ...kept } = before ?? {};
  // In another life of the project nothing of its day was reported yet.
  const life = formerRuns === undefined ? (reported === undefined ? {} : { reported }) : { formerRuns };
  const configuration: Configuration = { ...kept, profile, meshOverrides, ...life };
  if (JSON.stringify(set.configuration) === JSON.stringify(configuration)) return { status: "ignored", reason: "unchanged" };
  set.configure(configuration, policy.value);
  set.emit({ type: "project-configured", data: { profile } });
  if (before !== null && meshCapUsd(before) !== meshCapUsd(configuration)) weighRuns(set);
  return { status: "applied" };
}

function tellViews(set: WorkingSet): void {
  for (const run of set.changedRuns) {
    const context = contextOf(set, run.spend.earlierUsd);
    if (context === undefined) continue;
    const before = set.lookup.run(run.issue, run.run);
    const view = viewRun(run, context);
    if (before !== undefined && JSON.stringify(viewRun(before, context)) === JSON.stringify(view)) continue;
    set.emit({ type: "run-changed", issue: run.issue, run: run.run, data: { view } });
  }
}

/** A person's or an operator's input that came to nothing is journaled; polls of what is known already are not. */
function leavesMark(input: ProjectInput): boolean {
  return input.type === "human-answered" || input.type === "operator-commanded" || input.type === "task-cancelled";
}

function ignoredEvent(input: ProjectInput, applied: Applied) {
  const type = applied.status === "refused" ? ("input-refused" as const) : ("input-ignored" as const);
  const issue = input.type === "operator-commanded" ? { issue: input.issue } : {};
  return { type, ...issue, data: { input: input.type, reason: applied.reason ?? "" } };
}

/** What belongs together in the journal: the run, else the task, the onboarding, else the input. */
export function traceOf(
  event: Pick<EventBody, "type" | "data"> & { readonly issue?: number; readonly run?: number; readonly task?: string },
  inputId: string,
): string {
  if (event.type === "onboarding-changed") return (event.data["view"] as OnboardingView).id;
  if (event.issue !== undefined && event.run !== undefined) return runRef(event.issue, event.run);
  return event.task ?? inputId;
}
