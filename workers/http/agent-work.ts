import { cors } from "hono/cors";
import * as z from "zod";
import { projectOf } from "../../core/ids.ts";
import type { TaskId } from "../../core/ids.ts";
import type { RegistrationRefusal } from "../../core/pool/registration.ts";
import { limits, outputFrame, registration, report, socketProtocol } from "../../core/protocol/frames.ts";
import { secondMs } from "../../core/time.ts";
import { now } from "../../platform/clock.ts";
import { mailbox, orchestrator, pool } from "../../durable-objects/remote.ts";
import { subprotocolsOf } from "./auth.ts";
import { problem } from "./errors.ts";
import { needsWebSocket, withoutCredentials } from "./live.ts";
import { agentParams } from "./path-params.ts";
import type { Routes } from "./routes.ts";

const journal = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);
const attempt = { taskId: z.string().min(3).max(200), attempt: z.number().int().min(1).max(1_000) };

function refusalOf(refusal: RegistrationRefusal): string {
  return "capability" in refusal
    ? `The token does not allow this registration: capability ${refusal.capability}.`
    : "The token does not allow this registration.";
}

/** For agents in a browser page of any origin: these routes look at the bearer token and at no cookie. */
const fromAnywhere = cors({ origin: "*", allowMethods: ["GET", "POST"], allowHeaders: ["authorization", "content-type"], maxAge: 86_400 });

/** What agents do: register, connect or poll, report, and ask for what they push with. */
export function addAgentWork(routes: Routes): void {
  for (const path of ["register", "heartbeat", "tasks", "reports"]) routes.app.use(`/agents/:id/${path}`, fromAnywhere);
  routes.add(
    {
      method: "post",
      path: "/agents/:id/register",
      tag: "agent protocol",
      summary: "Says what the agent can do; the last registration counts",
      access: "agent-now",
      params: agentParams,
      body: registration,
      answers: { 200: "registered", 400: "each fault with its path", 403: "the token does not allow a capability" },
    },
    async (c, { params, body }) => {
      const registered = await pool(c.env).register(params.id, body, c.get("grant"), now());
      return registered.ok
        ? c.json({ id: params.id, status: "registered" })
        : problem(403, registered.error.reason, refusalOf(registered.error));
    },
  );
  routes.add(
    {
      method: "post",
      path: "/agents/:id/heartbeat",
      tag: "agent protocol",
      summary: "For agents without a socket: still here, every 30 s",
      access: "agent",
      params: agentParams,
      body: z.strictObject({
        working: z.array(z.strictObject(attempt)).max(1_000).default([]),
        freeSlots: z.number().int().min(0).max(1_000).optional(),
      }),
      bodyOptional: true,
      answers: { 200: "noted; `frames` that are due" },
    },
    async (c, { params }) => c.json({ frames: await mailbox(c.env, params.id).longPoll(0) }),
  );
  routes.add(
    {
      method: "get",
      path: "/agents/:id/connect",
      tag: "agent protocol",
      summary: "WebSocket; JSON frames, the first is hello. Without headers: subprotocols mesh-agent.v1 and mesh-agent.token.<token>",
      access: "agent-now",
      params: agentParams,
      answers: { 101: "connected", 426: "not a WebSocket request" },
    },
    async (c, { params }) => {
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket") return needsWebSocket();
      const response = await c.env.MAILBOXES.getByName(params.id).fetch(withoutCredentials(c.req.raw));
      if (response.status !== 101 || !subprotocolsOf(c.req.raw.headers).includes(socketProtocol)) return response;
      return new Response(null, { status: 101, webSocket: response.webSocket, headers: { "sec-websocket-protocol": socketProtocol } });
    },
  );
  routes.add(
    {
      method: "get",
      path: "/agents/:id/tasks",
      tag: "agent protocol",
      summary: "Frames for the agent; waits up to `wait` seconds for the first",
      access: "agent",
      params: agentParams,
      query: z.object({ wait: z.coerce.number().min(0).max(25).default(0) }),
      answers: { 200: "frames, perhaps none" },
    },
    async (c, { params, query }) => c.json({ frames: await mailbox(c.env, params.id).longPoll(query.wait * secondMs) }),
  );
  routes.add(
    {
      method: "post",
      path: "/agents/:id/output",
      tag: "agent protocol",
      summary: "For agents without a socket: a piece of a session's terminal stream; answers when everything before `end` is kept",
      access: "agent",
      params: agentParams,
      body: outputFrame.omit({ type: true }),
      bodyLimit: limits.frameBytes,
      answers: { 200: "kept", 403: "not a session of this agent", 409: "a piece is missing: send from `end` on" },
    },
    async (c, { params, body }) => {
      const appended = await mailbox(c.env, params.id).output(body.sessionId, body.offset, body.data);
      switch (appended.status) {
        case "kept":
          return c.json({ end: appended.end });
        case "gap":
          return problem(409, "output-gap", `Send from byte ${appended.end} on.`);
        case "refused":
          return problem(403, appended.reason, "Nothing of this session is taken from this agent.");
      }
    },
  );
  routes.add(
    {
      method: "post",
      path: "/agents/:id/reports",
      tag: "agent protocol",
      summary: "Numbered reports; kept by the agent until acknowledged",
      access: "agent",
      params: agentParams,
      body: z.strictObject({ journal, reports: z.array(report).min(1).max(limits.reportsPerFrame) }),
      bodyLimit: limits.frameBytes,
      answers: {
        200: "`ack`: everything up to that number is committed; `gap`: a report before these is missing, and none was taken",
        400: "each fault with its path",
        413: "over 1 MiB",
      },
    },
    async (c, { params, body }) => c.json(await mailbox(c.env, params.id).report(body.journal, body.reports)),
  );
  routes.add(
    {
      method: "post",
      path: "/agents/:id/git-credential",
      tag: "agent protocol",
      summary: "What the runner clones or pushes with, for a live attempt of its own",
      access: "agent-now",
      params: agentParams,
      body: z.strictObject({ ...attempt, purpose: z.enum(["read", "push"]).default("push") }),
      answers: {
        200: "username, password, expiresAt, and the one cloneUrl they are for",
        403: "no live attempt of this agent, or one that pushes nothing",
      },
    },
    async (c, { params, body }) => {
      const project = projectOf(body.taskId);
      const live = project && (await orchestrator(c.env, project).liveAttempt(body.taskId as TaskId, body.attempt, params.id));
      if (!live) return problem(403, "no-live-attempt", "This is not a live attempt of this agent.");
      if (live.branch === null && body.purpose === "push")
        return problem(403, "read-only-attempt", "This attempt clones and pushes nothing.");
      const credential = await c.get("createClients")(c.env).github.gitCredential(live.profile, body.purpose);
      return c.json({ ...credential, cloneUrl: live.cloneUrl }, 200, { "cache-control": "no-store" });
    },
  );
}
