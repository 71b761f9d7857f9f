import { createBoard, linkRepository, statusField, updateField } from "./actions/boards.ts";
import { labelNamed, openIssue, type NewIssue } from "./actions/issues.ts";
import { automation } from "./access.ts";
import { hashToken, newTokenValue } from "./authenticate.ts";
import { commitFiles, createBareRepository } from "./git-repository.ts";
import type {
  Account,
  App,
  Board,
  CheckPlan,
  Installation,
  Issue,
  Level,
  Protection,
  Repository,
  Role,
  Token,
  WorkflowName,
} from "./state.ts";
import type { World } from "./world.ts";

export interface NewToken {
  kind: "classic" | "fine-grained";
  login: string;
  /** Of a classic token. */
  scopes?: string[];
  /** Of a fine-grained token. */
  permissions?: Record<string, Level>;
  /** `owner/name` of the repositories a fine-grained token reaches; all when left out. */
  repositories?: string[];
  /** Its value; made up when left out. */
  token?: string;
  fencedRefs?: string[];
}

export interface NewApp {
  appId?: number;
  slug?: string;
  name?: string;
  owner: string;
  publicKeyPem: string;
  permissions?: Record<string, Level>;
  webhook?: { url: string; secret: string };
  events?: string[];
  /** Where it is installed; `repositories` are names, all when left out. */
  installations?: { account: string; repositories?: string[]; permissions?: Record<string, Level> }[];
}

export interface NewBoard {
  owner: string;
  title: string;
  /** Column names; GitHub's own Todo, In Progress, Done when left out. */
  statusOptions?: string[];
  /** `owner/name` of the repositories it is linked to. */
  repositories?: string[];
  /** Which automations are on. Those not named stay as on a new board: only the first two on. */
  automations?: { itemClosed?: boolean; pullRequestMerged?: boolean; autoAdd?: boolean; itemReopened?: boolean; autoCloseIssue?: boolean };
}

export interface NewRepository {
  owner: string;
  name: string;
  private?: boolean;
  archived?: boolean;
  issuesOff?: boolean;
  description?: string;
  /** Path → content of the first commit on `main`; a README when left out, no commit at all when there is none. */
  files?: Record<string, string>;
  labels?: string[];
  deleteBranchOnMerge?: boolean;
  protections?: (Partial<Protection> & { branch: string })[];
  checksOnPush?: CheckPlan[];
}

/** What an App may do when nothing is said: all that mesh-six needs. */
export const USUAL_PERMISSIONS: Record<string, Level> = {
  contents: "write",
  issues: "write",
  pull_requests: "write",
  checks: "read",
  statuses: "read",
  actions: "read",
  repository_hooks: "write",
  organization_projects: "admin",
  organization_hooks: "write",
};

const USUAL_EVENTS = [
  "check_run",
  "check_suite",
  "issue_comment",
  "issues",
  "projects_v2_item",
  "pull_request",
  "pull_request_review",
  "pull_request_review_comment",
  "push",
  "repository",
  "status",
  "sub_issues",
];

/** Makes the people, repositories, boards and credentials a stand-in begins with. Nothing here asks for rights. */
export interface Seed {
  addUser(login: string, name?: string): Account;
  addOrganization(login: string, members?: Record<string, "admin" | "member">): Account;
  addRepository(input: NewRepository): Promise<Repository>;
  addIssue(repository: string, issue: NewIssue & { author?: string }): Issue;
  addBoard(input: NewBoard): Board;
  /** The token's value, which is kept nowhere. */
  addToken(input: NewToken): string;
  addApp(input: NewApp): { app: App; installations: Installation[] };
  setPermission(login: string, repository: string, role: Role): void;
  /** Checks that appear, completed, on every pushed commit. */
  setChecksOnPush(repository: string, checks: CheckPlan[]): void;
  protectBranch(repository: string, rule: Partial<Protection> & { branch: string }): void;
  /** Refuses pushes to these refs (globs of full names) from a token. */
  fenceToken(value: string, refs: string[]): void;
  revokeToken(value: string): void;
  setWorkflow(board: Board, name: WorkflowName, enabled: boolean): void;
}

