import { diagnose } from "../diagnosis.ts";
import { pointsLeft } from "../points-left.ts";
import type { Routes } from "./routes.ts";

/** What the mesh knows of its own health; `mesh doctor` asks for it. */
export function addDiagnosis(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/ops/diagnosis",
      tag: "operations",
      summary: "Clock, version, last reconcile, whether database and GitHub answer, and how far the read model follows each journal",
      access: "viewer",
      answers: { 200: "the diagnosis; what does not answer is part of it" },
    },
    async (c) => c.json(await diagnose(c.env, c.get("createClients")(c.env))),
  );
  routes.add(
    {
      method: "get",
      path: "/ops/points",
      tag: "operations",
      summary: "GitHub's points that each credential has left this hour, the fewest first; asks GitHub, which costs none",
      access: "viewer",
      answers: { 200: "the credentials, by the projects that live on them; `detail` of one that GitHub does not tell of" },
    },
    async (c) => c.json({ items: await pointsLeft(c.env, c.get("createClients")(c.env)), cursor: null }),
  );
}
