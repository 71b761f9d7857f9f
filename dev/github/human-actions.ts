import { z } from "zod";
import { human, roleOf, type Actor } from "./access.ts";
import { addItem, archiveItem, deleteItem, setFieldValue, statusField } from "./actions/boards.ts";
import { createCheckRun, setStatus } from "./actions/checks.ts";
import { changeLabels, closeIssue, comment, editIssue, openIssue, reopenIssue } from "./actions/issues.ts";
import { mergePull, openPull, review } from "./actions/pulls.ts";
import { refsChanged } from "./actions/pushes.ts";
import { changeRepository, renameRepository, transferRepository } from "./actions/repositories.ts";
import { commitFiles, listRefs } from "./git-repository.ts";
import { forbidden, notFound, unprocessable } from "./refusal.ts";
import { renderComment, renderIssue } from "./render/render-issue.ts";
import { isPull, renderPull, type PullRequest } from "./render/render-pull.ts";
import { renderCheckRun } from "./render/render-check.ts";
import { renderRepository } from "./render/render-repository.ts";
import { withRepositoryLock } from "./repository-lock.ts";
import { personFor } from "./seed.ts";
import type { Board, BoardItem, Issue, Repository } from "./state.ts";
import { same, type World } from "./world.ts";

type Act = (world: World, input: unknown) => unknown;

