import { readGitHubWebhook } from "../../core/inbound/github-webhook.ts";
import type { LookAt } from "../../core/inbound/github-webhook.ts";
import { currentVersion } from "../../core/project/hook-versions.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import { hookVerifier, readHookId } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import { signingKeys } from "../../platform/keys.ts";
import { errorText, log } from "../../platform/log.ts";
import type { InboundMessage } from "../../platform/queue-messages.ts";
import { registryAtHand } from "../registry.ts";
import { countWorker } from "../../platform/worker-counts.ts";
import { parseJson, readBody, utf8 } from "./body.ts";
import { notFound, problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import type { Routes } from "./routes.ts";

/** GitHub's own limit of a payload. */
const payloadLimit = 25 * 1024 * 1024;
const mostLooks = 100;
const longestComment = 20_000;

/** `POST /webhooks/github/:hook`: checked and queued without asking any object. */
export function addGitHubWebhooks(routes: Routes): void {
  routes.describe({
    method: "post",
    path: "/webhooks/github/:hook",
    tag: "webhooks",
    summary: "Takes any GitHub event; JSON or form encoding, X-Hub-Signature-256 over the raw body",
    access: "public",
    answers: {
      202: "accepted, or ignored with the reason",
      400: "headers missing, or not JSON",
      401: "signature missing or wrong",
      404: "unknown hook",
      410: "the hook has a newer version",
      413: "over 25 MiB",
    },
  });
  routes.app.post("/webhooks/github/:hook", receive);
}

async function receive(c: HttpContext): Promise<Response> {
  const hook = await readHookId(signingKeys(settingsOf(c.env)), c.req.param("hook") ?? "");
  if (!hook) return notFound("hook");
  const body = await readBody(c.req.raw, payloadLimit);
  if (!body.ok) return problem(413, "body-too-large", "A GitHub payload has at most 25 MiB.");
  const event = c.req.header("x-github-event");
  const delivery = c.req.header("x-github-delivery");
  if (!event || !delivery) return problem(400, "headers-missing", "X-GitHub-Event and X-GitHub-Delivery are needed.");
  const signature = signatureBytes(c.req.header("x-hub-signature-256"));
  if (!signature || !(await crypto.subtle.verify("HMAC", await hookVerifier(hook), signature, body.value))) {
    return problem(401, "signature-wrong", "X-Hub-Signature-256 is missing or does not fit the body.");
  }
  if (await isSuperseded(c, hook)) return problem(410, "hook-superseded", "The webhook has a newer version; this one is to be taken away.");
  const payload = payloadOf(c.req.header("content-type"), utf8(body.value));
  if (!payload) return problem(400, "not-json", "The payload is not JSON.");
  return take(c, hook, event, delivery, payload.value);
}

/** Whether the hook was rotated since. No object is asked for it: the registry as this isolate knows it counts. */
async function isSuperseded(c: HttpContext, hook: Hook): Promise<boolean> {
  if (hook.kind === "app") return false;
  try {
    const projects = await registryAtHand(c.env, (work) => c.executionCtx.waitUntil(work));
    return hook.version < currentVersion(projects, hook);
  } catch (error) {
    // Taking one delivery of an older hook is better than losing all of them.
    log("warn", "registry not read; the delivery is taken", { error: errorText(error) });
    return false;
  }
}

async function take(c: HttpContext, hook: Hook, event: string, delivery: string, payload: unknown): Promise<Response> {
  const reading = readGitHubWebhook({ event, payload });
  if ("ignored" in reading) return c.json({ status: "ignored", reason: reading.ignored }, 202);
  if (hook.kind === "repository" && reading.repositoryNodeId !== hook.subject)
    return c.json({ status: "ignored", reason: "other-repository" }, 202);
  const message: InboundMessage = {
    delivery,
    receivedAt: now(),
    reading: { ...reading, look: reading.look.slice(0, mostLooks).map(shortened) },
  };
  countWorker("queueMessages");
  await c.env.INBOUND.send(message);
  return c.json({ status: "accepted" }, 202);
}

/** A message has at most 128 KB; what is said to the mesh in a comment is short. */
function shortened(look: LookAt): LookAt {
  return look.type === "comment" ? { ...look, body: look.body.slice(0, longestComment) } : look;
}

function signatureBytes(header: string | undefined): Uint8Array | undefined {
  const digits = /^sha256=([0-9a-f]{64})$/i.exec(header ?? "")?.[1];
  return digits ? Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) : undefined;
}

function payloadOf(contentType: string | undefined, text: string | undefined): { readonly value: unknown } | undefined {
  if (text === undefined) return undefined;
  const form = contentType?.toLowerCase().startsWith("application/x-www-form-urlencoded");
  return parseJson(form ? (new URLSearchParams(text).get("payload") ?? undefined) : text);
}
