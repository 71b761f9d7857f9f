import type { EffectResult } from "../../core/effects.ts";
import type { ProjectKey } from "../../core/ids.ts";
import type { CardObservation, ProjectProfile, PullRequestObservation } from "../../core/inputs.ts";
import { carriesMarker, withMarker } from "../../core/outbound/markers.ts";
import type { Moment } from "../../core/time.ts";
import { hourMs } from "../../core/time.ts";
import { ClientError } from "../client-error.ts";
import type { CardReading, GitHub, Permission } from "./github.ts";

const defaultColumns = ["Todo", "Planning", "In Progress", "QA", "Review", "Done", "Blocked"];

export interface InMemoryIssue {
  readonly number: number;
  readonly nodeId: string;
  title: string;
  body: string;
  labels: string[];
  author: string;
  state: "open" | "closed";
  parent: number | null;
  /** null when the issue is not on the board. */
  card: { readonly itemId: string; column: string | null; archived: boolean } | null;
  readonly comments: { readonly id: number; readonly author: string; body: string }[];
}

/** A pull request without the reading's time. */
export type InMemoryPull = { -readonly [K in keyof Omit<PullRequestObservation, "observedAt">]: PullRequestObservation[K] } & {
  base: string;
  title: string;
  body: string;
};

type Operation = keyof GitHub;

/** A GitHub for tests of what stands on it: keeps state, refuses what is not there, counts writes, and fails when told. */
export interface InMemoryGitHub extends GitHub {
  addProject(profile: ProjectProfile, columns?: readonly string[]): InMemoryRepository;
  /** What was really changed, oldest first; a repeat that found its work done is not among them. */
  readonly writes: readonly { readonly operation: Operation; readonly project: ProjectKey; readonly about: string }[];
  /** The next calls of the operation fail, one by one; with `after` they are carried out first and only the answer is lost. */
  failNext(operation: Operation, error: ClientError, options?: { readonly after?: boolean; readonly times?: number }): void;
}

export interface InMemoryRepository {
  readonly profile: ProjectProfile;
  readonly columns: string[];
  readonly issues: Map<number, InMemoryIssue>;
  readonly pulls: Map<number, InMemoryPull>;
  /** Branch → its head and the commits the default branch has not. */
  readonly branches: Map<string, { sha: string; commits: number }>;
  /** Commit → the earlier commits in its history. */
  readonly histories: Map<string, readonly string[]>;
  /** Login → permission; others have none. */
  readonly permissions: Map<string, Permission>;
  addIssue(
    issue: Partial<Pick<InMemoryIssue, "title" | "body" | "labels" | "author">> & { readonly column?: string | null },
  ): InMemoryIssue;
}

/** The mesh's own login here. */
const self = "mesh-six[bot]";

