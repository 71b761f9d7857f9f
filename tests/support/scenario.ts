import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { sign } from "@octokit/webhooks-methods";
import { vi } from "vitest";
import type { InMemoryIssue, InMemoryRepository } from "../../clients/github/in-memory-github.ts";
import type { EventType, JournalEvent } from "../../core/events.ts";
import type { AgentId } from "../../core/ids.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { PolicyOverrides } from "../../core/policy.ts";
import type { RunView } from "../../core/project/views.ts";
import type { SessionStep } from "../../core/task/state.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { clock } from "../../platform/clock.ts";
import { hookId, hookSecret } from "../../platform/hook-id.ts";
import type { Hook } from "../../platform/hook-id.ts";
import { composition } from "../../workers/clients.ts";
import { reconcile } from "../../workers/scheduled/reconcile.ts";
import { createTestMesh, signingKey } from "../../workers/test-mesh.ts";
import { ScriptedRunner } from "./scripted-runner.ts";
import type { StepScript, Work } from "./scripted-runner.ts";

export const healthUrl = "https://app.test/healthz";
const keys = { current: signingKey };
/** Taken before a test puts faults into it. */
const objectNamed = env.ORCHESTRATORS.getByName.bind(env.ORCHESTRATORS);

/** Settles when the check does: for what no event tells. */
export function until<T>(check: () => T | Promise<T>, timeout = 8_000): Promise<T> {
  return vi.waitFor(check, { timeout, interval: 15 });
}

/** A promise that its holder opens. */
export function createGate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

let commits = 0;
/** A commit's name, another each time. */
export function freshSha(): string {
  commits += 1;
  return commits.toString(16).padStart(40, "c");
}

/**
 * The whole Worker with its real objects, queues and alarms in this isolate, the outside in memory, and a clock that is moved by hand.
 * One per test file: the deployed Worker's consumers speak to its clients. Webhooks are answered like GitHub's, and what they point at is
 * looked up at once instead of after the queue's second; `realInbound` leaves that to the queue, too.
 */
