import type { Hono } from "hono";
import * as z from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { answer, Refusal } from "./refusal.ts";
import { deployedVersion, etagOf, hexId, newId, now, type Account, type Binding, type Script, type Version } from "./state.ts";

const binding = z.looseObject({ type: z.string(), name: z.string() });
const metadataSchema = z.looseObject({
  main_module: z.string().optional(),
  compatibility_date: z.string().optional(),
  bindings: z.array(binding).default([]),
  keep_bindings: z.array(z.string()).default([]),
  exports: z.record(z.string(), z.looseObject({ type: z.string().optional(), storage: z.string().optional() })).default({}),
  annotations: z.record(z.string(), z.string().nullish()).nullish(),
  tags: z.array(z.string()).nullish(),
});
type Metadata = z.infer<typeof metadataSchema>;
const traffic = z.array(z.looseObject({ version_id: z.string(), percentage: z.number() }));

/** Workers: upload, settings, secrets, versions, deployments, schedules. https://developers.cloudflare.com/api/resources/workers/ */
export function addWorkerRoutes(app: Hono<StandInEnv>, accountOf: (id: string) => Account): void {
  const base = "/client/v4/accounts/:account/workers";
  const scriptIn = (c: { req: { param(name: "account" | "script"): string } }): Script =>
    scriptOf(accountOf(c.req.param("account")), c.req.param("script"));

  app.get(`${base}/services/:script`, (c) => {
    const script = accountOf(c.req.param("account")).scripts.get(c.req.param("script"));
    if (!script) throw new Refusal(404, 10090, "workers.api.error.service_not_found");
    const details = { tag: script.tag, tags: script.tags, last_deployed_from: "wrangler" };
    return answer(c, { id: script.name, default_environment: { environment: "production", script: details } });
  });
  app.get(`${base}/workers/:script`, (c) => {
    const { name, subdomain, tag } = scriptIn(c);
    return answer(c, { id: tag, name, subdomain });
  });
  app.put(`${base}/scripts/:script`, async (c) => {
    const account = accountOf(c.req.param("account"));
    const name = c.req.param("script");
    const form = await c.req.parseBody({ all: true });
    const metadata = metadataSchema.parse(JSON.parse(String(form["metadata"])));
    const modules = new Map<string, Uint8Array>();
    for (const [part, value] of Object.entries(form))
      if (value instanceof File) modules.set(part, new Uint8Array(await value.arrayBuffer()));
    const script = account.scripts.get(name);
    const uploaded = upload(account, name, script, metadata, modules);
    c.get("note")["bindings"] = uploaded.version.bindings.map((each) => each.name);
    return answer(c, uploaded.result);
  });
  app.get(`${base}/scripts/:script/settings`, (c) =>
    answer(c, { bindings: (deployedVersion(scriptIn(c))?.bindings ?? []).map(withoutText) }),
  );
  app.patch(`${base}/scripts/:script/script-settings`, async (c) => {
    const script = scriptIn(c);
    const body = z.looseObject({ tags: z.array(z.string()).nullish() }).parse(await c.req.json());
    if (body.tags) script.tags = body.tags;
    return answer(c, { tags: script.tags });
  });
  app.post(`${base}/scripts/:script/subdomain`, async (c) => {
    const script = scriptIn(c);
    const body = z.object({ enabled: z.boolean(), previews_enabled: z.boolean().optional() }).parse(await c.req.json());
    script.subdomain = { enabled: body.enabled, previews_enabled: body.previews_enabled ?? false };
    return answer(c, script.subdomain);
  });
  app.get(`${base}/scripts/:script/schedules`, (c) => answer(c, { schedules: scriptIn(c).crons.map((cron) => ({ cron })) }));
  app.put(`${base}/scripts/:script/schedules`, async (c) => {
    const script = scriptIn(c);
    script.crons = z
      .array(z.object({ cron: z.string() }))
      .parse(await c.req.json())
      .map(({ cron }) => cron);
    return answer(c, { schedules: script.crons.map((cron) => ({ cron })) });
  });

  app.get(`${base}/scripts/:script/secrets`, (c) => answer(c, secretsOf(scriptIn(c))));
  app.put(`${base}/scripts/:script/secrets`, async (c) => {
    const body = z.object({ name: z.string(), text: z.string(), type: z.literal("secret_text") }).parse(await c.req.json());
    changeSecrets(scriptIn(c), { [body.name]: body });
    return answer(c, { name: body.name, type: body.type });
  });
  app.patch(`${base}/scripts/:script/secrets-bulk`, async (c) => {
    const script = scriptIn(c);
    const body = z.object({ secrets: z.record(z.string(), z.object({ name: z.string(), text: z.string(), type: z.string() }).nullable()) });
    changeSecrets(script, body.parse(await c.req.json()).secrets);
    return answer(c, secretsOf(script));
  });
  app.delete(`${base}/scripts/:script/secrets/:name`, (c) => {
    const script = scriptIn(c);
    const name = decodeURIComponent(c.req.param("name"));
    if (!secretsOf(script).some((each) => each.name === name)) throw new Refusal(404, 10056, "workers.api.error.binding_not_found");
    changeSecrets(script, { [name]: null });
    return answer(c, null);
  });

  app.get(`${base}/scripts/:script/versions`, (c) => answer(c, { items: scriptIn(c).versions.toReversed().map(renderedVersion) }));
  app.get(`${base}/scripts/:script/versions/:version`, (c) => {
    const version = scriptIn(c).versions.find(({ id }) => id === c.req.param("version"));
    if (!version) throw new Refusal(404, 10142, "This version does not exist.");
    return answer(c, {
      ...renderedVersion(version),
      resources: { bindings: version.bindings.map(withoutText), script: {}, script_runtime: {} },
    });
  });
  app.get(`${base}/scripts/:script/deployments`, (c) => {
    const deployments = scriptIn(c).deployments.toReversed();
    return answer(c, {
      deployments: deployments.map(({ createdAt, ...rest }) => ({
        ...rest,
        created_on: createdAt,
        source: "wrangler",
        strategy: "percentage",
      })),
    });
  });
  app.post(`${base}/scripts/:script/deployments`, async (c) => {
    const script = scriptIn(c);
    const body = z
      .looseObject({ versions: traffic, annotations: z.record(z.string(), z.string().nullish()).nullish() })
      .parse(await c.req.json());
    for (const { version_id: id } of body.versions)
      if (!script.versions.some((version) => version.id === id)) throw new Refusal(400, 10142, "This version does not exist.");
    if (body.versions.reduce((sum, { percentage }) => sum + percentage, 0) !== 100)
      throw new Refusal(400, 10145, "percentages must add up to 100");
    const deployment = { id: newId(), createdAt: now(), versions: body.versions, annotations: textsOf(body.annotations) };
    script.deployments.push(deployment);
    return answer(c, { ...deployment, created_on: deployment.createdAt });
  });
}

