import { forbidden, notFound, Refusal } from "./refusal.ts";
import type { Level, Repository, Role } from "./state.ts";
import { same, type World } from "./world.ts";

/** What an installation or fine-grained token can be granted. */
export type Permission =
  | "metadata"
  | "contents"
  | "issues"
  | "pull_requests"
  | "checks"
  | "statuses"
  | "actions"
  | "administration"
  | "repository_hooks"
  | "organization_hooks"
  | "organization_projects"
  | "workflows";

/**
 * Who is asking, and with what. A `human` acts through a page or `/__human` with all the rights of the login; an `automation` is
 * GitHub itself and may do everything.
 */
export interface Actor {
  kind: "anonymous" | "classic" | "fine-grained" | "installation" | "app" | "human" | "automation";
  login: string;
  tokenId: number | null;
  scopes: readonly string[];
  permissions: Readonly<Record<string, Level>>;
  repositories: readonly number[] | "all";
  installationId: number | null;
  appId: number | null;
  fencedRefs: readonly string[];
}

export const ANONYMOUS: Actor = {
  kind: "anonymous",
  login: "",
  tokenId: null,
  scopes: [],
  permissions: {},
  repositories: "all",
  installationId: null,
  appId: null,
  fencedRefs: [],
};

/** A person with a browser. */
export function human(login: string): Actor {
  return { ...ANONYMOUS, kind: "human", login };
}

/** GitHub acting by itself, under the name of one of its bots. */
export function automation(login: string): Actor {
  return { ...ANONYMOUS, kind: "automation", login };
}

const ROLES: readonly Role[] = ["none", "read", "triage", "write", "maintain", "admin"];
const LEVELS: readonly (Level | undefined)[] = [undefined, "read", "write", "admin"];

