import type { Actor } from "../access.ts";
import type { Budget } from "../rate-limits.ts";
import type { PullRequest } from "../render/render-pull.ts";
import type { Account, Board, BoardItem, Comment, Field, Issue, Label, Repository } from "../state.ts";
import type { World } from "../world.ts";

/** An object graphql-js reads: fields by name, functions for what is only computed when asked for. */
export type View = { __typename: string } & Record<string, unknown>;

/** What a view's function is called with: the field's arguments and its name. */
export type Arguments = Record<string, unknown>;

/** How each kind of thing is shown; they refer to one another through this. */
export interface Views {
  account(context: Context, account: Account): View;
  actor(context: Context, login: string): View | null;
  repository(context: Context, repository: Repository): View;
  label(context: Context, repository: Repository, label: Label): View;
  commit(context: Context, repository: Repository, sha: string): View;
  issue(context: Context, issue: Issue): View;
  pull(context: Context, pull: PullRequest): View;
  comment(context: Context, comment: Comment): View;
  board(context: Context, board: Board): View;
  item(context: Context, item: BoardItem): View;
  field(context: Context, board: Board, field: Field): View;
}

/** What one GraphQL request is answered with. */
export interface Context {
  world: World;
  actor: Actor;
  views: Views;
  cost: number;
  nodeCount: number;
  budget: Budget;
}
