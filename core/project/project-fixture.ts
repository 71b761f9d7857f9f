import type { AgentId, ProjectKey, ProjectName, TaskId } from "../ids.ts";
import type { CardObservation, InputBody, ProjectInput, ProjectProfile } from "../inputs.ts";
import type { PolicyOverrides } from "../policy.ts";
import type { Candidate } from "../pool/state.ts";
import type { ReportBody } from "../protocol/frames.ts";
import type { TaskSpec } from "../task/state.ts";
import type { Moment } from "../time.ts";
import type { ProjectChange } from "./lookup.ts";
import { ReplayedProject } from "./replay.ts";

/** What tests of a project begin with. */
export const key = "R_test" as ProjectKey;
export const startedAt: Moment = 1_800_000_000_000;

export function profileWith(overrides: PolicyOverrides = {}): ProjectProfile {
  return {
    key,
    name: "acme/shop" as ProjectName,
    repositoryUrl: "https://github.com/acme/shop",
    cloneUrl: "https://github.com/acme/shop.git",
    defaultBranch: "main",
    board: {
      id: "PVT_1",
      number: 1,
      url: "https://github.com/orgs/acme/projects/1",
      owner: "acme",
      ownerKind: "organization",
      observedBy: "webhook",
    },
    credential: { kind: "token" },
    overrides,
  };
}

export function cardOf(issue: number, more: Partial<CardObservation> = {}): CardObservation {
  return {
    issue,
    itemId: `item-${issue}`,
    column: "Todo",
    archived: false,
    state: "open",
    title: `Issue ${issue}`,
    body: "Please do it.",
    labels: [],
    author: "ann",
    authorCanWrite: true,
    ours: false,
    url: `https://github.com/acme/shop/issues/${issue}`,
    observedAt: startedAt,
    ...more,
  };
}

export function taskOf(name: string, more: Partial<TaskSpec> = {}): TaskSpec {
  const id = `${key}.${name}` as TaskId;
  return { id, capability: "general", payload: { name }, priority: 5, timeoutSeconds: 120, maxAttempts: 3, wait: true, ...more };
}

export function candidateOf(agent: string, more: Partial<Candidate> & { offers?: readonly string[] } = {}): Candidate {
  const { offers = ["general"], ...rest } = more;
  const capabilities = offers.map((name) => ({ name, weight: 1, preferred: false, healthy: true, history: [] }));
  return { agent: agent as AgentId, kind: "remote", status: "online", slots: 10, busyElsewhere: 0, capabilities, ...rest };
}

export const everything = candidateOf("all-round", {
  offers: ["general", "tech-consultation", "plan-review", "answer-question", "test-evaluation", "learn", "coding-session"],
  slots: 100,
});

/** Drives a project through inputs, numbering and timing them. */
export class Driver {
  readonly project = new ReplayedProject(key);
  readonly inputs: ProjectInput[] = [];
  at = startedAt;
  #n = 0;
  #report = 0;

  say(body: InputBody, afterMs = 1_000): ProjectChange {
    this.at += afterMs;
    this.#n += 1;
    const input = { id: `i${this.#n}`, at: this.at, ...body };
    this.inputs.push(input);
    return this.project.apply(input);
  }

  configure(overrides: PolicyOverrides = {}): ProjectChange {
    return this.say({ type: "project-configured", profile: profileWith(overrides), meshOverrides: {} });
  }

  card(issue: number, more: Partial<CardObservation> = {}): ProjectChange {
    return this.say({ type: "card-observed", card: cardOf(issue, { observedAt: this.at + 1_000, ...more }) });
  }

  submit(...tasks: TaskSpec[]): ProjectChange {
    return this.say({ type: "tasks-submitted", tasks });
  }

  offer(...candidates: Candidate[]): ProjectChange {
    return this.say({ type: "agents-offered", candidates });
  }

  report(agent: string, ...bodies: ReportBody[]): ProjectChange {
    const reports = bodies.map((body) => ({ seq: (this.#report += 1), at: this.at, body }));
    return this.say({ type: "reports-received", agent: agent as AgentId, journal: "journal-1", reports });
  }

  types(change: ProjectChange): string[] {
    return change.events.map(({ type }) => type);
  }
}
