import { canSee, canSeeBoard } from "../access.ts";
import { notFound } from "../refusal.ts";
import { isPull, type PullRequest } from "../render/render-pull.ts";
import type { Board, BoardItem, Field, Issue, Repository } from "../state.ts";
import type { Context, View } from "./context.ts";

function unresolved(id: unknown): Error {
  return notFound(`Could not resolve to a node with the global id of '${String(id)}'.`);
}

/** Any issue or pull request the caller may see. @throws NOT_FOUND */
export function issueOrPullById({ world, actor }: Context, id: unknown): Issue {
  const issue = world.state.issues.find((candidate) => candidate.nodeId === id);
  if (!issue || !canSee(world, actor, world.repository(issue.repositoryId))) throw unresolved(id);
  return issue;
}

export function issueById(context: Context, id: unknown): Issue {
  const issue = issueOrPullById(context, id);
  if (issue.pull) throw unresolved(id);
  return issue;
}

export function pullById(context: Context, id: unknown): PullRequest {
  const pull = issueOrPullById(context, id);
  if (!isPull(pull)) throw unresolved(id);
  return pull;
}

export function repositoryById({ world, actor }: Context, id: unknown): Repository {
  const repository = world.state.repositories.find((candidate) => candidate.nodeId === id);
  if (!repository || !canSee(world, actor, repository)) throw unresolved(id);
  return repository;
}

/** A board by id, whoever may see it: what is done with it then asks for the right. */
export function boardById({ world }: Context, id: unknown): Board {
  const board = world.state.boards.find((candidate) => candidate.nodeId === id);
  if (!board) throw unresolved(id);
  return board;
}

export function itemById({ world }: Context, id: unknown, board: Board): BoardItem {
  const item = world.state.items.find((candidate) => candidate.nodeId === id && candidate.boardId === board.id);
  if (!item) throw unresolved(id);
  return item;
}

export function fieldById({ world }: Context, id: unknown, within?: Board): { board: Board; field: Field } {
  for (const board of within ? [within] : world.state.boards) {
    const field = board.fields.find((candidate) => candidate.nodeId === id);
    if (field) return { board, field };
  }
  throw unresolved(id);
}

/** What `node(id:)` gives. @throws NOT_FOUND for what does not exist or is hidden from the caller. */
export function nodeById(context: Context, id: unknown): View {
  const { world, actor, views } = context;
  const account = world.state.accounts.find((candidate) => candidate.nodeId === id);
  if (account) return views.account(context, account);
  const board = world.state.boards.find((candidate) => candidate.nodeId === id);
  if (board && canSeeBoard(world, actor, board)) return views.board(context, board);
  const item = world.state.items.find((candidate) => candidate.nodeId === id);
  if (item && canSeeBoard(world, actor, world.board(item.boardId))) return views.item(context, item);
  const comment = world.state.comments.find((candidate) => candidate.nodeId === id);
  if (comment && issueOrPullById(context, world.issue(comment.issueId).nodeId)) return views.comment(context, comment);
  const fielded = world.state.boards.find(
    (candidate) => canSeeBoard(world, actor, candidate) && candidate.fields.some(({ nodeId }) => nodeId === id),
  );
  const field = fielded?.fields.find(({ nodeId }) => nodeId === id);
  if (fielded && field) return views.field(context, fielded, field);
  if (world.state.repositories.some((candidate) => candidate.nodeId === id)) return views.repository(context, repositoryById(context, id));
  const issue = issueOrPullById(context, id);
  return isPull(issue) ? views.pull(context, issue) : views.issue(context, issue);
}
