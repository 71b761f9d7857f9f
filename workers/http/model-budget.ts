import { projectNamed } from "../registry.ts";
import { notFound } from "./errors.ts";
import { projectParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

/** What a project has spent at the model gateway. */
export function addModelBudget(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/projects/:owner/:name/budget",
      tag: "projects",
      summary: "What the project may spend at the model gateway, and has spent there; asked for now",
      access: "viewer",
      params: projectParams,
      answers: {
        200: "`kind`: litellm, ai-gateway or plain; `budget`: null when there is none, or the gateway does not tell",
        404: "unknown",
        502: "the gateway refused; `reason` says what",
      },
    },
    async (c, { params }) => {
      const profile = await projectNamed(c.env, params.project);
      if (!profile) return notFound("project");
      const { modelBudget } = c.get("createClients")(c.env);
      return c.json({ kind: modelBudget.kind, budget: await modelBudget.spend(profile.name) });
    },
  );
}
