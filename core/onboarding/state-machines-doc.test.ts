import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { failure, first, HeardMesh, requestFor, second } from "./onboarding-fixture.ts";
import { hourMs } from "../time.ts";
import { mostLosses, mostPaused } from "./transition.ts";
import type { OnboardingActivity } from "./view.ts";

const doc = readFileSync(new URL("../../docs/state-machines.md", import.meta.url), "utf8");
const lines = doc.split("\n");
const from = lines.findIndex((line) => line.startsWith("| Onboarding |")) + 2;
const rows = lines
  .slice(
    from,
    lines.findIndex((line, at) => at > from && !line.startsWith("|")),
  )
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const waiting = (mesh: HeardMesh) =>
  mesh.say({ type: "onboarding-waiting", onboarding: first, attempt: mesh.get().attempt, login: { mode: "api-key" } });
const failed = (mesh: HeardMesh, activity: OnboardingActivity, attempt = mesh.get().attempt) =>
  mesh.say({ type: "onboarding-failed", onboarding: first, attempt, activity, ...failure });
const lost = (mesh: HeardMesh) => mesh.say({ type: "onboarding-resumed", onboarding: first, attempt: mesh.get().attempt });
const retried = (mesh: HeardMesh) => mesh.say({ type: "onboarding-retried", onboarding: first, by: "operator" });
const paused = (mesh: HeardMesh, forMs: number) =>
  mesh.say(
    {
      type: "onboarding-paused",
      onboarding: first,
      attempt: mesh.get().attempt,
      activity: mesh.get().activity ?? "validate",
      service: "GitHub",
      until: hourMs + forMs,
      message: "later",
    },
    hourMs,
  );
const begun = (mesh: HeardMesh, activity: OnboardingActivity) =>
  mesh.say({ type: "onboarding-step-begun", onboarding: first, attempt: mesh.get().attempt, activity });

/** One that stands there, in its second attempt. */
const places: Record<string, () => HeardMesh> = {
  pending: () => at("validate"),
  "pending: board": () => having(at("board"), (mesh) => (failed(mesh, "board"), retried(mesh))),
  "running: board": () => at("board"),
  "running: login": () => at("login"),
  "running: settings": () => at("settings"),
  "waiting_auth: login": () => having(at("login"), waiting),
  "failed: board": () => having(at("board"), (mesh) => failed(mesh, "board")),
  completed: () => having(at("settings"), (mesh) => mesh.done("settings")),
};

const inputs: Record<string, (mesh: HeardMesh) => void> = {
  "step begun: validate": (mesh) => begun(mesh, "validate"),
  "step begun: board": (mesh) => begun(mesh, "board"),
  "step begun: login": (mesh) => begun(mesh, "login"),
  "step done: validate": (mesh) => mesh.done("validate"),
  "step done: board": (mesh) => mesh.done("board"),
  "step done: webhook": (mesh) => mesh.done("webhook"),
  "step done: login": (mesh) => mesh.done("login"),
  "step done: settings": (mesh) => mesh.done("settings"),
  "step done: board, of an older attempt": (mesh) =>
    mesh.say({ type: "onboarding-step-done", onboarding: first, attempt: 1, activity: "board", summary: "s", found: {} }),
  "failed: validate": (mesh) => failed(mesh, "validate"),
  "failed: board": (mesh) => failed(mesh, "board"),
  "failed: trial": (mesh) => failed(mesh, "trial"),
  "failed: login": (mesh) => failed(mesh, "login"),
  "failed: board, of an older attempt": (mesh) => failed(mesh, "board", 1),
  "waiting for a login": waiting,
  "asked to wait": (mesh) => paused(mesh, hourMs),
  "asked to wait too long": (mesh) => paused(mesh, mostPaused.ms + 1),
  "workflow lost": lost,
  "workflow lost 13 times in a row": (mesh) => {
    for (let time = mesh.get().losses; time <= mostLosses; time += 1) lost(mesh);
  },
  retried,
  "retried, while a newer one is active": (mesh) => {
    mesh.say({ type: "onboarding-requested", onboarding: second, request: requestFor(), by: "operator" });
    retried(mesh);
  },
};

function at(activity: OnboardingActivity): HeardMesh {
  return having(new HeardMesh().before(activity), lost);
}

function having(mesh: HeardMesh, said: (mesh: HeardMesh) => void): HeardMesh {
  said(mesh);
  return mesh;
}

function placeOf(mesh: HeardMesh): string {
  const { status, activity } = mesh.get();
  return activity === null ? status : `${status}: ${activity}`;
}

test.each(rows)("%s: %s → %s", (place, input, next) => {
  const reach = places[place ?? ""];
  const hear = inputs[input ?? ""];
  if (!reach || !hear) throw new Error(`the test knows no "${place}" or no "${input}"`);
  const mesh = reach();
  expect(placeOf(mesh)).toBe(place);
  hear(mesh);
  expect(placeOf(mesh)).toBe(next);
});

test("every place and every input has a row, and none stands twice", () => {
  expect(Object.keys(places).filter((place) => !rows.some(([each]) => each === place))).toEqual([]);
  expect(Object.keys(inputs).filter((input) => !rows.some(([, each]) => each === input))).toEqual([]);
  const keys = rows.map(([place, input]) => `${place}: ${input}`);
  expect(keys).toEqual([...new Set(keys)]);
});
