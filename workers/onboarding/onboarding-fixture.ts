import { introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { HookState } from "../../clients/github/project-webhooks.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import type { OnboardingView } from "../../core/onboarding/view.ts";
import type { Assignment } from "../../core/protocol/frames.ts";
import { TestAgent } from "../../durable-objects/test-agent.ts";
import { composition } from "../clients.ts";
import { createTestMesh } from "../test-mesh.ts";
import type { TestMesh } from "../test-mesh.ts";

/** What a runner of the tests answers to a task, `{fails}` for a fault of configuration; undefined: nothing. */
export type Answer = (assignment: Assignment) => Assignment["payload"] | undefined;

export const passedTrial = {
  ok: true,
  step: "test",
  exitCode: 0,
  timedOut: false,
  installCommand: "npm ci",
  testCommand: "npm test",
  head: "abc",
  durationMs: 2_000,
  tail: "ok",
};

/** For tests: a mesh whose workflows run without the pauses between tries, with its clients in memory. */
export async function createOnboardingMesh() {
  const mesh = createTestMesh();
  const hooks = createHooks();
  composition.createClients = () => ({ ...mesh.clients, webhooks: hooks });
  const workflows = await introspectWorkflow(env.ONBOARDING);
  await workflows.modifyAll((instance) => instance.disableRetryDelays());
  return {
    mesh,
    hooks,
    /** Begins to onboard; the trial, the dev container and the login are left out unless asked for. */
    async onboard(repository: string, request: object = {}): Promise<OnboardingView> {
      const response = await mesh.send("POST", "/onboard", {
        repository,
        skipAuth: true,
        skipTrial: true,
        skipDevContainer: true,
        ...request,
      });
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      return response.json<OnboardingView>();
    },
    /** The onboarding once it is so. */
    async until(id: string, isSo: (view: OnboardingView) => boolean): Promise<OnboardingView> {
      for (const end = Date.now() + 20_000; ;) {
        const view = await readView(mesh, id);
        if (isSo(view)) return view;
        if (Date.now() > end) throw new Error(`still ${JSON.stringify(view)}`);
        await scheduler.wait(20);
      }
    },
    ended(id: string): Promise<OnboardingView> {
      return this.until(id, ({ status }) => status === "completed" || status === "failed");
    },
    async retry(id: string): Promise<OnboardingView> {
      const response = await mesh.send("POST", `/onboard/${id}/retry`);
      if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      return this.ended(id);
    },
    /** A runner that is online and answers its tasks. */
    async addRunner(
      id: string,
      answer: Answer = () => undefined,
      capabilities = ["planning", "implementation", "qa", "environment", "agent-login"],
    ) {
      const { token } = await (await mesh.send("POST", "/agents", { id })).json<{ token: string }>();
      const registration = {
        capabilities: capabilities.map((name) => ({ name, weight: 1, preferred: false, requirements: [] })),
        healthChecks: [],
        slots: 2,
        metadata: {},
      };
      const body = JSON.stringify(registration);
      const headers = { "content-type": "application/json" };
      const registered = await mesh.request(`/agents/${id}/register`, { method: "POST", token, headers, body });
      if (registered.status !== 200) throw new Error(await registered.text());
      const agent = await TestAgent.connect(id);
      const asked: unknown[] = [];
      const working = (async () => {
        for (;;) {
          const { assignments } = await agent.hears("assign");
          for (const assignment of assignments) {
            asked.push(assignment.payload);
            const { taskId, attempt } = assignment;
            const result = answer(assignment);
            if (result === undefined) continue;
            const fails = (result as { fails?: string } | null)?.fails;
            agent.report(
              { type: "task-accepted", taskId, attempt },
              fails === undefined
                ? { type: "task-done", taskId, attempt, result }
                : { type: "task-failed", taskId, attempt, kind: "configuration", message: fails },
            );
          }
        }
      })();
      void working;
      const heartbeat = () => mesh.request(`/agents/${id}/heartbeat`, { method: "POST", token });
      return { agent, asked, heartbeat };
    },
    dispose: () => workflows.dispose(),
  };
}

export type OnboardingMesh = Awaited<ReturnType<typeof createOnboardingMesh>>;

async function readView(mesh: TestMesh, id: string): Promise<OnboardingView> {
  return (await mesh.request(`/onboard/${id}`)).json<OnboardingView>();
}

/** The webhooks at GitHub, in memory: made once each; a test may put one there before, or have them refused. */
function createHooks() {
  const there = new Set<string>();
  const refused = new Set<"repository" | "organization">();
  let made = 0;
  return {
    there,
    refused,
    get made() {
      return made;
    },
    async ensure({ name, board }: ProjectProfile): Promise<HookState[]> {
      const wanted = [
        ["repository", name] as const,
        ...(board?.ownerKind === "organization" ? [["organization", board.owner] as const] : []),
      ];
      return wanted.map(([kind, subject]) => {
        const url = `https://mesh.test/webhooks/github/${kind}-${subject}`;
        if (refused.has(kind)) return { kind, state: "not-allowed", number: null, url, events: [] };
        const state = there.has(url) ? "present" : "made";
        if (state === "made") made += 1;
        there.add(url);
        return { kind, state, number: [...there].indexOf(url) + 1, url, events: [] };
      });
    },
    removeOlder: async () => 0,
    remove: async () => [],
    organizationHook: async () => undefined,
    repositoryHook: async () => undefined,
  };
}
