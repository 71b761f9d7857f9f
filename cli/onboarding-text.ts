import type { LoginPrompt, OnboardingView } from "../core/onboarding/view.ts";
import { cleanLine, cleanText } from "./clean-text.ts";
import type { Colours, Output } from "./output.ts";
import { relative, shortWhen, when } from "./when.ts";

const marks = { works: "✓", degraded: "~", missing: "✗" } as const;

/** An onboarding as it stands. */
export function showOnboarding(out: Output, view: OnboardingView): void {
  const { colours } = out;
  out.pairs([
    ["onboarding", view.id],
    ["repository", view.repository],
    ["status", view.status, statusColour(view.status, colours)],
    ["at", view.activity ? `${view.phase}: ${view.activity}` : view.phase],
    ["waits until", view.pause && `${when(view.pause.until)}, because ${view.pause.service} asks`],
    ["board", view.board?.url],
    ["begun", `${when(view.createdAt)} by ${view.requestedBy}`],
    ["attempt", view.attempt > 1 ? String(view.attempt) : null],
  ]);
  if (view.completed.length > 0) out.line();
  for (const { activity, summary, at } of view.completed) stepLine(out, activity, `${summary}`, shortWhen(at));
  showPermissions(out, view);
  if (view.login && view.status === "waiting_auth") showLogin(out, view.login);
  showError(out, view);
}

/** A finished step: a tick, its name, and what was found or made. */
export function stepLine(out: Output, activity: string, summary: string, at: string = ""): void {
  const { colours } = out;
  const indent = " ".repeat(activityWidth + 4);
  const [first = "", ...rest] = wrappedSummary(out, summary, indent.length + (at === "" ? 0 : at.length + 2));
  out.line(`${colours.green("✓")} ${activity.padEnd(activityWidth)}  ${first}${at ? `  ${colours.dim(at)}` : ""}`);
  for (const line of rest) out.line(`${indent}${line}`);
}

const activityWidth = 13;

function wrappedSummary(out: Output, summary: string, indent: number): string[] {
  return cleanText(summary)
    .split("\n")
    .flatMap((line) => out.wrap(line, indent));
}

/** What will not work, or works otherwise; what works is not worth a line. */
export function showPermissions(out: Output, { permissions }: OnboardingView): void {
  const { colours } = out;
  for (const { name, result, detail, fix } of permissions.filter((one) => one.result !== "works")) {
    const paint = result === "missing" ? colours.red : colours.yellow;
    out.line(`${paint(marks[result])} ${cleanLine(name)}`);
    out.text(detail, "    ");
    if (fix) out.text(`→ ${fix}`, "    ");
  }
}

/** What a person has to do for the login, so that it cannot be overlooked. */
export function showLogin(out: Output, login: LoginPrompt): void {
  const { colours } = out;
  const large = (text: string): void => out.line(`\n      ${colours.bold(colours.inverse(`  ${cleanLine(text)}  `))}`);
  out.line();
  if (login.mode === "device" && login.deviceUrl && login.userCode) {
    out.line("  Open this page, and type the code there:");
    large(login.deviceUrl);
    large(login.userCode);
  } else if (login.mode === "runner" && login.command) {
    out.line(`  On the runner ${colours.bold(cleanLine(login.runner ?? "that will work on this project"))}, run:`);
    large(login.command);
  } else {
    out.line("  The coding agents need a key. It is kept encrypted and given only to runners of this project.");
  }
  if (login.expiresAt !== undefined) out.line(`\n  ${colours.dim(`until ${when(login.expiresAt)}`)}`);
  out.line();
}

/** Why it stopped, what to do, and how to go on. */
export function showError(out: Output, { id, error }: OnboardingView): void {
  if (error === null) return;
  const { colours } = out;
  out.line(
    `${colours.red("✗")} ${colours.bold(error.activity)}: ${cleanLine(error.message)} ${colours.dim(`(${cleanLine(error.reason)})`)}`,
  );
  out.line(`\n${colours.bold("To mend it:")}`);
  out.text(error.fix, "  ");
  out.line(`\nThen: ${colours.bold(`mesh onboard retry ${id}`)}`);
}

export function statusColour(status: OnboardingView["status"], colours: Colours): (text: string) => string {
  return {
    pending: colours.cyan,
    running: colours.cyan,
    waiting_auth: colours.yellow,
    completed: colours.green,
    failed: colours.red,
  }[status];
}

/** How long it took, for the last line. */
export function tookText({ createdAt, updatedAt }: OnboardingView): string {
  return relative(createdAt, updatedAt).replace(" ago", "");
}
