import type { Hono } from "hono";
import * as z from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { answer, Refusal } from "./refusal.ts";
import { newId, now, type Account, type Binding, type PagesDeployment, type PagesProject } from "./state.ts";

const variable = z.looseObject({ type: z.string().optional(), value: z.string().optional() }).nullable();
const environment = z.looseObject({ env_vars: z.record(z.string(), variable).nullish() });
const patch = z.looseObject({
  deployment_configs: z.looseObject({ production: environment.optional(), preview: environment.optional() }).optional(),
});
const hashes = z.object({ hashes: z.array(z.string()) });

/** Pages: projects, files, deployments. https://developers.cloudflare.com/api/resources/pages/ */
export function addPagesRoutes(app: Hono<StandInEnv>, accountOf: (id: string) => Account, isTaken: (subdomain: string) => boolean): void {
  const base = "/client/v4/accounts/:account/pages/projects";
  const projectIn = (c: { req: { param(name: "account" | "project"): string } }): PagesProject =>
    projectOf(accountOf(c.req.param("account")), c.req.param("project"));

  app.post(base, async (c) => {
    const account = accountOf(c.req.param("account"));
    const body = z
      .looseObject({ name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,57}$/), production_branch: z.string().min(1) })
      .parse(await c.req.json());
    if (account.projects.has(body.name))
      throw new Refusal(409, 8000002, "A project with this name already exists. Choose a different project name.");
    // Names under pages.dev are everyone's: one that is taken gets a suffix.
    const subdomain = isTaken(body.name) ? `${body.name}-${newId().slice(0, 3)}` : body.name;
    const project: PagesProject = {
      name: body.name,
      subdomain: `${subdomain}.pages.dev`,
      createdAt: now(),
      productionBranch: body.production_branch,
      variables: { production: {}, preview: {} },
      deployments: [],
      canonical: null,
    };
    account.projects.set(project.name, project);
    return answer(c, rendered(project));
  });
  app.get(`${base}/:project`, (c) => answer(c, rendered(projectIn(c))));
  app.patch(`${base}/:project`, async (c) => {
    const project = projectIn(c);
    const body = patch.parse(await c.req.json());
    for (const name of ["production", "preview"] as const)
      for (const [key, value] of Object.entries(body.deployment_configs?.[name]?.env_vars ?? {})) {
        if (value === null) delete project.variables[name][key];
        else project.variables[name][key] = { type: value.type ?? "plain_text", value: value.value ?? "" };
      }
    return answer(c, rendered(project));
  });
  app.get(`${base}/:project/upload-token`, (c) => answer(c, { jwt: uploadToken(projectIn(c), c.req.param("account")) }));
  app.get(`${base}/:project/deployments`, (c) => {
    const project = projectIn(c);
    const wanted = c.req.query("env");
    const all = project.deployments.toReversed().filter((each) => wanted === undefined || environmentOf(project, each) === wanted);
    return answer(
      c,
      all.map((each) => renderedDeployment(project, each)),
    );
  });
  app.post(`${base}/:project/deployments`, async (c) => {
    const account = accountOf(c.req.param("account"));
    const project = projectIn(c);
    const form = await c.req.formData();
    const manifest = z.record(z.string(), z.string()).parse(JSON.parse(String(form.get("manifest"))));
    const missing = Object.values(manifest).find((hash) => !account.assets.has(hash));
    if (missing !== undefined) throw new Refusal(400, 8000018, `the file ${missing} was not uploaded`);
    const bundle = form.get("_worker.bundle");
    const bindings = bundle instanceof File ? await bindingsIn(bundle) : [];
    for (const { type, service } of bindings)
      if (type === "service" && !account.scripts.has(String(service)))
        throw new Refusal(400, 8000022, `Service binding references Worker '${String(service)}' which was not found.`);
    const branch = String(form.get("branch") ?? project.productionBranch);
    const deployment: PagesDeployment = {
      id: newId(),
      createdAt: now(),
      branch,
      commitMessage: String(form.get("commit_message") ?? ""),
      commitHash: String(form.get("commit_hash") ?? ""),
      manifest,
      bindings,
      functions: bundle instanceof File ? await bundle.text() : "",
      variables: Object.fromEntries(Object.entries(project.variables.production).map(([name, { value }]) => [name, value])),
    };
    project.deployments.push(deployment);
    if (branch === project.productionBranch) project.canonical = deployment.id;
    return answer(c, renderedDeployment(project, deployment));
  });
  app.get(`${base}/:project/deployments/:deployment`, (c) => {
    const project = projectIn(c);
    return answer(c, renderedDeployment(project, deploymentOf(project, c.req.param("deployment"))));
  });
  app.post(`${base}/:project/deployments/:deployment/rollback`, (c) => {
    const project = projectIn(c);
    const deployment = deploymentOf(project, c.req.param("deployment"));
    if (environmentOf(project, deployment) !== "production")
      throw new Refusal(400, 8000035, "only production deployments can be rolled back to");
    project.canonical = deployment.id;
    return answer(c, renderedDeployment(project, deployment));
  });

  const accountOfToken = (c: { req: { header(name: string): string | undefined } }): Account => {
    const [, payload = ""] = (c.req.header("authorization") ?? "").replace(/^Bearer /, "").split(".");
    const claims = z.object({ account: z.string() }).safeParse(parsedJson(Buffer.from(payload, "base64url").toString("utf8")));
    if (!claims.success) throw new Refusal(401, 8000013, "Authorization failed");
    return accountOf(claims.data.account);
  };
  app.post("/client/v4/pages/assets/check-missing", async (c) => {
    const { assets } = accountOfToken(c);
    return answer(
      c,
      hashes.parse(await c.req.json()).hashes.filter((hash) => !assets.has(hash)),
    );
  });
  app.post("/client/v4/pages/assets/upload", async (c) => {
    const { assets } = accountOfToken(c);
    const files = z.array(z.looseObject({ key: z.string(), value: z.string(), base64: z.literal(true) })).parse(await c.req.json());
    for (const { key } of files) assets.add(key);
    return answer(c, { successful_key_count: files.length, unsuccessful_keys: [] });
  });
  app.post("/client/v4/pages/assets/upsert-hashes", async (c) => {
    accountOfToken(c);
    hashes.parse(await c.req.json());
    return answer(c, null);
  });
}