export function createInMemoryGitHub(deps: { readonly now: () => Moment }): InMemoryGitHub {
  const repositories = new Map<ProjectKey, InMemoryRepository>();
  const writes: { operation: Operation; project: ProjectKey; about: string }[] = [];
  const faults: { operation: Operation; error: ClientError; after: boolean; left: number }[] = [];
  let counter = 0;

  function repositoryOf(profile: ProjectProfile): InMemoryRepository {
    return repositories.get(profile.key) ?? missing(`repository ${profile.name}`);
  }

  /** Strikes before or after the act, as told by `failNext`. */
  async function acting<T>(operation: Operation, act: () => T): Promise<T> {
    const fault = faults.find((each) => each.operation === operation && each.left > 0);
    if (fault) fault.left -= 1;
    if (fault && !fault.after) throw fault.error;
    const result = act();
    if (fault) throw fault.error;
    return result;
  }

  function readCard(repository: InMemoryRepository, issue: InMemoryIssue | undefined, number: number): CardReading {
    const observedAt = deps.now();
    if (!issue?.card) return { type: "gone", issue: number, observedAt };
    const permission = repository.permissions.get(issue.author) ?? "none";
    const { name } = repository.profile;
    const card: CardObservation = {
      issue: number,
      ...issue.card,
      state: issue.state,
      title: issue.title,
      body: issue.body,
      labels: [...issue.labels],
      author: issue.author,
      authorCanWrite: permission === "admin" || permission === "write",
      ours: carriesMarker(issue.body),
      url: `https://github.com/${name}/issues/${number}`,
      observedAt,
    };
    return { type: "card", card };
  }

  function newestPull(repository: InMemoryRepository, branch: string, former: readonly number[] = []): InMemoryPull | undefined {
    return [...repository.pulls.values()].findLast((each) => each.branch === branch && !former.includes(each.number));
  }

  function nextNumber(repository: InMemoryRepository): number {
    return Math.max(0, ...repository.issues.keys(), ...repository.pulls.keys()) + 1;
  }

  function makeIssue(repository: InMemoryRepository, from: Parameters<InMemoryRepository["addIssue"]>[0]): InMemoryIssue {
    const number = nextNumber(repository);
    counter += 1;
    const { title = `Issue ${number}`, body = "", labels = [], author = "octocat", column } = from;
    const card = column === undefined ? null : { itemId: `PVTI_${counter}`, column, archived: false };
    const issue: InMemoryIssue = {
      number,
      nodeId: `I_${counter}`,
      title,
      body,
      labels: [...labels],
      author,
      state: "open",
      parent: null,
      card,
      comments: [],
    };
    repository.issues.set(number, issue);
    return issue;
  }

  return {
    writes,
    failNext: (operation, error, { after = false, times = 1 } = {}) => void faults.push({ operation, error, after, left: times }),
    addProject(profile, columns = defaultColumns) {
      const repository: InMemoryRepository = {
        profile,
        columns: [...columns],
        issues: new Map(),
        pulls: new Map(),
        branches: new Map(),
        histories: new Map(),
        permissions: new Map([["octocat", "write"]]),
        addIssue: (from) => makeIssue(repository, from),
      };
      repositories.set(profile.key, repository);
      return repository;
    },

    observeBoard: (profile) =>
      acting("observeBoard", () => {
        const items = [...repositoryOf(profile).issues.values()].flatMap(({ number, state, card, title, body, labels, comments }) => {
          if (!card) return [];
          const stamp = JSON.stringify([title, body, labels, state, comments.length]);
          return [{ issue: number, ...card, state, itemUpdatedAt: JSON.stringify(card), issueUpdatedAt: stamp }];
        });
        return { items, others: 0, redacted: 0, points: 1, observedAt: deps.now() };
      }),
    observeCard: (profile, issue) =>
      acting("observeCard", () => {
        const repository = repositoryOf(profile);
        return readCard(repository, repository.issues.get(issue), issue);
      }),
    observeCardByContentNode: (profile, contentNodeId) =>
      acting("observeCardByContentNode", () => {
        repositoryOf(profile);
        for (const repository of repositories.values()) {
          const issue = [...repository.issues.values()].find((each) => each.nodeId === contentNodeId);
          if (!issue) continue;
          if (repository.profile.key === profile.key) return readCard(repository, issue, issue.number);
          return { type: "elsewhere" as const, repository: repository.profile.key, issue: issue.number };
        }
        return { type: "no-issue" as const };
      }),
    observePullRequest: (profile, ref) =>
      acting("observePullRequest", () => {
        const repository = repositoryOf(profile);
        const pull = "number" in ref ? repository.pulls.get(ref.number) : newestPull(repository, ref.branch);
        if (!pull) return null;
        const { base: _base, title: _title, body: _body, ...seen } = pull;
        return { ...seen, observedAt: deps.now() };
      }),
    observeBranch: (profile, branch) =>
      acting("observeBranch", () => {
        const there = repositoryOf(profile).branches.get(branch);
        return there ? { branch, ...there } : null;
      }),
    containsCommit: (profile, descendant, commit) =>
      acting("containsCommit", () => {
        const { histories } = repositoryOf(profile);
        return descendant === commit || (histories.get(descendant) ?? []).some((earlier) => earlier.startsWith(commit));
      }),
    permissionOf: (profile, login) => acting("permissionOf", () => repositoryOf(profile).permissions.get(login) ?? "none"),

    moveCard: (profile, itemId, columnName, from) =>
      acting("moveCard", () => {
        const repository = repositoryOf(profile);
        const issue = [...repository.issues.values()].find((each) => each.card?.itemId === itemId);
        if (!issue?.card) return missing("card");
        const column = repository.columns.find((each) => each.toLowerCase() === columnName.trim().toLowerCase());
        if (column === undefined) throw fault("column-missing", `the board has no column "${columnName}"`);
        const at = issue.card.column;
        if (from && at !== column && !from.some((name) => name?.toLowerCase() === at?.toLowerCase()))
          return { kind: "card-elsewhere", column: at };
        if (issue.card.archived) throw fault("refused", "the card is archived");
        if (issue.card.column !== column)
          writes.push({ operation: "moveCard", project: profile.key, about: `#${issue.number} → ${column}` });
        issue.card.column = column;
        return { kind: "card-moved" };
      }),
    comment: (profile, number, marker, body, replace) =>
      acting("comment", () => {
        const { issues, pulls } = repositoryOf(profile);
        const issue = issues.get(number) ?? (pulls.has(number) ? missing("issue behind a pull request") : missing(`issue ${number}`));
        const text = withMarker(body, marker);
        const before = issue.comments.find((each) => each.author === self && carriesMarker(each.body, marker));
        const id = before?.id ?? (counter += 1);
        const url = `https://github.com/${profile.name}/issues/${number}#issuecomment-${id}`;
        if (before && (!replace || before.body === text)) return { kind: "commented", url };
        writes.push({ operation: "comment", project: profile.key, about: `#${number} ${marker}` });
        if (before) before.body = text;
        else issue.comments.push({ id, author: self, body: text });
        return { kind: "commented", url };
      }),
    openPullRequest: (profile, { branch, base, title, body, former }) =>
      acting("openPullRequest", () => {
        const repository = repositoryOf(profile);
        const before = newestPull(repository, branch, former);
        if (before) return { kind: "pull-request-open" as const, number: before.number, url: before.url, headSha: before.headSha };
        const head = repository.branches.get(branch);
        if (!head)
          return { kind: "pull-request-refused" as const, because: "branch-missing" as const, message: `head ${branch} is invalid` };
        if (head.commits === 0)
          return {
            kind: "pull-request-refused" as const,
            because: "no-commits" as const,
            message: `no commits between ${base} and ${branch}`,
          };
        const number = nextNumber(repository);
        const url = `https://github.com/${profile.name}/pull/${number}`;
        const fresh = { state: "open", merged: false, mergedBy: null, mergeCommit: null, mergeable: "yes", checks: "none" } as const;
        repository.pulls.set(number, {
          number,
          url,
          branch,
          base,
          title,
          body,
          ...fresh,
          headSha: head.sha,
          commits: head.commits,
          failingChecks: [],
          changesRequested: [],
        });
        writes.push({ operation: "openPullRequest", project: profile.key, about: branch });
        return { kind: "pull-request-open" as const, number, url, headSha: head.sha };
      }),
    closePullRequest: (profile, number, branch) =>
      acting("closePullRequest", () => {
        const repository = repositoryOf(profile);
        const pull = number > 0 ? (repository.pulls.get(number) ?? missing(`pull request ${number}`)) : newestPull(repository, branch);
        if (pull && pull.branch !== branch) throw fault("conflict", "the pull request belongs to another branch");
        if (pull?.state === "open") {
          pull.state = "closed";
          writes.push({ operation: "closePullRequest", project: profile.key, about: `#${pull.number}` });
        }
        return { kind: "done" };
      }),
    mergePullRequest: (profile, { number, sha }) =>
      acting("mergePullRequest", (): Extract<EffectResult, { kind: "merged" | "merge-refused" }> => {
        const pull = repositoryOf(profile).pulls.get(number);
        if (pull?.merged) return { kind: "merged", sha: pull.mergeCommit ?? pull.headSha };
        if (pull?.state !== "open") return { kind: "merge-refused", because: "closed", message: "the pull request is closed" };
        if (pull.headSha !== sha) return { kind: "merge-refused", because: "head-moved", message: "the head is another" };
        if (pull.mergeable === "conflict") return { kind: "merge-refused", because: "conflict", message: "there are conflicts" };
        counter += 1;
        Object.assign(pull, { state: "closed", merged: true, mergedBy: self, mergeCommit: counter.toString(16).padStart(40, "0") });
        writes.push({ operation: "mergePullRequest", project: profile.key, about: `#${number}` });
        return { kind: "merged", sha: pull.mergeCommit ?? "" };
      }),
    openBugIssue: (profile, { parent, marker, title, body }) =>
      acting("openBugIssue", () => {
        const repository = repositoryOf(profile);
        if (!repository.issues.has(parent)) return missing(`issue ${parent}`);
        const before = [...repository.issues.values()].find((each) => each.author === self && carriesMarker(each.body, marker));
        const issue = before ?? makeIssue(repository, { title, body: withMarker(body, marker), author: self });
        issue.parent = parent;
        if (!before) writes.push({ operation: "openBugIssue", project: profile.key, about: `#${parent} ${marker}` });
        return { kind: "issue-open", number: issue.number, url: `https://github.com/${profile.name}/issues/${issue.number}` };
      }),
    closeIssue: (profile, number) =>
      acting("closeIssue", () => {
        const issue = repositoryOf(profile).issues.get(number) ?? missing(`issue ${number}`);
        if (issue.state === "open") writes.push({ operation: "closeIssue", project: profile.key, about: `#${number}` });
        issue.state = "closed";
        return { kind: "done" };
      }),

    failedDeliveries: () => acting("failedDeliveries", () => []),
    deliveries: () => acting("deliveries", () => ({ last: null, failed: 0 })),
    redeliver: () => acting("redeliver", () => missing("delivery")),
    pointsLeft: () =>
      acting("pointsLeft", () => ({
        lane: "token",
        resource: "graphql",
        limit: 5_000,
        used: 0,
        left: 5_000,
        resetAt: deps.now() + hourMs,
      })),
    gitCredential: (profile, purpose) =>
      acting("gitCredential", () => ({
        username: "x-access-token",
        password: `${purpose}-${repositoryOf(profile).profile.name}`,
        expiresAt: deps.now() + hourMs,
      })),
  };
}

function fault(code: ClientError["code"], message: string): ClientError {
  return new ClientError("GitHub", message, { code, retryable: false });
}

function missing(what: string): never {
  throw fault("not-found", `there is no ${what}`);
}
