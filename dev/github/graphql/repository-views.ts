import { canSee, canSeeBoard, atLeast, demand, roleOf } from "../access.ts";
import { checksAt, rollup, stateOfCheck, statusesAt } from "../actions/checks.ts";
import { listCommits, resolveRef } from "../git-repository.ts";
import { notFound } from "../refusal.ts";
import { isPull } from "../render/render-pull.ts";
import type { Account, Issue, Label, Repository } from "../state.ts";
import { same } from "../world.ts";
import { connection, listed } from "./connection.ts";
import type { Arguments, Context, View, Views } from "./context.ts";

export const repositoryViews: Pick<Views, "account" | "actor" | "repository" | "label" | "commit"> = {
  account: accountView,
  actor: (context, login) => {
    const account = context.world.findAccount(login);
    return account ? accountView(context, account) : null;
  },
  repository: repositoryView,
  label: labelView,
  commit: commitView,
};

function accountView(context: Context, account: Account): View {
  const { world, actor, views } = context;
  const boards = (): typeof world.state.boards =>
    world.state.boards.filter((board) => same(board.owner, account.login) && canSeeBoard(world, actor, board));
  return {
    __typename: account.type,
    id: account.nodeId,
    databaseId: account.id,
    login: account.login,
    name: account.name,
    email: "",
    url: `${world.publicUrl}/${account.login}`,
    resourcePath: `/${account.login}`,
    avatarUrl: `${world.publicUrl}/avatars/${account.login}`,
    createdAt: account.createdAt,
    isViewer: same(account.login, actor.login),
    viewerCanCreateProjects: same(account.login, actor.login) || account.members[actor.login] !== undefined,
    viewerIsAMember: account.members[actor.login] !== undefined,
    projectV2: ({ number }: Arguments) => {
      const board = world.findBoard(account.login, Number(number));
      if (!board || !canSeeBoard(world, actor, board))
        throw notFound(`Could not resolve to a ProjectV2 with the number ${String(number)}.`);
      return views.board(context, board);
    },
    projectsV2: (args: Arguments, name: string) => connection(boards(), (board) => views.board(context, board), args, name),
    repository: ({ name }: Arguments) => {
      const repository = world.findRepository(account.login, String(name));
      return repository && canSee(world, actor, repository) ? repositoryView(context, repository) : null;
    },
    repositories: (args: Arguments, name: string) =>
      connection(
        world.state.repositories.filter((repository) => same(repository.owner, account.login) && canSee(world, actor, repository)),
        (repository) => repositoryView(context, repository),
        args,
        name,
      ),
  };
}