/** A JSON Web Token whose signature only Cloudflare would check; wrangler reads its claims. */
function uploadToken(project: PagesProject, account: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { account, project: project.name, max_file_count_allowed: 20_000, exp: Math.floor(Date.now() / 1_000) + 1_800 };
  return `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}.${Buffer.from("stand-in").toString("base64url")}`;
}

/** The functions' bundle is a form within the form. */
async function bindingsIn(bundle: File): Promise<Binding[]> {
  const bytes = await bundle.arrayBuffer();
  const [first = ""] = new TextDecoder().decode(bytes.slice(0, 200)).split("\r\n");
  const form = await new Response(bytes, { headers: { "content-type": `multipart/form-data; boundary=${first.slice(2)}` } }).formData();
  const metadata = parsedJson(String(form.get("metadata")));
  return z.looseObject({ bindings: z.array(z.looseObject({ type: z.string(), name: z.string() })).default([]) }).parse(metadata).bindings;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function projectOf(account: Account, name: string): PagesProject {
  const project = account.projects.get(name);
  if (!project)
    throw new Refusal(404, 8000007, "Project not found. The specified project name does not match any of your existing projects.");
  return project;
}

function deploymentOf(project: PagesProject, id: string): PagesDeployment {
  const deployment = project.deployments.find((each) => each.id === id);
  if (!deployment) throw new Refusal(404, 8000009, "The deployment ID you have specified does not exist.");
  return deployment;
}

function environmentOf(project: PagesProject, { branch }: PagesDeployment): "production" | "preview" {
  return branch === project.productionBranch ? "production" : "preview";
}

function rendered(project: PagesProject): object {
  const { name, subdomain, createdAt, productionBranch, variables, deployments, canonical } = project;
  const configuration = (of: "production" | "preview"): object => ({
    // Values of secrets are never given out.
    env_vars: Object.fromEntries(
      Object.entries(variables[of]).map(([key, { type, value }]) => [key, { type, value: type === "secret_text" ? "" : value }]),
    ),
    compatibility_date: "2026-10-20",
    compatibility_flags: [],
  });
  const found = (id: string | undefined | null): object | null => {
    const deployment = deployments.find((each) => each.id === id);
    return deployment ? renderedDeployment(project, deployment) : null;
  };
  return {
    id: name,
    name,
    subdomain,
    domains: [subdomain],
    created_on: createdAt,
    production_branch: productionBranch,
    deployment_configs: { production: configuration("production"), preview: configuration("preview") },
    canonical_deployment: found(canonical),
    latest_deployment: found(deployments.at(-1)?.id),
  };
}

function renderedDeployment(project: PagesProject, deployment: PagesDeployment): object {
  const { id, createdAt, branch, commitMessage, commitHash } = deployment;
  return {
    id,
    short_id: id.slice(0, 8),
    project_name: project.name,
    environment: environmentOf(project, deployment),
    url: `https://${id.slice(0, 8)}.${project.subdomain}`,
    aliases: [],
    created_on: createdAt,
    production_branch: project.productionBranch,
    latest_stage: { name: "deploy", status: "success", started_on: createdAt, ended_on: createdAt },
    deployment_trigger: {
      type: "ad_hoc",
      metadata: { branch, commit_hash: commitHash, commit_message: commitMessage, commit_dirty: true },
    },
  };
}
