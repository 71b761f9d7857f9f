import type { ProjectKey, TaskId } from "../../core/ids.ts";
import type { TaskView } from "../../core/project/views.ts";
import { runnerCapabilities, trialResult } from "../../core/protocol/runner-work.ts";
import type { TrialResult, TrialWork } from "../../core/protocol/runner-work.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { ActivityFailure, done, profileOf } from "./activity.ts";
import type { ActivityContext, ActivityOutcome } from "./activity.ts";
import { onlineWith, runnerTask, taskIdOf } from "./runner-task.ts";

/** For clone and install, beside what the tests may take. */
const setupMs = 15 * minuteMs;
/** How long one look lasts: a step of the workflow costs, a wait in it does not. */
const lookMs = 90 * secondMs;

/** Has a runner clone, install and test the project. Each retry is a new trial; a workflow that was lost goes on waiting for the same one. */
export async function trial({ env, onboarding, policy }: ActivityContext): Promise<ActivityOutcome> {
  if (onboarding.request.skipTrial) return done("Left out, as asked");
  const profile = profileOf(onboarding);
  const id = taskIdOf(profile.key, onboarding.id, "trial", onboarding.retries);
  const able = await onlineWith(env, profile.key, runnerCapabilities.trial, undefined);
  const timeoutMs = setupMs + policy.qa.testTimeoutMs;
  const payload: TrialWork = {
    type: "trial",
    project: profile.name,
    cloneUrl: profile.cloneUrl,
    branch: profile.defaultBranch,
    installCommand: null,
    testCommand: policy.qa.testCommand,
    timeoutMs,
  };
  const spec = {
    id,
    capability: runnerCapabilities.trial,
    payload,
    priority: 8,
    timeoutSeconds: Math.min(86_400, Math.ceil((timeoutMs + minuteMs) / secondMs)),
    maxAttempts: 2,
    wait: true,
  };
  if (able.length === 0 && !(await hasBegun(env, profile.key, id))) throw nobody();
  const task = await runnerTask(env, profile.key, spec, lookMs);
  if (task === null || task.endedAt === null) return { type: "wait", forMs: secondMs };
  if (task.status !== "completed") throw notCarriedOut(task);
  const result = trialResult.safeParse(task.result);
  const by = task.attempts.at(-1)?.agent ?? "the runner";
  if (!result.success)
    throw new ActivityFailure(
      "trial-unreadable",
      `${by} answered the trial in a form that is not known.`,
      `Update the runner ${by}, then retry.`,
    );
  if (!result.data.ok) throw failed(result.data, by);
  const { installCommand, testCommand, durationMs } = result.data;
  const seconds = Math.round(durationMs / secondMs);
  const ran = [installCommand, testCommand].filter((command) => command !== null).map((command) => `\`${command}\``);
  const what = ran.length === 0 ? "cloned it; no way to install or test it was found" : `cloned it and ran ${ran.join(" and ")}`;
  return done(`${by} ${what}, in ${seconds} s`, { trial: { installCommand, testCommand } });
}

/** A trial that nobody has taken, and nobody can take, is withdrawn: a retry makes its own. */
async function hasBegun(env: Env, project: ProjectKey, id: TaskId): Promise<boolean> {
  const owner = orchestrator(env, project);
  const task = await owner.task(id);
  if (task === null) return false;
  if (task.endedAt !== null || task.attempts.length > 0) return true;
  await owner.apply({ id: `${id}:withdrawn`, at: now(), type: "task-cancelled", task: id, by: "onboarding" });
  return false;
}

function nobody(): ActivityFailure {
  return new ActivityFailure(
    "no-trial-runner",
    `No runner that serves the project is online with the capability ${runnerCapabilities.trial}.`,
    "Bring the runner back, or update it to the mesh's version; then retry. Or onboard anew with skipTrial.",
  );
}

function notCarriedOut({ error, attempts, status }: TaskView): ActivityFailure {
  const by = attempts.at(-1)?.agent;
  const because = error?.message ?? status;
  return new ActivityFailure(
    `trial-${error?.kind ?? status}`,
    `The trial was not carried out${by === undefined ? "" : ` by ${by}`}: ${because}`,
    "Look at the runner's own output, mend what it names, then retry.",
  );
}

function failed({ step, exitCode, timedOut, installCommand, testCommand, tail }: TrialResult, by: string): ActivityFailure {
  const command = step === "install" ? installCommand : step === "test" ? testCommand : null;
  const what = command === null ? step : `\`${command}\``;
  const how = timedOut ? "did not end in time" : `ended with exit code ${exitCode ?? "unknown"}`;
  const fixes = {
    clone: "Look whether the runner's machine reaches the repository, and whether the mesh has a credential that may read it.",
    install: "Install on the runner's machine what the command needs, or mend it in the repository.",
    test: "Mend the tests on the default branch, or name another command: onboard anew with overrides.qa.testCommand.",
  } as const;
  return new ActivityFailure(
    timedOut ? "trial-timed-out" : `trial-${step}-failed`,
    `On ${by} ${what} ${how}. The end of its output:\n${tail === "" ? "(nothing)" : tail}`,
    `${fixes[step]}\nThen retry; the trial is made anew.`,
  );
}
