import * as z from "zod";
import { protocolSchema } from "../../core/protocol/protocol-schema.ts";
import { takesKey } from "./routes.ts";
import type { RouteSpec, Routes } from "./routes.ts";

/** The API's description of itself: https://spec.openapis.org/oas/v3.1.1.html */
export function openApi(specs: readonly RouteSpec[], serverUrl: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const spec of specs) (paths[spec.path.replaceAll(/:(\w+)/g, "{$1}")] ??= {})[spec.method] = operation(spec);
  return {
    openapi: "3.1.1",
    info: {
      title: "mesh-six",
      version: "1",
      description: "Control plane for coding agents. Errors are RFC 9457 problems with a stable `reason`.",
    },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: {
        person: { type: "http", scheme: "bearer", description: "the operator's token, or the viewer's for reading" },
        cookie: { type: "apiKey", in: "cookie", name: "mesh_session" },
        access: {
          type: "apiKey",
          in: "header",
          name: "Cf-Access-Jwt-Assertion",
          description: "put there by Cloudflare Access, where it is set up",
        },
        agent: { type: "http", scheme: "bearer", description: "the token of the agent that the path names" },
      },
      schemas: {
        Problem: {
          type: "object",
          required: ["type", "title", "status", "detail", "reason"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
            reason: { type: "string" },
            issues: { type: "array", items: { type: "object", properties: { path: { type: "string" }, message: { type: "string" } } } },
          },
        },
      },
    },
  };
}

/** What is named beside a scheme is the role that is needed. https://spec.openapis.org/oas/v3.1.1.html#security-requirement-object */
const security = {
  public: [],
  viewer: [{ person: ["viewer"] }, { cookie: ["viewer"] }, { access: ["viewer"] }],
  operator: [{ person: ["operator"] }, { cookie: ["operator"] }, { access: ["operator"] }],
  agent: [{ agent: [] }],
  "agent-now": [{ agent: [] }],
} as const;

function operation(spec: RouteSpec): object {
  const body = spec.bodySchema ?? spec.body;
  return {
    tags: [spec.tag],
    summary: spec.summary,
    security: security[spec.access],
    parameters: [...pathParameters(spec), ...queryParameters(spec), ...keyParameter(spec)],
    ...(body ? { requestBody: { required: !spec.bodyOptional, content: { "application/json": { schema: jsonSchema(body) } } } } : {}),
    responses: Object.fromEntries(
      Object.entries(spec.answers).map(([status, description]) => [status, answer(Number(status), description)]),
    ),
  };
}

function answer(status: number, description: string): object {
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  return status >= 400 ? { description, content } : { description };
}

function pathParameters(spec: RouteSpec): object[] {
  return [...spec.path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function keyParameter(spec: RouteSpec): object[] {
  if (!takesKey(spec) && spec.ownKey !== true) return [];
  const description =
    "the same key with the same request gives the first answer again, for a day; with another request it is refused (422)";
  return [{ name: "Idempotency-Key", in: "header", required: false, description, schema: { type: "string", maxLength: 255 } }];
}

function queryParameters(spec: RouteSpec): object[] {
  if (!spec.query) return [];
  const { properties = {}, required = [] } = jsonSchema(spec.query);
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: required.includes(name), schema }));
}

function jsonSchema(schema: z.ZodType): { properties?: Record<string, unknown>; required?: string[] } {
  const { $schema: _, ...described } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
  return described as { properties?: Record<string, unknown>; required?: string[] };
}

/** `/openapi.json`, and `/docs` made from it without asking any third party. */
export function addOpenApi(routes: Routes): void {
  routes.add(
    {
      method: "get",
      path: "/openapi.json",
      tag: "description",
      summary: "This description",
      access: "public",
      answers: { 200: "OpenAPI 3.1" },
    },
    (c) => c.json(openApi(routes.specs, new URL(c.req.url).origin)),
  );
  routes.add(
    {
      method: "get",
      path: "/agent-protocol.json",
      tag: "description",
      summary: "The agent protocol: every frame, report and command as JSON Schema",
      access: "public",
      answers: { 200: "schemas by type, with limits and close codes" },
    },
    (c) => c.json(protocolSchema()),
  );
  routes.add(
    { method: "get", path: "/docs", tag: "description", summary: "The same for people", access: "public", answers: { 200: "a page" } },
    (c) => c.html(docsPage(routes.specs), 200, { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" }),
  );
}

function docsPage(specs: readonly RouteSpec[]): string {
  const tags = [...new Set(specs.map((spec) => spec.tag))];
  const sections = tags.map(
    (tag) =>
      `<h2>${escaped(tag)}</h2>${specs
        .filter((spec) => spec.tag === tag)
        .map(article)
        .join("")}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>mesh-six API</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}code,pre{background:#8882;padding:.1em .3em;border-radius:4px}
pre{overflow:auto;padding:.6em}article{border-top:1px solid #8884;padding:.4rem 0}dt{font-weight:600;float:left;clear:left;width:4rem}dd{margin-left:4rem}@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}</style>
<h1>mesh-six API</h1><p>Machine-readable: <code>/openapi.json</code>. Errors are <code>application/problem+json</code> with a stable <code>reason</code>.</p>
${sections.join("\n")}</html>`;
}

function article(spec: RouteSpec): string {
  const body = spec.bodySchema ?? spec.body;
  const answers = Object.entries(spec.answers).map(([status, when]) => `<dt>${status}</dt><dd>${escaped(when)}</dd>`);
  const shape = body ? `<details><summary>body</summary><pre>${escaped(JSON.stringify(jsonSchema(body), null, 2))}</pre></details>` : "";
  return `<article><p><code>${spec.method.toUpperCase()} ${escaped(spec.path)}</code> · ${spec.access}<br>${escaped(spec.summary)}</p>${shape}<dl>${answers.join("")}</dl></article>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