function repositoryView(context: Context, repository: Repository): View {
  const { world, actor, views } = context;
  const issues = (pulls: boolean): Issue[] =>
    world.state.issues.filter((issue) => issue.repositoryId === repository.id && (issue.pull !== null) === pulls);
  return {
    __typename: "Repository",
    id: repository.nodeId,
    databaseId: repository.id,
    name: repository.name,
    nameWithOwner: `${repository.owner}/${repository.name}`,
    description: repository.description,
    url: world.repositoryUrl(repository),
    resourcePath: `/${repository.owner}/${repository.name}`,
    isPrivate: repository.private,
    isArchived: repository.archived,
    isFork: false,
    isDisabled: false,
    hasIssuesEnabled: repository.issuesOff !== true,
    hasProjectsEnabled: true,
    visibility: repository.private ? "PRIVATE" : "PUBLIC",
    createdAt: repository.createdAt,
    updatedAt: repository.updatedAt,
    pushedAt: repository.pushedAt,
    deleteBranchOnMerge: repository.deleteBranchOnMerge,
    mergeCommitAllowed: true,
    squashMergeAllowed: true,
    rebaseMergeAllowed: true,
    autoMergeAllowed: false,
    viewerPermission: viewerPermission(context, repository),
    viewerCanAdminister: viewerPermission(context, repository) === "ADMIN",
    owner: () => accountView(context, world.account(repository.owner)),
    defaultBranchRef: () => refView(context, repository, repository.defaultBranch),
    ref: ({ qualifiedName }: Arguments) => refView(context, repository, String(qualifiedName).replace(/^refs\/heads\//, "")),
    issue: ({ number }: Arguments) => {
      const issue = issues(false).find((candidate) => candidate.number === number);
      if (!issue) throw notFound(`Could not resolve to an Issue with the number of ${String(number)}.`);
      return views.issue(context, issue);
    },
    pullRequest: ({ number }: Arguments) => {
      const pull = issues(true)
        .filter(isPull)
        .find((candidate) => candidate.number === number);
      if (!pull) throw notFound(`Could not resolve to a PullRequest with the number of ${String(number)}.`);
      return views.pull(context, pull);
    },
    issueOrPullRequest: ({ number }: Arguments) => {
      const issue = world.findIssue(repository, Number(number));
      if (!issue) throw notFound(`Could not resolve to an issue or pull request with the number of ${String(number)}.`);
      return isPull(issue) ? views.pull(context, issue) : views.issue(context, issue);
    },
    issues: (args: Arguments, name: string) =>
      connection(
        ordered(issues(false), args).filter(
          (issue) =>
            inStates(args.states, issue.state.toUpperCase()) &&
            (!Array.isArray(args.labels) ||
              repository.labels.some((label) => issue.labels.includes(label.id) && (args.labels as string[]).includes(label.name))),
        ),
        (issue) => views.issue(context, issue),
        args,
        name,
      ),
    pullRequests: (args: Arguments, name: string) =>
      connection(
        ordered(issues(true).filter(isPull), args).filter(
          (pull) =>
            inStates(args.states, pull.pull.merged ? "MERGED" : pull.state.toUpperCase()) &&
            (typeof args.headRefName !== "string" || pull.pull.headRef === args.headRefName) &&
            (typeof args.baseRefName !== "string" || pull.pull.baseRef === args.baseRefName),
        ),
        (pull) => views.pull(context, pull),
        args,
        name,
      ),
    labels: (args: Arguments, name: string) => connection(repository.labels, (label) => labelView(context, repository, label), args, name),
    label: ({ name }: Arguments) => {
      const label = repository.labels.find((candidate) => same(candidate.name, String(name)));
      return label ? labelView(context, repository, label) : null;
    },
    projectsV2: (args: Arguments, name: string) =>
      connection(
        world.state.boards.filter((board) => board.repositories.includes(repository.id) && canSeeBoard(world, actor, board)),
        (board) => views.board(context, board),
        args,
        name,
      ),
    collaborators: (args: Arguments, name: string) => {
      const people = world.state.accounts.filter(
        (account) => account.type === "User" && atLeast(roleOf(world, account.login, repository), "triage"),
      );
      const permission = (account: Account): Record<string, unknown> => ({
        permission: roleOf(world, account.login, repository).toUpperCase(),
      });
      return connection(people, (account) => accountView(context, account), args, name, permission);
    },
  };
}

function inStates(states: unknown, state: string): boolean {
  return !Array.isArray(states) || states.length === 0 || states.includes(state);
}

function ordered<T extends Issue>(issues: T[], { orderBy }: Arguments): T[] {
  const { field, direction } = (orderBy ?? {}) as { field?: string; direction?: string };
  if (field === "COMMENTS") throw new Error("The GitHub stand-in does not order by comments.");
  const key = field === "UPDATED_AT" ? "updatedAt" : "createdAt";
  const sorted = issues.toSorted((a, b) => a[key].localeCompare(b[key]) || a.id - b.id);
  return direction === "DESC" ? sorted.reverse() : sorted;
}

function viewerPermission({ world, actor }: Context, repository: Repository): string | null {
  if (actor.kind === "installation") return actor.permissions.contents === "write" ? "WRITE" : "READ";
  const role = roleOf(world, actor.login, repository);
  return role === "none" ? null : role.toUpperCase();
}

async function refView(context: Context, repository: Repository, branch: string): Promise<View | null> {
  const sha = await resolveRef(context.world.gitDir(repository), `refs/heads/${branch}`);
  if (!sha) return null;
  return {
    __typename: "Ref",
    id: `REF_${repository.id}_${branch}`,
    name: branch,
    prefix: "refs/heads/",
    repository: () => repositoryView(context, repository),
    target: () => commitView(context, repository, sha),
  };
}

function labelView(context: Context, repository: Repository, label: Label): View {
  return {
    __typename: "Label",
    id: label.nodeId,
    name: label.name,
    color: label.color,
    description: label.description,
    isDefault: false,
    url: `${context.world.repositoryUrl(repository)}/labels/${encodeURIComponent(label.name)}`,
    repository: () => repositoryView(context, repository),
  };
}

function commitView(context: Context, repository: Repository, sha: string): View {
  const { world } = context;
  const message = async (): Promise<string> => (await listCommits(world.gitDir(repository), undefined, sha, 1))[0]?.message ?? "";
  return {
    __typename: "Commit",
    id: `C_${sha}`,
    oid: sha,
    abbreviatedOid: sha.slice(0, 7),
    url: `${world.repositoryUrl(repository)}/commit/${sha}`,
    message,
    messageHeadline: async () => (await message()).split("\n")[0],
    repository: () => repositoryView(context, repository),
    statusCheckRollup: () => {
      demand(world, context.actor, repository, "checks", "read", "read");
      const state = rollup(world, repository, sha);
      if (!state) return null;
      const checks = checksAt(world, repository, sha).map((check) => (): View => ({
        __typename: "CheckRun",
        id: check.nodeId,
        databaseId: check.id,
        name: check.name,
        status: check.status.toUpperCase(),
        conclusion: check.conclusion?.toUpperCase() ?? null,
        summary: check.summary,
        title: check.summary === null ? null : check.name,
        detailsUrl: `${world.repositoryUrl(repository)}/actions/runs/${check.suiteId}/job/${check.id}`,
        url: `${world.repositoryUrl(repository)}/runs/${check.id}`,
        startedAt: check.startedAt,
        completedAt: check.completedAt,
        isRequired: false,
        state: stateOfCheck(check),
      }));
      const statuses = statusesAt(world, repository, sha).map((status) => (): View => ({
        __typename: "StatusContext",
        id: status.nodeId,
        context: status.context,
        state: status.state.toUpperCase(),
        description: status.description,
        targetUrl: status.targetUrl,
        createdAt: status.createdAt,
        isRequired: false,
      }));
      return {
        id: `SCR_${sha}`,
        state,
        commit: () => commitView(context, repository, sha),
        contexts: (args: Arguments, name: string) => listed([...checks, ...statuses], (view) => view(), args, name),
      };
    },
  };
}
