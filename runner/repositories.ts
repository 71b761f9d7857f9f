import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openRepository, type Repository } from "./git/repository.ts";

/** The runner's own clones, each opened once. */
export class Repositories {
  readonly #dir: string;
  readonly #localRemotes: boolean | undefined;
  readonly #open = new Map<string, Promise<Repository>>();

  /** `dir`: the runner's folder. `localRemotes` allows file URLs; for tests. */
  constructor(dir: string, localRemotes: boolean | undefined) {
    this.#dir = dir;
    this.#localRemotes = localRemotes;
  }

  named(repository: { owner: string; name: string }): Promise<Repository> {
    const key = `${repository.owner}/${repository.name}`;
    const open = this.#open.get(key) ?? this.#begin(repository);
    this.#open.set(key, open);
    return open;
  }

  #begin(repository: { owner: string; name: string }): Promise<Repository> {
    const folder = join(this.#dir, "repositories");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openRepository(folder, repository, this.#localRemotes);
  }
}
