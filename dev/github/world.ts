import { EventEmitter } from "node:events";
import { join } from "node:path";
import type { JsonFile } from "./json-file.ts";
import { notFound } from "./refusal.ts";
import type { Account, Board, BoardItem, Identity, Issue, Repository, State } from "./state.ts";

/** Something happened on GitHub: what webhooks are made of, and what board automations follow. */
export interface Occurrence {
  event: string;
  action?: string;
  /** Login of who did it. */
  sender: string;
  repository?: Repository;
  /** Login of the organisation; absent for what belongs to a user, which then has no organisation webhook. */
  organization?: string;
  /** The event's own part of the payload. */
  payload: Record<string, unknown>;
  issue?: Issue;
  item?: BoardItem;
}

/** Node ids start with the kind of thing they name. */
const PREFIXES = {
  account: "U",
  organization: "O",
  bot: "BOT",
  repository: "R",
  issue: "I",
  pull: "PR",
  comment: "IC",
  label: "LA",
  review: "PRR",
  reviewThread: "PRRT",
  reviewComment: "PRRC",
  check: "CR",
  status: "SC",
  board: "PVT",
  item: "PVTI",
  field: "PVTF",
  singleSelectField: "PVTSSF",
  fieldValue: "PVTFSV",
  workflow: "PWF",
  app: "A",
} as const;

/** The state with look-ups, identities and the news of what changed. Actions change it; REST, GraphQL and pages read it. */
export class World {
  readonly #file: JsonFile<State>;
  readonly #news = new EventEmitter<{ occurrence: [Occurrence] }>();
  readonly gitRoot: string;
  publicUrl: string;

  constructor(file: JsonFile<State>, dataDir: string, publicUrl: string) {
    this.#file = file;
    this.gitRoot = join(dataDir, "git");
    this.publicUrl = publicUrl;
  }

  get state(): State {
    return this.#file.value;
  }

  /** To be called after every change, so that it is written. */
  changed(): void {
    this.#file.changed();
  }

  now(): string {
    return `${new Date().toISOString().slice(0, 19)}Z`;
  }

  mint(kind: keyof typeof PREFIXES): Identity {
    const id = this.state.nextId++;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(id));
    return { id, nodeId: `${PREFIXES[kind]}_kwDO${bytes.toString("base64url")}` };
  }

  occurred(occurrence: Occurrence): void {
    this.changed();
    this.#news.emit("occurrence", occurrence);
  }

  follow(listener: (occurrence: Occurrence) => void): void {
    this.#news.on("occurrence", listener);
  }

  findAccount(login: string): Account | undefined {
    return this.state.accounts.find((account) => same(account.login, login));
  }

  account(login: string): Account {
    const account = this.findAccount(login);
    if (!account) throw notFound();
    return account;
  }

  findRepository(owner: string, name: string): Repository | undefined {
    return this.state.repositories.find((repository) => same(repository.owner, owner) && same(repository.name, name));
  }

  /** The repository that had this name before, while no other has it now. */
  findRenamed(owner: string, name: string): Repository | undefined {
    if (this.findRepository(owner, name)) return undefined;
    return this.state.repositories.findLast(({ formerNames = [] }) => formerNames.some((former) => same(former, `${owner}/${name}`)));
  }

  repository(id: number): Repository {
    const repository = this.state.repositories.find((candidate) => candidate.id === id);
    if (!repository) throw notFound();
    return repository;
  }

  findIssue(repository: Repository, number: number): Issue | undefined {
    return this.state.issues.find((issue) => issue.repositoryId === repository.id && issue.number === number);
  }

  issue(id: number): Issue {
    const issue = this.state.issues.find((candidate) => candidate.id === id);
    if (!issue) throw notFound();
    return issue;
  }

  board(id: number): Board {
    const board = this.state.boards.find((candidate) => candidate.id === id);
    if (!board) throw notFound();
    return board;
  }

  findBoard(owner: string, number: number): Board | undefined {
    return this.state.boards.find((board) => same(board.owner, owner) && board.number === number);
  }

  items(board: Board): BoardItem[] {
    return this.state.items.filter((item) => item.boardId === board.id);
  }

  /** The organisation's login when the repository or board belongs to one. */
  organizationOf(owned: { owner: string }): string | undefined {
    return this.findAccount(owned.owner)?.type === "Organization" ? owned.owner : undefined;
  }

  gitDir(repository: Repository): string {
    return join(this.gitRoot, `${repository.id}.git`);
  }

  repositoryUrl(repository: Repository): string {
    return `${this.publicUrl}/${repository.owner}/${repository.name}`;
  }

  repositoryApi(repository: Repository): string {
    return `${this.publicUrl}/repos/${repository.owner}/${repository.name}`;
  }

  issueUrl(issue: Issue): string {
    return `${this.repositoryUrl(this.repository(issue.repositoryId))}/${issue.pull ? "pull" : "issues"}/${issue.number}`;
  }

  boardUrl(board: Board): string {
    return `${this.publicUrl}/${this.organizationOf(board) ? "orgs" : "users"}/${board.owner}/projects/${board.number}`;
  }
}

/** GitHub compares logins and repository names without regard to case. */
export function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