/** Checks an upload as Cloudflare does before it makes a version of it and sends all traffic there. */
function upload(
  account: Account,
  name: string,
  script: Script | undefined,
  metadata: Metadata,
  modules: ReadonlyMap<string, Uint8Array>,
): { version: Version; result: object } {
  const { main_module: mainModule = "" } = metadata;
  const main = modules.get(mainModule);
  if (!main) throw new Refusal(400, 10021, `the main module "${mainModule}" was not uploaded`);
  const before = script && deployedVersion(script);
  const bindings = inherited(metadata, before).concat(metadata.bindings.filter(({ type }) => type !== "inherit"));
  checkBindings(account, name, metadata, bindings);
  const created = checkExports(metadata, before, new TextDecoder().decode(main));
  const number = (script?.versions.length ?? 0) + 1;
  const annotations = textsOf(metadata.annotations);
  const version: Version = {
    id: newId(),
    number,
    createdAt: now(),
    annotations,
    bindings,
    compatibilityDate: metadata.compatibility_date ?? "",
    modules,
    mainModule,
    exports: metadata.exports,
  };
  const kept: Script = script ?? {
    name,
    tag: hexId(),
    createdAt: now(),
    tags: metadata.tags ?? [],
    versions: [],
    deployments: [],
    crons: [],
    subdomain: { enabled: false, previews_enabled: false },
  };
  account.scripts.set(name, kept);
  kept.versions.push(version);
  kept.deployments.push({
    id: newId(),
    createdAt: version.createdAt,
    versions: [{ version_id: version.id, percentage: 100 }],
    annotations,
  });
  const none = {
    updated: [],
    deleted: [],
    renamed: [],
    transferred: [],
    transfer_pending: [],
    warnings: [],
    info: [],
    removable_entries: [],
  };
  const result = { id: name, tag: kept.tag, etag: etagOf(main), deployment_id: version.id.replaceAll("-", ""), startup_time_ms: 12 };
  return { version, result: { ...result, exports_reconciliation: { created, ...none } } };
}

