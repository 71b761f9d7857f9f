import type { Seed } from "../github/seed.ts";
import type { LocalSecrets } from "../mesh/secrets.ts";
import type { PolicyOverrides } from "../../core/policy.ts";
import { demoRepositories, EXCLUDED_LABEL } from "./issues.ts";

/** The demonstration's GitHub App. */
export const demoApp = { id: 424_242, slug: "mesh-six-demo" } as const;

const columns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked"];

/** People, repositories, issues and boards as the demonstration begins: no card is in Todo yet. */
export async function seedGitHub(seed: Seed, secrets: LocalSecrets, automations: boolean): Promise<void> {
  seed.addUser("ada", "Ada");
  seed.addUser("solo", "Solo");
  seed.addOrganization("acme", { ada: "admin" });
  for (const { owner, name, files, issues } of demoRepositories) {
    await seed.addRepository({ owner, name, files: { ...files } });
    const author = owner === "acme" ? "ada" : "solo";
    if (owner === "acme") seed.setPermission("ada", `${owner}/${name}`, "admin");
    for (const issue of issues)
      seed.addIssue(`${owner}/${name}`, { title: issue.title, body: issue.body, labels: [...issue.labels], author });
    seed.addBoard({
      owner,
      title: `${name} board`,
      statusOptions: columns,
      repositories: [`${owner}/${name}`],
      automations: { itemClosed: automations, pullRequestMerged: automations, autoAdd: automations },
    });
  }
  seed.addApp({
    appId: demoApp.id,
    slug: demoApp.slug,
    owner: "ada",
    publicKeyPem: secrets.appPublicKey,
    installations: [{ account: "acme" }, { account: "solo" }],
  });
  seed.addToken({ kind: "classic", login: "solo", scopes: ["repo", "project"], token: secrets.boardToken });
}

/** What the projects are registered with. The waits are short, since the script answers at once. */
export function demoBoards(appUrl: string): { repository: string; board: { owner: string; number: number }; overrides: PolicyOverrides }[] {
  const common: PolicyOverrides = {
    merge: "auto",
    qa: { testCommand: "npm test" },
    filters: { excludedLabels: [EXCLUDED_LABEL] },
    maxActiveRuns: 3,
    backoff: { firstMs: 1_000 },
    redelivery: { handoverMs: 5_000, effectMs: 5_000, leaseMs: 20_000 },
    tasks: { timeoutSeconds: 30 },
    github: { pollActiveMs: 1_000, pollIdleMs: 2_000, pollShare: 1 },
  };
  return [
    {
      repository: "acme/todo-app",
      board: { owner: "acme", number: 1 },
      overrides: { ...common, deployment: { healthUrl: `${appUrl}/healthz`, smokeTestUrl: `${appUrl}/readyz`, intervalMs: 500 } },
    },
    { repository: "solo/notes", board: { owner: "solo", number: 1 }, overrides: common },
  ];
}