export function createSeed(world: World): Seed {
  const repositoryNamed = (fullName: string): Repository => {
    const [owner = "", name = ""] = fullName.split("/");
    const found = world.findRepository(owner, name);
    if (!found) throw new Error(`there is no repository ${fullName}`);
    return found;
  };
  const addAccount = (type: Account["type"], login: string, name: string | null, members: Account["members"] = {}): Account => {
    const existing = world.findAccount(login);
    if (existing) return existing;
    const kind = type === "Organization" ? "organization" : type === "Bot" ? "bot" : "account";
    const account: Account = { ...world.mint(kind), type, login, name, members, createdAt: world.now() };
    world.state.accounts.push(account);
    world.changed();
    return account;
  };
  const tokenOf = (value: string): Token => {
    const found = world.state.tokens.find((token) => token.hash === hashToken(value));
    if (!found) throw new Error("there is no such token");
    return found;
  };
  for (const bot of ["github-actions[bot]", "github-project-automation[bot]"]) addAccount("Bot", bot, null);

  const seed: Seed = {
    addUser: (login, name) => addAccount("User", login, name ?? null),
    addOrganization: (login, members) => addAccount("Organization", login, null, members),

    async addRepository(input) {
      const now = world.now();
      const repository: Repository = {
        ...world.mint("repository"),
        owner: world.account(input.owner).login,
        name: input.name,
        private: input.private ?? false,
        archived: input.archived ?? false,
        ...(input.issuesOff ? { issuesOff: true } : {}),
        description: input.description ?? null,
        defaultBranch: "main",
        deleteBranchOnMerge: input.deleteBranchOnMerge ?? false,
        labels: [],
        collaborators: {},
        protections: [],
        checksOnPush: input.checksOnPush ?? [],
        nextNumber: 1,
        createdAt: now,
        updatedAt: now,
        pushedAt: now,
      };
      for (const label of input.labels ?? ["bug", "enhancement", "documentation"]) labelNamed(world, repository, label);
      const dir = world.gitDir(repository);
      await createBareRepository(dir, repository.defaultBranch);
      const files = input.files ?? { "README.md": `# ${input.name}\n` };
      if (Object.keys(files).length > 0)
        await commitFiles(dir, { branch: repository.defaultBranch, files, message: "Initial commit\n", author: input.owner });
      world.state.repositories.push(repository);
      for (const rule of input.protections ?? []) seed.protectBranch(`${input.owner}/${input.name}`, rule);
      world.changed();
      return repository;
    },

    addIssue(fullName, { author, ...issue }) {
      const repository = repositoryNamed(fullName);
      return openIssue(world, automation(author ?? repository.owner), repository, issue);
    },

    addBoard(input) {
      const actor = automation(personFor(world, input.owner));
      const board = createBoard(world, actor, input);
      const options = input.statusOptions?.map((name) => ({ name }));
      if (options) updateField(world, actor, board, statusField(board), { options });
      for (const repository of input.repositories ?? []) linkRepository(world, actor, board, repositoryNamed(repository));
      const { itemClosed, pullRequestMerged, autoAdd, itemReopened, autoCloseIssue } = input.automations ?? {};
      const wanted: [WorkflowName, boolean | undefined][] = [
        ["Item closed", itemClosed],
        ["Pull request merged", pullRequestMerged],
        ["Auto-add to project", autoAdd],
        ["Item added to project", autoAdd],
        ["Item reopened", itemReopened],
        ["Auto-close issue", autoCloseIssue],
      ];
      for (const [name, enabled] of wanted) if (enabled !== undefined) seed.setWorkflow(board, name, enabled);
      return board;
    },

    addToken(input) {
      const value = input.token ?? newTokenValue(input.kind);
      world.state.tokens = world.state.tokens.filter((token) => token.hash !== hashToken(value));
      world.state.tokens.push({
        id: world.state.nextId++,
        hash: hashToken(value),
        kind: input.kind,
        login: world.account(input.login).login,
        scopes: input.scopes ?? [],
        permissions: input.permissions ?? {},
        repositories: input.repositories?.map((name) => repositoryNamed(name).id) ?? "all",
        installationId: null,
        fencedRefs: input.fencedRefs ?? [],
        revoked: false,
        expiresAt: null,
      });
      world.changed();
      return value;
    },

    addApp(input) {
      const identity = world.mint("app");
      const permissions = input.permissions ?? USUAL_PERMISSIONS;
      const slug = input.slug ?? "mesh-six-dev";
      const app: App = {
        ...identity,
        id: input.appId ?? identity.id,
        slug,
        name: input.name ?? slug,
        clientId: `Iv23${identity.id.toString(16).padStart(16, "0")}`,
        owner: world.account(input.owner).login,
        publicKeyPem: input.publicKeyPem,
        permissions,
        events: input.events ?? USUAL_EVENTS,
        createdAt: world.now(),
      };
      world.state.apps.push(app);
      addAccount("Bot", `${slug}[bot]`, null);
      const installations = (input.installations ?? []).map((wanted): Installation => ({
        id: world.state.nextId++,
        appId: app.id,
        account: world.account(wanted.account).login,
        repositories:
          wanted.repositories?.map((name) => repositoryNamed(name.includes("/") ? name : `${wanted.account}/${name}`).id) ?? "all",
        permissions: wanted.permissions ?? permissions,
        createdAt: world.now(),
      }));
      world.state.installations.push(...installations);
      if (input.webhook) {
        world.state.hooks.push({
          id: world.state.nextId++,
          target: { type: "integration", appId: app.id },
          active: true,
          events: app.events,
          url: input.webhook.url,
          secret: input.webhook.secret,
          contentType: "json",
          createdAt: world.now(),
          updatedAt: world.now(),
        });
      }
      world.changed();
      return { app, installations };
    },

    setPermission(login, fullName, role) {
      repositoryNamed(fullName).collaborators[world.account(login).login] = role;
      world.changed();
    },
    setChecksOnPush(fullName, checks) {
      repositoryNamed(fullName).checksOnPush = checks;
      world.changed();
    },
    protectBranch(fullName, rule) {
      const repository = repositoryNamed(fullName);
      const whole = { requiredChecks: [], requiredApprovals: 0, refusePushes: true, ...rule };
      repository.protections = [...repository.protections.filter((other) => other.branch !== rule.branch), whole];
      world.changed();
    },
    fenceToken(value, refs) {
      tokenOf(value).fencedRefs = refs;
      world.changed();
    },
    revokeToken(value) {
      tokenOf(value).revoked = true;
      world.changed();
    },
    setWorkflow(board, name, enabled) {
      const workflow = board.workflows.find((candidate) => candidate.name === name);
      if (!workflow) throw new Error(`the board has no workflow "${name}"`);
      workflow.enabled = enabled;
      workflow.updatedAt = world.now();
      world.changed();
    },
  };
  return seed;
}

/** A person with the rights of an account: the user, or an administrator of the organisation. */
export function personFor(world: World, owner: string): string {
  const account = world.account(owner);
  if (account.type === "User") return account.login;
  return Object.entries(account.members).find(([, role]) => role === "admin")?.[0] ?? account.login;
}