export function atLeast(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** What a login may do in a repository, as its collaborator, its owner or a member of the organisation. */
export function roleOf(world: World, login: string, repository: Repository): Role {
  if (same(login, repository.owner)) return "admin";
  const member = Object.entries(world.findAccount(repository.owner)?.members ?? {}).find(([name]) => same(name, login))?.[1];
  if (member === "admin") return "admin";
  const collaborator = Object.entries(repository.collaborators).find(([name]) => same(name, login))?.[1];
  return collaborator ?? (member || !repository.private ? "read" : "none");
}

export function canSee(world: World, actor: Actor, repository: Repository): boolean {
  switch (actor.kind) {
    case "automation":
      return true;
    case "anonymous":
    case "app":
      return !repository.private;
    case "human":
      return roleOf(world, actor.login, repository) !== "none";
    case "classic":
      return !repository.private || (actor.scopes.includes("repo") && roleOf(world, actor.login, repository) !== "none");
    case "fine-grained":
      return !repository.private || (reaches(world, actor, repository) && roleOf(world, actor.login, repository) !== "none");
    case "installation":
      return !repository.private || reaches(world, actor, repository);
  }
}

/** `all` of an installation are those of its account. */
function reaches(world: World, actor: Actor, repository: Repository): boolean {
  if (actor.repositories !== "all") return actor.repositories.includes(repository.id);
  if (actor.kind !== "installation") return true;
  return world.state.installations.some((each) => each.id === actor.installationId && same(each.account, repository.owner));
}

/** The repository as this actor sees it. @throws 404 whether it does not exist or is hidden, as GitHub does. */
export function visibleRepository(world: World, actor: Actor, owner: string, name: string): Repository {
  const repository = world.findRepository(owner, name);
  if (!repository || !canSee(world, actor, repository)) throw notFound();
  return repository;
}

/**
 * Refuses unless the actor may do this: `permission` at `level` for tokens that carry permissions, `role` for the person behind it.
 * @throws 404 when the repository is hidden, 403 when it is visible but the right is missing, 401 without credentials.
 */
export function demand(world: World, actor: Actor, repository: Repository, permission: Permission, level: Level, role: Role): void {
  if (actor.kind === "automation") return;
  if (!canSee(world, actor, repository)) throw notFound();
  if (actor.kind === "anonymous") {
    if (level === "read" && !repository.private) return;
    throw new Refusal(401, "FORBIDDEN", "Requires authentication");
  }
  if (actor.kind === "app") throw forbidden("Resource not accessible by integration");
  if (repository.archived && level !== "read") throw forbidden("Repository was archived so is read-only.");
  if (actor.kind === "installation") {
    const granted = reaches(world, actor, repository) && holds(actor, permission, level);
    if (!granted && !(level === "read" && !repository.private))
      throw forbidden("Resource not accessible by integration", `${permission}=${level}`);
    return;
  }
  if (
    actor.kind === "fine-grained" &&
    !(level === "read" && !repository.private) &&
    !(reaches(world, actor, repository) && holds(actor, permission, level))
  ) {
    throw forbidden("Resource not accessible by personal access token", `${permission}=${level}`);
  }
  if (actor.kind === "classic" && level !== "read" && !actor.scopes.includes("repo")) {
    const enough =
      (permission === "repository_hooks" && actor.scopes.includes("admin:repo_hook")) ||
      (!repository.private && actor.scopes.includes("public_repo"));
    if (!enough) throw notFound();
  }
  if (!atLeast(roleOf(world, actor.login, repository), role)) {
    throw role === "admin" || level === "read" ? notFound() : forbidden("Must have admin rights to Repository.");
  }
}

/** Fine-grained tokens cannot be given `checks` at all: https://docs.github.com/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens */
function holds(actor: Actor, permission: Permission, level: Level): boolean {
  if (permission === "checks" && actor.kind === "fine-grained") return false;
  return permission === "metadata" || LEVELS.indexOf(actor.permissions[permission]) >= LEVELS.indexOf(level);
}

/** What a token may do with boards of an owner: none of them exists for it, it may look, or it may write. */
export function boardAccess(world: World, actor: Actor, board: { owner: string; public: boolean }, level: "read" | "write"): void {
  if (actor.kind === "automation") return;
  const organization = world.organizationOf(board);
  const missing = notFound("Could not resolve to a ProjectV2.");
  if (actor.kind === "anonymous" || actor.kind === "app") throw missing;
  if (actor.kind === "installation" || actor.kind === "fine-grained") {
    // Boards of users are closed to everything but classic tokens.
    if (!organization) throw missing;
    const installation = world.state.installations.find((candidate) => candidate.id === actor.installationId);
    if (actor.kind === "installation" && (!installation || !same(installation.account, board.owner))) throw missing;
    if (!holds(actor, "organization_projects", level)) {
      throw forbidden(`Resource not accessible by ${actor.kind === "installation" ? "integration" : "personal access token"}`);
    }
    if (actor.kind === "installation") return;
  }
  if (actor.kind === "classic" && !actor.scopes.includes("project") && !(level === "read" && actor.scopes.includes("read:project"))) {
    const wanted = level === "read" ? "read:project" : "project";
    throw new Refusal(
      403,
      "INSUFFICIENT_SCOPES",
      `Your token has not been granted the required scopes to execute this query. The 'projectV2' field requires one of the following scopes: ['${wanted}'], but your token has only been granted the: [${actor.scopes.map((scope) => `'${scope}'`).join(", ")}] scopes. Please modify your token's scopes at: https://github.com/settings/tokens.`,
    );
  }
  const insider = organization ? memberOf(world, organization, actor.login) : same(board.owner, actor.login);
  if (!insider && !(level === "read" && board.public)) throw missing;
}

export function canSeeBoard(world: World, actor: Actor, board: { owner: string; public: boolean }): boolean {
  return mayBoard(world, actor, board, "read");
}

export function canWriteBoard(world: World, actor: Actor, board: { owner: string; public: boolean }): boolean {
  return mayBoard(world, actor, board, "write");
}

function mayBoard(world: World, actor: Actor, board: { owner: string; public: boolean }, level: "read" | "write"): boolean {
  try {
    boardAccess(world, actor, board, level);
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function memberOf(world: World, organization: string, login: string): boolean {
  return Object.keys(world.findAccount(organization)?.members ?? {}).some((member) => same(member, login));
}

/** Refuses unless the actor may manage the webhooks of the organisation. @throws 404, 403 */
export function demandOrganizationHooks(world: World, actor: Actor, organization: string, level: Level): void {
  const account = world.account(organization);
  if (account.type !== "Organization") throw notFound();
  if (actor.kind === "installation" || actor.kind === "fine-grained") {
    const installation = world.state.installations.find((candidate) => candidate.id === actor.installationId);
    if (actor.kind === "installation" && (!installation || !same(installation.account, organization))) throw notFound();
    if (!holds(actor, "organization_hooks", level)) {
      throw forbidden(`Resource not accessible by ${actor.kind === "installation" ? "integration" : "personal access token"}`);
    }
    if (actor.kind === "installation") return;
  }
  if (actor.kind === "classic" && !actor.scopes.includes("admin:org_hook")) throw notFound();
  const role = Object.entries(account.members).find(([name]) => same(name, actor.login))?.[1];
  if (role !== "admin") throw notFound();
}
