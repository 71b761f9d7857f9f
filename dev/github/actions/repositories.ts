import { renderAccount } from "../render/render-account.ts";
import { unprocessable } from "../refusal.ts";
import type { Repository } from "../state.ts";
import { same, type World } from "../world.ts";

/** Archives or unarchives a repository, or switches its issues. */
export function changeRepository(
  world: World,
  login: string,
  repository: Repository,
  change: Partial<Pick<Repository, "archived" | "issuesOff">>,
): void {
  const archived = repository.archived;
  Object.assign(repository, change, { updatedAt: world.now() });
  const action = archived === repository.archived ? "edited" : repository.archived ? "archived" : "unarchived";
  world.occurred({ event: "repository", action, sender: login, repository, payload: {} });
}

/** The old name goes on leading to the repository until another one takes it. */
export function renameRepository(world: World, login: string, repository: Repository, name: string): void {
  const from = repository.name;
  moveTo(world, repository, repository.owner, name);
  const changes = { repository: { name: { from } } };
  world.occurred({ event: "repository", action: "renamed", sender: login, repository, payload: { changes } });
}

/**
 * Gives a repository to another owner. Its issues, branches and webhooks go with it; its collaborators too; links to the old owner's boards end. An
 * installation that named it no longer reaches it.
 */
export function transferRepository(world: World, login: string, repository: Repository, owner: string): void {
  const from = world.account(repository.owner);
  moveTo(world, repository, world.account(owner).login, repository.name);
  for (const board of world.state.boards) {
    if (!same(board.owner, repository.owner)) board.repositories = board.repositories.filter((id) => id !== repository.id);
  }
  for (const installation of world.state.installations) {
    if (installation.repositories !== "all" && !same(installation.account, repository.owner))
      installation.repositories = installation.repositories.filter((id) => id !== repository.id);
  }
  const kind = from.type === "Organization" ? "organization" : "user";
  const changes = { owner: { from: { [kind]: renderAccount(world, from.login) } } };
  world.occurred({ event: "repository", action: "transferred", sender: login, repository, payload: { changes } });
}

function moveTo(world: World, repository: Repository, owner: string, name: string): void {
  if (world.findRepository(owner, name)) throw unprocessable(`The repository ${owner}/${name} already exists`);
  const former = `${repository.owner}/${repository.name}`;
  repository.formerNames = [...(repository.formerNames ?? []).filter((each) => !same(each, former)), former];
  repository.owner = owner;
  repository.name = name;
  repository.updatedAt = world.now();
}