const login = z.string().optional();
const issueRef = z.string().regex(/^[^/]+\/[^#]+#\d+$/, "expected owner/name#number");
const boardRef = z.string().regex(/^[^/]+\/\d+$/, "expected owner/number");
const repositoryRef = z.string().regex(/^[^/]+\/[^/#]+$/, "expected owner/name");

/** What a person may do by name: each takes its JSON, goes the way an API call goes, and gives JSON back. */
export const HUMAN_ACTIONS: Readonly<Record<string, Act>> = {
  "move-card": action(z.object({ login, board: boardRef, issue: issueRef, column: z.string() }), (world, input) => {
    const { board, item, actor } = card(world, input);
    const option = statusField(board).options.find(({ name }) => same(name, input.column));
    if (!option) throw unprocessable(`The board has no column "${input.column}"`);
    setFieldValue(world, actor, board, item, statusField(board), { singleSelectOptionId: option.id });
    return { item: item.nodeId, column: option.name };
  }),
  "add-card": action(z.object({ login, board: boardRef, issue: issueRef }), (world, input) => {
    const board = boardOf(world, input.board);
    return { item: addItem(world, actorFor(world, input.login, board.owner), board, issueOf(world, input.issue)).nodeId };
  }),
  "archive-card": action(z.object({ login, board: boardRef, issue: issueRef }), (world, input) => {
    const { board, item, actor } = card(world, input);
    archiveItem(world, actor, board, item, true);
    return { item: item.nodeId };
  }),
  "delete-card": action(z.object({ login, board: boardRef, issue: issueRef }), (world, input) => {
    const { board, item, actor } = card(world, input);
    deleteItem(world, actor, board, item);
    return { item: item.nodeId };
  }),
  "open-issue": action(
    z.object({ login, repository: repositoryRef, title: z.string(), body: z.string().optional(), labels: z.array(z.string()).optional() }),
    (world, { login: name, repository, ...issue }) => {
      const found = repositoryOf(world, repository);
      return renderIssue(world, openIssue(world, actorFor(world, name, found.owner), found, issue));
    },
  ),
  "edit-issue": action(
    z.object({ login, issue: issueRef, title: z.string().optional(), body: z.string().optional() }),
    (world, { login: name, issue, ...change }) => onIssue(world, issue, name, (found, actor) => editIssue(world, actor, found, change)),
  ),
  comment: action(z.object({ login, issue: issueRef, body: z.string() }), (world, input) => {
    const issue = issueOf(world, input.issue);
    return renderComment(world, comment(world, actorOn(world, input.login, issue), issue, input.body));
  }),
  "close-issue": action(z.object({ login, issue: issueRef, reason: z.enum(["completed", "not_planned"]).optional() }), (world, input) =>
    onIssue(world, input.issue, input.login, (issue, actor) => closeIssue(world, actor, issue, input.reason)),
  ),
  "reopen-issue": action(z.object({ login, issue: issueRef }), (world, input) =>
    onIssue(world, input.issue, input.login, (issue, actor) => reopenIssue(world, actor, issue)),
  ),
  label: action(
    z.object({ login, issue: issueRef, add: z.array(z.string()).optional(), remove: z.array(z.string()).optional() }),
    (world, input) => onIssue(world, input.issue, input.login, (issue, actor) => changeLabels(world, actor, issue, input)),
  ),
  "open-pull": action(
    z.object({
      login,
      repository: repositoryRef,
      title: z.string(),
      body: z.string().optional(),
      head: z.string(),
      base: z.string().default("main"),
    }),
    async (world, { login: name, repository, ...pull }) => {
      const found = repositoryOf(world, repository);
      return renderPull(world, await openPull(world, actorFor(world, name, found.owner), found, pull));
    },
  ),
  "merge-pull": action(
    z.object({ login, pull: issueRef, method: z.enum(["merge", "squash", "rebase"]).default("merge") }),
    async (world, input) => {
      const pull = pullOf(world, input.pull);
      return { sha: await mergePull(world, actorOn(world, input.login, pull), pull, { method: input.method }) };
    },
  ),
  "close-pull": action(z.object({ login, pull: issueRef }), (world, input) =>
    onIssue(world, input.pull, input.login, (issue, actor) => closeIssue(world, actor, issue)),
  ),
  "review-pull": action(
    z.object({
      login,
      pull: issueRef,
      state: z.enum(["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]),
      body: z.string().optional(),
      comments: z.array(z.object({ path: z.string(), line: z.number().int().optional(), body: z.string() })).optional(),
    }),
    (world, { login: name, pull: ref, state, body, comments }) => {
      const pull = pullOf(world, ref);
      const opinion = review(world, actorOn(world, name, pull), pull, {
        state,
        ...(body === undefined ? {} : { body }),
        ...(comments ? { comments } : {}),
      });
      return { id: opinion.id };
    },
  ),
  "set-check": action(
    z.object({
      login,
      repository: repositoryRef,
      sha: z.string(),
      name: z.string(),
      conclusion: z.enum(["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"]).optional(),
      summary: z.string().optional(),
      logs: z.string().optional(),
    }),
    (world, { login: name, repository, sha, ...check }) => {
      const found = repositoryOf(world, repository);
      return renderCheckRun(world, createCheckRun(world, actorFor(world, name, found.owner), found, { ...check, headSha: sha }));
    },
  ),
  "set-status": action(
    z.object({
      login,
      repository: repositoryRef,
      sha: z.string(),
      context: z.string(),
      state: z.enum(["success", "failure", "error", "pending"]),
    }),
    (world, { login: name, repository, ...status }) => {
      const found = repositoryOf(world, repository);
      return { id: setStatus(world, actorFor(world, name, found.owner), found, status).id };
    },
  ),
  "archive-repository": action(z.object({ login, repository: repositoryRef, archived: z.boolean().default(true) }), (world, input) => {
    const repository = repositoryOf(world, input.repository);
    const who = administers(world, input.login, repository);
    changeRepository(world, who, repository, { archived: input.archived });
    return renderRepository(world, repository);
  }),
  "set-issues": action(z.object({ login, repository: repositoryRef, on: z.boolean() }), (world, input) => {
    const repository = repositoryOf(world, input.repository);
    const who = administers(world, input.login, repository);
    changeRepository(world, who, repository, { issuesOff: !input.on });
    return renderRepository(world, repository);
  }),
  "rename-repository": action(z.object({ login, repository: repositoryRef, name: z.string().regex(/^[\w.-]{1,100}$/) }), (world, input) => {
    const repository = repositoryOf(world, input.repository);
    renameRepository(world, administers(world, input.login, repository), repository, input.name);
    return renderRepository(world, repository);
  }),
  "transfer-repository": action(z.object({ login, repository: repositoryRef, owner: z.string() }), (world, input) => {
    const repository = repositoryOf(world, input.repository);
    transferRepository(world, administers(world, input.login, repository), repository, input.owner);
    return renderRepository(world, repository);
  }),
  "push-files": action(
    z.object({
      login,
      repository: repositoryRef,
      branch: z.string(),
      files: z.record(z.string(), z.string()),
      message: z.string().default("Change files"),
    }),
    (world, input) => {
      const repository = repositoryOf(world, input.repository);
      const author = actorFor(world, input.login, repository.owner).login;
      const dir = world.gitDir(repository);
      return withRepositoryLock(dir, async () => {
        const before = await listRefs(dir);
        const sha = await commitFiles(dir, { ...input, from: repository.defaultBranch, author });
        await refsChanged(world, author, repository, before, await listRefs(dir));
        return { sha };
      });
    },
  ),
};

function action<T>(schema: z.ZodType<T>, act: (world: World, input: T) => unknown): Act {
  return (world, input) => act(world, schema.parse(input));
}

/** The person's login, when they administer the repository. */
function administers(world: World, name: string | undefined, repository: Repository): string {
  const { login: who } = actorFor(world, name, repository.owner);
  if (roleOf(world, who, repository) === "admin") return who;
  throw forbidden("Must have admin rights to Repository.");
}

/** The person named, or else one who owns the place. */
function actorFor(world: World, name: string | undefined, owner: string): Actor {
  return human(name === undefined ? personFor(world, owner) : world.account(name).login);
}

function actorOn(world: World, name: string | undefined, issue: Issue): Actor {
  return actorFor(world, name, world.repository(issue.repositoryId).owner);
}

function onIssue(world: World, ref: string, name: string | undefined, act: (issue: Issue, actor: Actor) => void): unknown {
  const issue = issueOf(world, ref);
  act(issue, actorOn(world, name, issue));
  return renderIssue(world, issue);
}

function card(
  world: World,
  input: { login?: string | undefined; board: string; issue: string },
): { board: Board; item: BoardItem; actor: Actor } {
  const board = boardOf(world, input.board);
  const issue = issueOf(world, input.issue);
  const item = world.items(board).find((candidate) => candidate.issueId === issue.id);
  if (!item) throw notFound(`${input.issue} is not on the board`);
  return { board, item, actor: actorFor(world, input.login, board.owner) };
}

function boardOf(world: World, ref: string): Board {
  const [owner = "", number] = ref.split("/");
  const board = world.findBoard(owner, Number(number));
  if (!board) throw notFound(`There is no board ${ref}`);
  return board;
}

function repositoryOf(world: World, ref: string): Repository {
  const [owner = "", name = ""] = ref.split("/");
  const repository = world.findRepository(owner, name);
  if (!repository) throw notFound(`There is no repository ${ref}`);
  return repository;
}

function issueOf(world: World, ref: string): Issue {
  const [repository = "", number] = ref.split("#");
  const issue = world.findIssue(repositoryOf(world, repository), Number(number));
  if (!issue) throw notFound(`There is no ${ref}`);
  return issue;
}

function pullOf(world: World, ref: string): PullRequest {
  const issue = issueOf(world, ref);
  if (!isPull(issue)) throw notFound(`${ref} is no pull request`);
  return issue;
}
