import { parseSettings } from "../../platform/config.ts";
import { problem } from "./errors.ts";
import type { Routes } from "./routes.ts";

const bindings = [
  "ORCHESTRATORS",
  "POOL",
  "MAILBOXES",
  "LIVE",
  "SETTINGS",
  "INBOUND",
  "TASKS",
  "EFFECTS",
  "GITHUB_WRITES",
  "PROJECTIONS",
  "ARCHIVE",
  "REPLIES",
] as const satisfies readonly (keyof Env)[];

/** Alive, and ready: every binding and setting is there, or named. */
export function addHealth(routes: Routes): void {
  routes.add({ method: "get", path: "/healthz", tag: "health", summary: "Alive", access: "public", answers: { 200: "alive" } }, (c) =>
    c.json({ status: "ok" }),
  );
  routes.add(
    {
      method: "get",
      path: "/readyz",
      tag: "health",
      summary: "Bindings and settings present",
      access: "public",
      answers: { 200: "ready", 503: "something is missing; each is named" },
    },
    (c) => {
      const settings = parseSettings(c.env);
      const issues = [
        ...bindings.filter((name) => !c.env[name]).map((name) => ({ path: name, message: "binding missing" })),
        ...(settings.ok ? [] : settings.error),
      ];
      return issues.length === 0
        ? c.json({ status: "ready" })
        : problem(503, "not-configured", "Settings or bindings are missing.", issues);
    },
  );
}
