import { afterAll, beforeEach, expect, test } from "vitest";
import { startCloudflare, type Cloudflare } from "./start-cloudflare.ts";

let cloudflare: Cloudflare;
const started: Cloudflare[] = [];
beforeEach(async () => {
  cloudflare = await startCloudflare({ token: "good", takenNames: ["taken"] });
  started.push(cloudflare);
});
afterAll(async () => {
  for (const each of started) await each.close();
});

interface Answer {
  success: boolean;
  errors: { code: number; message: string }[];
  result: unknown;
}
async function ask(method: string, path: string, body?: unknown, token = "good"): Promise<Answer & { status: number }> {
  const response = await fetch(`${cloudflare.apiUrl}/accounts/account-1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body: body instanceof FormData ? body : JSON.stringify(body) }),
  });
  return { status: response.status, ...((await response.json()) as Answer) };
}
const codeOf = async (answer: Promise<Answer>) => (await answer).errors[0]?.code;

/** An upload as wrangler makes it: https://developers.cloudflare.com/workers/configuration/multipart-upload-metadata/ */
function upload(metadata: object, code = "export class Thing {}\nexport default { fetch: () => new Response('here') }"): FormData {
  const form = new FormData();
  form.set("metadata", JSON.stringify({ main_module: "index.js", compatibility_date: "2026-10-20", ...metadata }));
  form.set("index.js", new File([code], "index.js", { type: "application/javascript+module" }));
  return form;
}
const secret = (name: string) => ({ type: "secret_text", name, text: `value of ${name}` });

test("only the right token is let in", async () => {
  expect(await ask("GET", "/queues", undefined, "bad")).toMatchObject({ status: 403, success: false, errors: [{ code: 10000 }] });
  expect((await (await fetch(`${cloudflare.apiUrl}/accounts`)).json()) as Answer).toMatchObject({ errors: [{ code: 9106 }] });
  expect(await codeOf(ask("GET", "/unheard-of"))).toBe(7003);
});

test("names that are taken and names that do not fit are refused", async () => {
  expect((await ask("POST", "/queues", { queue_name: "mesh-inbound" })).success).toBe(true);
  expect(await codeOf(ask("POST", "/queues", { queue_name: "mesh-inbound" }))).toBe(11009);
  expect(await codeOf(ask("POST", "/queues", { queue_name: "Mesh Inbound" }))).toBe(11003);
  expect((await ask("POST", "/r2/buckets", { name: "mesh-archive" })).success).toBe(true);
  expect(await codeOf(ask("POST", "/r2/buckets", { name: "mesh-archive" }))).toBe(10004);
  const project = { name: "taken", production_branch: "main" };
  const { result } = await ask("POST", "/pages/projects", project);
  expect((result as { subdomain: string }).subdomain).toMatch(/^taken-.{3}\.pages\.dev$/);
  expect(await codeOf(ask("POST", "/pages/projects", project))).toBe(8000002);
});

test("a Worker may be bound only to what is there", async () => {
  const put = (binding: object) => codeOf(ask("PUT", "/workers/scripts/mesh", upload({ bindings: [binding] })));
  expect(await put({ type: "queue", name: "Q", queue_name: "none" })).toBe(11000);
  expect(await put({ type: "r2_bucket", name: "B", bucket_name: "none" })).toBe(10085);
  expect(await put({ type: "service", name: "S", service: "none" })).toBe(10007);
  expect(await put({ type: "durable_object_namespace", name: "D", class_name: "Thing" })).toBe(10061);
  expect(await put({ type: "inherit", name: "I" })).toBe(10057);
  expect(await codeOf(ask("GET", "/workers/scripts/mesh/secrets"))).toBe(10007);
  expect(await codeOf(ask("PATCH", "/workers/scripts/mesh/secrets-bulk", { secrets: { A: secret("A") } }))).toBe(10007);
});

test("a class with objects may not vanish, nor be missing from the code", async () => {
  const exports = { Thing: { type: "durable-object", storage: "sqlite" } };
  const bindings = [{ type: "durable_object_namespace", name: "D", class_name: "Thing" }];
  expect((await ask("PUT", "/workers/scripts/mesh", upload({ bindings, exports }))).success).toBe(true);
  expect(await codeOf(ask("PUT", "/workers/scripts/mesh", upload({})))).toBe(100402);
  expect(await codeOf(ask("PUT", "/workers/scripts/mesh", upload({ bindings, exports }, "export default {}")))).toBe(10070);
});

test("secrets stay when they are not given again, and are never given out", async () => {
  await ask("PUT", "/workers/scripts/mesh", upload({ bindings: [secret("A"), secret("B")] }));
  await ask("PUT", "/workers/scripts/mesh", upload({ bindings: [secret("C")], keep_bindings: ["secret_text"] }));
  const { result } = await ask("GET", "/workers/scripts/mesh/secrets");
  expect((result as { name: string }[]).map(({ name }) => name).toSorted()).toEqual(["A", "B", "C"]);
  expect(JSON.stringify([result, await ask("GET", "/workers/scripts/mesh/settings")])).not.toContain("value of");
  await ask("DELETE", "/workers/scripts/mesh/secrets/A");
  expect((await ask("GET", "/workers/scripts/mesh/secrets")).result).toHaveLength(2);
});

test("a queue has one consumer, whose Worker and dead letter queue are there", async () => {
  const { result } = await ask("POST", "/queues", { queue_name: "in" });
  const path = `/queues/${(result as { queue_id: string }).queue_id}/consumers`;
  const consumer = { type: "worker", script_name: "mesh", settings: { batch_size: 5 } };
  expect(await codeOf(ask("POST", path, consumer))).toBe(10007);
  await ask("PUT", "/workers/scripts/mesh", upload({}));
  expect(await codeOf(ask("POST", path, { ...consumer, dead_letter_queue: "none" }))).toBe(11000);
  expect((await ask("POST", path, consumer)).success).toBe(true);
  expect(await codeOf(ask("POST", path, consumer))).toBe(11004);
  expect(await codeOf(ask("POST", "/queues/none/consumers", consumer))).toBe(11000);
});

test("traffic goes back to an earlier version, and not to one that never was", async () => {
  await ask("PUT", "/workers/scripts/mesh", upload({}, "export default { fetch: () => new Response('first') }"));
  await ask("PUT", "/workers/scripts/mesh", upload({}, "export default { fetch: () => new Response('second') }"));
  const says = async () => (await fetch(`${cloudflare.addressOf("mesh")}/`)).text();
  expect(await says()).toBe("second");
  const { result } = await ask("GET", "/workers/scripts/mesh/deployments");
  const first = (result as { deployments: { versions: { version_id: string }[] }[] }).deployments[1]?.versions[0]?.version_id;
  const to = (version: string | undefined) => ({ strategy: "percentage", versions: [{ version_id: version, percentage: 100 }] });
  expect(await codeOf(ask("POST", "/workers/scripts/mesh/deployments", to("none")))).toBe(10142);
  expect((await ask("POST", "/workers/scripts/mesh/deployments", to(first))).success).toBe(true);
  expect(await says()).toBe("first");
});

test("a dashboard needs its files, and the Worker it is bound to", async () => {
  await ask("POST", "/pages/projects", { name: "dashboard", production_branch: "main" });
  const form = new FormData();
  form.set("manifest", JSON.stringify({ "/index.html": "abc" }));
  expect(await codeOf(ask("POST", "/pages/projects/dashboard/deployments", form))).toBe(8000018);
  expect(await codeOf(ask("GET", "/pages/projects/none"))).toBe(8000007);
});

test("it misbehaves as told, and keeps a log without secrets", async () => {
  const fault = {
    path: "/client/v4/accounts/account-1/queues",
    method: "POST",
    status: 500,
    body: { success: false, errors: [{ code: 11500, message: "oops" }] },
  };
  await fetch(`${cloudflare.url}/__faults`, { method: "POST", body: JSON.stringify(fault) });
  expect(await ask("POST", "/queues", { queue_name: "a" })).toMatchObject({ status: 500, errors: [{ code: 11500 }] });
  expect((await ask("POST", "/queues", { queue_name: "a" })).success).toBe(true);
  await ask("PUT", "/workers/scripts/mesh", upload({ bindings: [secret("A")] }));
  const known = await Promise.all(["__calls", "__state"].map(async (path) => (await fetch(`${cloudflare.url}/${path}`)).text()));
  expect(known.join()).toContain('"A"');
  expect(known.join()).not.toContain("value of A");
});
