import { afterAll, beforeAll, test } from "vitest";
import { startMadeUpMesh, type MadeUpMesh } from "./testing/made-up-mesh.ts";
import { expectDocument, expectVerb, hoursAgo, page, type VerbCase } from "./testing/verb-case.ts";

let mesh: MadeUpMesh;
beforeAll(async () => {
  mesh = await startMadeUpMesh();
});
afterAll(() => mesh.close());

const profile = {
  key: "K1",
  name: "acme/todo-app",
  repositoryUrl: "https://github.com/acme/todo-app",
  cloneUrl: "https://github.com/acme/todo-app.git",
  defaultBranch: "main",
  board: {
    id: "B1",
    number: 3,
    url: "https://github.com/orgs/acme/projects/3",
    owner: "acme",
    ownerKind: "organization",
    observedBy: "webhook",
  },
  credential: { kind: "app", installation: 7 },
  overrides: { merge: "auto", budget: { perIssueUsd: 2 } },
};
const credential = {
  name: "agent",
  version: 2,
  variables: ["ANTHROPIC_API_KEY"],
  expiresAt: null,
  hasRefreshToken: false,
  pushedBy: "operator",
  pushedAt: hoursAgo(7),
  lastRefreshAt: null,
  invalidatedAt: null,
};
const cases: readonly VerbCase[] = [
  {
    args: ["projects", "list"],
    route: "GET /projects",
    answer: page(profile),
    text: `project        board                                    observed by
acme/todo-app  https://github.com/orgs/acme/projects/3  webhook
`,
  },
  {
    args: ["projects", "set", "acme/todo-app", "budget.perIssueUsd=2", 'filters.excludedLabels=["x"]', "--unset", "merge"],
    route: "PATCH /projects/acme/todo-app",
    answer: { profile, policy: {} },
    body: { overrides: { budget: { perIssueUsd: 2 }, filters: { excludedLabels: ["x"] }, merge: null } },
    text: "setting             value\nmerge               auto\nbudget.perIssueUsd  2\n",
  },
  {
    args: ["projects", "delete", "acme/todo-app", "--history", "forget", "--yes"],
    route: "DELETE /projects/acme/todo-app",
    path: "/projects/acme/todo-app?history=forget",
    answer: { project: "acme/todo-app", history: "forget", webhooks: [{ kind: "repository", state: "removed" }], waitsFor: null },
    text: "acme/todo-app is gone; its history is forgotten.\nkind        state\nrepository  removed\n",
  },
  {
    args: ["settings", "show", "budget"],
    route: "GET /settings",
    answer: { overrides: { budget: { perIssueUsd: 2 } }, policy: { merge: "human", budget: { perIssueUsd: 2, noProgressUsd: 3 } } },
    text: "setting               value  set\nbudget.perIssueUsd    2      here\nbudget.noProgressUsd  3\n",
  },
  {
    args: ["settings", "set", "--unset", "merge"],
    route: "PATCH /settings",
    answer: { overrides: {}, policy: {} },
    body: { merge: null },
    text: "Nothing is set: every default holds.\n",
  },
  {
    args: ["credentials", "push", "acme/todo-app", "--env", "ANTHROPIC_API_KEY", "--name", "agent", "--expires", "2030-01-01T00:00:00Z"],
    env: { ANTHROPIC_API_KEY: "sk-ant-never-shown" },
    route: "POST /projects/acme/todo-app/credentials",
    answer: credential,
    body: { variables: { ANTHROPIC_API_KEY: "sk-ant-never-shown" }, name: "agent", expiresAt: 1_893_456_000_000 },
    text: "agent of acme/todo-app is stored, encrypted, as version 2: ANTHROPIC_API_KEY.\nIt has no expiry that is known.\n",
  },
  {
    args: ["credentials", "push", "acme/todo-app", "--variable", "OTHER_KEY"],
    input: "from-stdin-never-shown\n",
    route: "POST /projects/acme/todo-app/credentials",
    answer: credential,
    body: { variables: { OTHER_KEY: "from-stdin-never-shown" } },
    text: "agent of acme/todo-app is stored, encrypted, as version 2: ANTHROPIC_API_KEY.\nIt has no expiry that is known.\n",
  },
  {
    args: ["credentials", "health", "acme/todo-app"],
    route: "GET /projects/acme/todo-app/credentials/health",
    answer: {
      hasValidCredential: true,
      expiresAt: null,
      expiresInMs: null,
      hasRefreshToken: false,
      lastRefreshAt: null,
      activeBundleId: "b1",
      credentials: [credential],
    },
    text: `valid          yes
expires        no expiry known
refresh        none
active bundle  b1

credential  variables          pushed                     state
agent v2    ANTHROPIC_API_KEY  operator, HH:MM (7 h ago)  holds
`,
  },
  {
    args: ["credentials", "history", "acme/todo-app"],
    route: "GET /projects/acme/todo-app/credentials/history",
    answer: page({ seq: 4, at: hoursAgo(2), name: "agent", version: 2, action: "refused", by: "laptop", detail: "no-live-attempt" }),
    text: `no.  when             credential  action   by      detail
  4  HH:MM (2 h ago)  agent v2    refused  laptop  no-live-attempt
`,
  },
  {
    args: ["credentials", "refresh", "acme/todo-app"],
    route: "POST /projects/acme/todo-app/credentials/refresh",
    answer: credential,
    body: {},
    text: "agent is renewed.\n",
  },
  {
    args: ["credentials", "remove", "acme/todo-app", "agent", "--yes"],
    route: "DELETE /projects/acme/todo-app/credentials/agent",
    answer: () => ({ status: 204 }),
    text: "agent of acme/todo-app is wiped.\n",
  },
  {
    args: ["vault", "rotate"],
    route: "POST /ops/vault/rotate",
    answer: { projects: 3, rewrapped: 2 },
    text: "2 of 3 projects' keys were wrapped anew; the others were already.\nMASTER_KEY_PREVIOUS can be taken away now: npx wrangler secret delete MASTER_KEY_PREVIOUS\n",
  },
  {
    args: ["stop", "--reason", "moving"],
    route: "POST /ops/stop",
    answer: { stopped: {}, untold: ["acme/todo-app"] },
    body: { reason: "moving" },
    text: "The mesh is stopped. mesh go lets it go on.\nNot yet told, and told by the next reconcile: acme/todo-app.\n",
  },
  { args: ["go"], route: "POST /ops/start", answer: { stopped: null, untold: [] }, text: "The mesh goes on.\n" },
  {
    args: ["state"],
    route: "GET /ops/state",
    answer: { stopped: { at: hoursAgo(3), by: "operator", reason: "moving" } },
    text: "Stopped by operator on YYYY-MM-DD HH:MM (3 h ago): moving.\n",
  },
  {
    args: ["state"],
    route: "GET /ops/state",
    answer: { stopped: null, day: { usd: 12.5, capUsd: 50, reached: false, until: hoursAgo(-3) } },
    text: "All projects have spent $12.50 of $50.00 today (UTC).\nThe mesh is at work.\n",
  },
  {
    args: ["state"],
    route: "GET /ops/state",
    answer: { stopped: null, day: { usd: 50.2, capUsd: 50, reached: true, until: hoursAgo(-3.5) } },
    text: 'All projects have spent $50.20 of $50.00 today (UTC): no session begins until\nYYYY-MM-DD HH:MM (in 3 h), or until you raise budget.meshPerDayUsd with "mesh\nsettings set".\nThe mesh is at work.\n',
  },
  {
    args: ["cleanup", "--dry-run"],
    route: "POST /ops/cleanup",
    answer: {
      dryRun: true,
      backups: ["2026-01-01T02-00-00-abcd1234"],
      partitions: [],
      events: 7,
      journal: { objects: 2, bytes: 4_096 },
      recordings: { objects: 0, bytes: 0 },
      polls: 1,
      onboardings: 0,
      failures: [],
    },
    body: { dryRun: true },
    text: `Would go, as the policy's retention says:
backups           2026-01-01T02-00-00-abcd1234
months of events  none
other events      7
archived journal  2 objects, 4.0 KiB
recordings        0 objects, 0 B
board memories    1
onboardings       0
`,
  },
  {
    args: ["backup", "create"],
    route: "POST /ops/backup",
    answer: { name: "2026-11-26T02-00", objects: 12, bytes: 34_567 },
    text: "2026-11-26T02-00: 12 objects, 33.8 KiB.\n",
  },
  {
    args: ["costs", "--since", "2026-11-01T00:00Z"],
    route: "GET /usage",
    path: "/usage?since=1793491200000",
    answer: {
      total: { usd: 1.5, inputTokens: 1_000, outputTokens: 10 },
      byProject: [{ project: "K1", name: "acme/todo-app", usd: 1.5, inputTokens: 1_000, outputTokens: 10 }],
      byIssue: [],
      byDay: [],
    },
    text: `           usd  tokens in  tokens out
in all  1.5000      1,000          10

project           usd  tokens in  tokens out
acme/todo-app  1.5000      1,000          10
`,
  },
];

test.each(cases.map((one) => [one.args.join(" "), one] as const))("mesh %s", (_, one) => expectVerb(mesh, one));

test("with --json the mesh's answer comes as it is, as one document", async () => {
  // One of each group: they share how a document is printed.
  const groups = new Map(cases.filter(({ answer }) => typeof answer !== "function").map((one) => [one.args[0], one]));
  for (const one of groups.values()) await expectDocument(mesh, one);
});