export function createScenario(options: { readonly realInbound?: boolean } = {}) {
  const mesh = createTestMesh();
  composition.createClients = () => mesh.clients;
  mesh.model.answer("tech_consultation", { value: { guidance: "Start with the parser." } });
  mesh.model.answer("plan_review", { value: { approve: true, confidence: 0.95, feedback: "sound" } });
  mesh.model.answer("architect_answer", { value: { confident: true, answers: ["Blue"], confidence: 0.9, reason: "the issue says so" } });
  mesh.model.answer("learning", { value: { general: false, text: "", scope: "repository" } });
  mesh.httpCheck.answer(healthUrl, { healthy: true, detail: "ok" });
  let deliveries = 0;
  Object.assign(mesh.env, {
    INBOUND: options.realInbound ? env.INBOUND : { send: (body: unknown) => mesh.deliver("mesh-inbound", body) },
  });

  async function story(name: string, overrides: PolicyOverrides = {}, change: Partial<ProjectProfile> = {}) {
    const repository = await mesh.addProject(name, {
      overrides: {
        merge: "auto",
        qa: { testCommand: "npm test" },
        deployment: { healthUrl },
        backoff: { firstMs: 0, mostMs: 0 },
        ...overrides,
      },
      ...change,
    });
    const { key } = repository.profile;
    const runners: ScriptedRunner[] = [];

    async function webhook(event: string, payload: object, hook: Hook = { kind: "repository", subject: key, version: 1 }) {
      deliveries += 1;
      const body = JSON.stringify({ ...payload, repository: { node_id: key } });
      const headers = {
        "x-github-event": event,
        "x-github-delivery": `d-${deliveries}`,
        "x-hub-signature-256": await sign(await hookSecret(keys, hook), body),
      };
      const response = await mesh.request(`/webhooks/github/${await hookId(keys, hook)}`, { method: "POST", token: null, headers, body });
      if (response.status !== 202) throw new Error(`the webhook was refused: ${response.status} ${await response.text()}`);
      return response.json<{ status: string; reason?: string }>();
    }

    const it = {
      repository,
      key,
      name,
      /** Made anew each time: a stub is of no use any more when its object was aborted. */
      get owner() {
        return orchestrator(env, key);
      },
      get stub() {
        return objectNamed(key);
      },
      runners,
      webhook,
      /** A card was moved or its issue edited: GitHub says so. */
      cardChanged: ({ number }: InMemoryIssue) => webhook("issues", { action: "edited", issue: { number } }),
      pullChanged: (number: number) =>
        webhook("pull_request", {
          action: "closed",
          pull_request: { number, head: { ref: repository.pulls.get(number)?.branch, repo: { node_id: key } } },
        }),
      /** Someone puts the card into a column, and GitHub says so. */
      async moves(issue: InMemoryIssue, column: string) {
        if (issue.card) issue.card.column = column;
        await it.cardChanged(issue);
      },
      /** A new issue in Todo, told by webhook. */
      async begins(from: Parameters<InMemoryRepository["addIssue"]>[0] = {}) {
        const issue = repository.addIssue({ column: "Todo", ...from });
        await it.cardChanged(issue);
        return issue;
      },
      async run(issue: InMemoryIssue, number?: number): Promise<RunView> {
        const run = await it.owner.run(issue.number, number);
        if (!run) throw new Error(`no run of ${issue.number}`);
        return run;
      },
      /** Resolves with the latest run when it fits. */
      reaches: (issue: InMemoryIssue, wanted: Partial<Pick<RunView, "phase" | "awaiting" | "run">>, timeout?: number): Promise<RunView> =>
        until(async () => {
          const run = await it.run(issue);
          for (const [name, value] of Object.entries(wanted)) {
            const is = run[name as keyof RunView];
            if (is !== value) throw new Error(`${name} is ${String(is)}, not ${value}: ${run.phase}/${run.awaiting}, ${run.explain}`);
          }
          return run;
        }, timeout),
      /** Resolves when nothing is left to be done outside. */
      settled: (timeout?: number): Promise<void> =>
        until(async () => {
          const { outbox } = await it.owner.view();
          if (outbox > 0) throw new Error(`${outbox} effects are not done`);
        }, timeout),
      async events(type?: EventType): Promise<readonly JournalEvent[]> {
        const { events } = await it.owner.journalSince(0, 10_000);
        return type === undefined ? events : events.filter((event) => event.type === type);
      },
      /** Resolves when the journal has so many events of the type. */
      recorded: (type: EventType, count = 1): Promise<readonly JournalEvent[]> =>
        until(async () => {
          const events = await it.events(type);
          if (events.length < count) throw new Error(`${events.length} of ${count} ${type}`);
          return events;
        }),
      explain: async ({ number }: InMemoryIssue): Promise<string> => {
        const { explain } = await (await mesh.request(`/runs/${name}/${number}/explain`)).json<{ explain: string }>();
        return explain;
      },
      /** What was changed at GitHub for this project. */
      writes: (operation: string) => mesh.github.writes.filter((write) => write.project === key && write.operation === operation),
      /** The markers of the mesh's comments on the issue. */
      markers: (issue: InMemoryIssue) => issue.comments.flatMap(({ body }) => /<!-- mesh-six:(\S+) -->/.exec(body)?.[1] ?? []),
      evict: () => evictDurableObject(it.stub),
      ring: () => runDurableObjectAlarm(it.stub),
      /** Lets time pass for everyone, in steps: agents that are online give signs of life, then what is due rings. */
      async pass(ms: number, stepMs = 60_000) {
        for (let left = ms; left > 0; left -= stepMs) {
          clock.shift(Math.min(left, stepMs));
          await Promise.all(runners.map((runner) => runner.heartbeat()));
          for (const { agent } of runners) await runDurableObjectAlarm(env.MAILBOXES.getByName(agent));
          await runDurableObjectAlarm(it.stub);
        }
      },
      reconcile: () => reconcile(mesh.env, mesh.clients, "now"),
      /** A runner for this project only, registered with its token through the API; connected unless told otherwise. */
      async runner(id: string, scripts: Partial<Record<SessionStep, StepScript>> = {}, options: { slots?: number; online?: boolean } = {}) {
        const granted = await mesh.send("POST", "/agents", { id, projects: [name] });
        const { token } = await granted.json<{ token: string }>();
        const capabilities = ["planning", "implementation", "qa"].map((capability) => ({ name: capability }));
        const body = JSON.stringify({ capabilities, slots: options.slots ?? 2 });
        const registered = await mesh.request(`/agents/${id}/register`, { method: "POST", token, body });
        if (registered.status !== 200) throw new Error(`not registered: ${await registered.text()}`);
        const open = async (): Promise<WebSocket> => {
          const response = await mesh.request(`/agents/${id}/connect`, { token, headers: { upgrade: "websocket" } });
          if (response.webSocket === null) throw new Error(`no socket: ${response.status}`);
          return response.webSocket;
        };
        const runner = new ScriptedRunner(id as AgentId, { ...createScripts(repository), ...scripts }, open);
        runners.push(runner);
        if (options.online ?? true) await runner.connect();
        return Object.assign(runner, { token });
      },
    };
    return it;
  }

  return { mesh, story };
}

export type Story = Awaited<ReturnType<ReturnType<typeof createScenario>["story"]>>;

/** Commits and pushes: the branch, and a pull request that is open for it, are at the new head; then the mesh is told. */
export function pushTo(repository: InMemoryRepository, work: Work, sha = freshSha()): string {
  const { branch } = work.session;
  const number = (repository.branches.get(branch)?.commits ?? 0) + 1;
  repository.branches.set(branch, { sha, commits: number });
  for (const pull of repository.pulls.values()) if (pull.branch === branch && pull.state === "open") pull.headSha = sha;
  work.say({ type: "branch-pushed", branch, sha, commits: number });
  return sha;
}

export function reportTests(work: Work, passed: boolean): void {
  const [ok, bad] = passed ? [3, 0] : [2, 1];
  const failures = passed ? [] : [{ name: "greets by name", message: "expected Ann, got undefined" }];
  const counts = { passed: ok, failed: bad, skipped: 0 };
  work.say({
    type: "test-results",
    results: { command: "npm test", exitCode: bad, timedOut: false, format: "tap", counts, failures, tail: "…" },
  });
}

/** An agent to whom everything comes out well. */
export function createScripts(repository: InMemoryRepository): Record<SessionStep, StepScript> {
  const usage = (work: Work) => work.say({ type: "usage", process: "p-1", inputTokens: 100, outputTokens: 20, usd: 0.02 });
  const plan: StepScript = (work) => {
    usage(work);
    work.say({ type: "plan", markdown: "# Plan\n\nGreet by name." });
  };
  const implement: StepScript = (work) => {
    usage(work);
    pushTo(repository, work);
  };
  const answer: StepScript = (work) => (work.session.planOnly ? plan(work) : implement(work));
  return { plan, implement, rework: implement, answer, test: (work) => reportTests(work, true) };
}