/** Secrets stay unless they are given anew; a binding may be asked to stay by name. */
function inherited(metadata: Metadata, before: Version | undefined): Binding[] {
  const named = new Set(metadata.bindings.map(({ name }) => name));
  const asked = metadata.bindings.filter(({ type }) => type === "inherit");
  const stays = asked.map(({ name }) => {
    const found = before?.bindings.find((each) => each.name === name);
    if (!found) throw new Refusal(400, 10057, `Cannot inherit binding '${name}': the Worker has none.`);
    return found;
  });
  const kept = (before?.bindings ?? []).filter(({ name, type }) => metadata.keep_bindings.includes(type) && !named.has(name));
  return [...stays, ...kept];
}

/** Bindings must name what is there. */
function checkBindings(account: Account, script: string, metadata: Metadata, bindings: readonly Binding[]): void {
  const names = new Set<string>();
  for (const each of bindings) {
    if (names.has(each.name)) throw new Refusal(400, 10021, `binding ${each.name} is there twice`);
    names.add(each.name);
    if (each.type === "queue" && !account.queues.has(String(each["queue_name"])))
      throw new Refusal(400, 11000, `Queue '${String(each["queue_name"])}' not found`);
    if (each.type === "r2_bucket" && !account.buckets.has(String(each["bucket_name"])))
      throw new Refusal(400, 10085, `R2 bucket '${String(each["bucket_name"])}' not found. Please use a different name and try again.`);
    if (each.type === "service" && each["service"] !== script && !account.scripts.has(String(each["service"])))
      throw new Refusal(400, 10007, "workers.api.error.script_not_found");
    if (
      each.type === "durable_object_namespace" &&
      each["script_name"] === undefined &&
      metadata.exports[String(each["class_name"])]?.type !== "durable-object"
    )
      throw new Refusal(
        400,
        10061,
        `Cannot create binding for class '${String(each["class_name"])}' because it is not currently configured to implement durable objects.`,
      );
  }
}

/** Classes with stored objects may not vanish, and must be in the code. Answers the classes that are new. */
function checkExports(metadata: Metadata, before: Version | undefined, main: string): string[] {
  const classes = Object.entries(metadata.exports).filter(([, { type }]) => type === "durable-object");
  for (const [name] of classes)
    if (!new RegExp(`\\b${name}\\b`).test(main)) throw new Refusal(400, 10070, `Uploaded script does not export class '${name}'.`);
  const gone = Object.keys(before?.exports ?? {}).filter((name) => metadata.exports[name] === undefined);
  if (gone.length > 0)
    throw new Refusal(400, 100402, `Durable Object exports reconciliation failed: ${gone.join(", ")} not declared any more`);
  return classes.map(([name]) => name).filter((name) => before?.exports[name] === undefined);
}

/** A change of secrets is a version of its own. */
function changeSecrets(script: Script, secrets: Readonly<Record<string, { readonly text: string } | null>>): void {
  const before = deployedVersion(script);
  if (!before) throw new Refusal(404, 10007, "workers.api.error.script_not_found");
  const others = before.bindings.filter(({ name }) => !(name in secrets));
  const added = Object.entries(secrets).flatMap(([name, secret]) => (secret ? [{ type: "secret_text", name, text: secret.text }] : []));
  const version: Version = {
    ...before,
    id: newId(),
    number: script.versions.length + 1,
    createdAt: now(),
    annotations: { "workers/triggered_by": "secret" },
    bindings: [...others, ...added],
  };
  script.versions.push(version);
  script.deployments.push({
    id: newId(),
    createdAt: version.createdAt,
    versions: [{ version_id: version.id, percentage: 100 }],
    annotations: {},
  });
}

function secretsOf(script: Script): { name: string; type: string }[] {
  const bindings = deployedVersion(script)?.bindings ?? [];
  return bindings.filter(({ type }) => type === "secret_text").map(({ name, type }) => ({ name, type }));
}

function scriptOf(account: Account, name: string): Script {
  const script = account.scripts.get(name);
  if (!script) throw new Refusal(404, 10007, "This Worker does not exist on your account.");
  return script;
}

function renderedVersion({ id, number, createdAt, annotations }: Version): object {
  return { id, number, annotations, metadata: { created_on: createdAt, source: "wrangler", author_email: "operator@example.com" } };
}

/** Values of secrets are never given out. */
function withoutText({ text, ...rest }: Binding): object {
  return rest["type"] === "secret_text" ? rest : { ...rest, ...(text === undefined ? {} : { text }) };
}

function textsOf(annotations: Readonly<Record<string, string | null | undefined>> | null | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).flatMap(([name, text]) => (text ? [[name, text]] : [])));
}
