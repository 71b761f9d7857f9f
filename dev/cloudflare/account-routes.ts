import type { Hono } from "hono";
import * as z from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { answer, answerPage, Refusal } from "./refusal.ts";
import { now, type Account } from "./state.ts";

/** Who one is, and the account's buckets, subdomain and workflows. */
export function addAccountRoutes(app: Hono<StandInEnv>, accounts: ReadonlyMap<string, Account>, accountOf: (id: string) => Account): void {
  const base = "/client/v4/accounts/:account";
  app.get("/client/v4/user/tokens/verify", (c) => answer(c, { id: "token", status: "active" }));
  app.get("/client/v4/accounts", (c) =>
    answerPage(
      c,
      [...accounts.values()].map(({ id, name }) => ({ id, name, type: "standard" })),
    ),
  );
  app.get("/client/v4/memberships", (c) =>
    answerPage(
      c,
      [...accounts.values()].map(({ id, name }) => ({ id: `m-${id}`, status: "accepted", account: { id, name } })),
    ),
  );
  app.get(`${base}/tokens/verify`, (c) => answer(c, { id: accountOf(c.req.param("account")).id, status: "active" }));

  app.get(`${base}/r2/buckets`, (c) => {
    const all = [...accountOf(c.req.param("account")).buckets.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const after = c.req.query("cursor") ?? "";
    const perPage = Math.min(1_000, Number(c.req.query("per_page") ?? 20));
    const left = all.filter(({ name }) => name > after);
    const buckets = left.slice(0, perPage);
    const cursor = left.length > perPage ? (buckets.at(-1)?.name ?? "") : "";
    return answer(c, { buckets }, { per_page: perPage, ...(cursor === "" ? {} : { cursor }) });
  });
  app.get(`${base}/r2/buckets/:name`, (c) => {
    const bucket = accountOf(c.req.param("account")).buckets.get(c.req.param("name"));
    if (!bucket) throw new Refusal(404, 10006, "The specified bucket does not exist.");
    return answer(c, bucket);
  });
  app.post(`${base}/r2/buckets`, async (c) => {
    const { buckets } = accountOf(c.req.param("account"));
    const parsed = z.looseObject({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/) }).safeParse(await c.req.json());
    if (!parsed.success) throw new Refusal(400, 10005, "The specified bucket name is not valid.");
    const { name } = parsed.data;
    if (buckets.has(name)) throw new Refusal(409, 10004, "The bucket you tried to create already exists, and you own it.");
    buckets.set(name, { name, creation_date: now() });
    return answer(c, buckets.get(name));
  });

  app.get(`${base}/workers/subdomain`, (c) => {
    const { subdomain } = accountOf(c.req.param("account"));
    if (subdomain === null) throw new Refusal(404, 10007, "You do not have a workers.dev subdomain.");
    return answer(c, { subdomain });
  });

  app.get(`${base}/workflows/:name`, (c) => {
    const workflow = accountOf(c.req.param("account")).workflows.get(c.req.param("name"));
    if (!workflow) throw new Refusal(404, 10200, "workflow.not_found");
    return answer(c, workflow);
  });
  app.put(`${base}/workflows/:name`, async (c) => {
    const account = accountOf(c.req.param("account"));
    const body = z.looseObject({ script_name: z.string(), class_name: z.string() }).parse(await c.req.json());
    if (account.subdomain === null) throw new Refusal(400, 10063, "Workflows need a workers.dev subdomain.");
    if (!account.scripts.has(body.script_name)) throw new Refusal(404, 10007, "workers.api.error.script_not_found");
    const workflow = { name: c.req.param("name"), script_name: body.script_name, class_name: body.class_name };
    account.workflows.set(workflow.name, workflow);
    return answer(c, workflow);
  });
}
