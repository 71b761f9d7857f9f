import { parseSettings } from "../../platform/config.ts";
import { vaultReadiness } from "../credentials/vault-readiness.ts";
import { problem } from "./errors.ts";
import type { Routes } from "./routes.ts";

const bindings = [
  "ORCHESTRATORS",
  "POOL",
  "MAILBOXES",
  "LIVE",
  "FEEDS",
  "SETTINGS",
  "VAULTS",
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
      summary: "Bindings and settings present, and the Vault opens with the present MASTER_KEY",
      access: "public",
      answers: { 200: "ready", 503: "something is missing; each is named" },
    },
    async (c) => {
      const settings = parseSettings(c.env);
      const missing = [
        ...bindings.filter((name) => !c.env[name]).map((name) => ({ path: name, message: "binding missing" })),
        ...(settings.ok ? [] : settings.error),
      ];
      if (missing.length > 0) return problem(503, "not-configured", "Settings or bindings are missing.", missing);
      const sealed = await vaultReadiness(c.env);
      return sealed.length === 0 ? c.json({ status: "ready" }) : problem(503, "vault-closed", "The Vault cannot be opened.", sealed);
    },
  );
}
