import * as z from "zod";
import { parseBranch } from "../ids.ts";
import { carriesMarker } from "../outbound/markers.ts";

/** What to read from GitHub after a webhook. The payload itself says nothing that is believed, comments excepted. */
export type LookAt =
  /** By its issue's number, or by node id where the payload has no number. */
  | { readonly type: "card"; readonly issue: number }
  | { readonly type: "card"; readonly contentNodeId: string }
  | { readonly type: "pull-request"; readonly number: number }
  /** The pull request of this branch, when there is one. */
  | { readonly type: "pull-request"; readonly branch: string }
  | { readonly type: "branch"; readonly branch: string }
  /** It has another name, owner or default branch. */
  | { readonly type: "repository" }
  /** Becomes `comment-observed`, once the consumer knows whether its author has write access. */
  | {
      readonly type: "comment";
      readonly issue: number;
      readonly commentId: string;
      readonly author: string;
      readonly body: string;
      readonly ours: boolean;
    };

/** Stable, kebab-case; shown in the hook's answer. */
export type IgnoredReason =
  | "not-used"
  | "unexpected-shape"
  | "not-an-issue"
  | "not-our-branch"
  | "from-a-fork"
  | "not-finished"
  | "comment-not-new"
  | "comment-on-pull-request";

export type WebhookReading =
  | { readonly look: readonly LookAt[]; readonly repositoryNodeId?: string; readonly boardId?: string }
  | { readonly ignored: IgnoredReason };

const repository = z.object({ node_id: z.string().min(1) });
const number = z.number().int().positive();
const issue = z.object({ number, pull_request: z.unknown().optional() });
const head = z.object({ ref: z.string(), repo: z.object({ node_id: z.string() }).nullish() });
const pull = z.object({ number, head: head.optional() });
const finishedCheck = z.object({
  status: z.string().nullish(),
  head_branch: z.string().nullish(),
  check_suite: z.object({ head_branch: z.string().nullish() }).nullish(),
  pull_requests: z.array(z.object({ number, head: z.object({ ref: z.string() }).optional() })).nullish(),
});

const payloads = {
  item: z.object({
    projects_v2_item: z.object({
      content_node_id: z.string().min(1),
      content_type: z.string(),
      project_node_id: z.string().min(1).optional(),
    }),
  }),
  issue: z.object({ issue, repository }),
  comment: z.object({
    action: z.string(),
    issue,
    comment: z.object({ id: z.number().int(), body: z.string().nullish(), user: z.object({ login: z.string() }).nullish() }),
    repository,
  }),
  pull: z.object({ pull_request: pull, repository }),
  checkRun: z.object({ check_run: finishedCheck, repository }),
  checkSuite: z.object({ check_suite: finishedCheck, repository }),
  status: z.object({ state: z.string(), branches: z.array(z.object({ name: z.string() })).default([]), repository }),
  push: z.object({ ref: z.string(), repository }),
  repository: z.object({ action: z.string(), repository }),
};

/**
 * Says what to look at after a webhook of this event. `payload` is the parsed JSON body of a delivery whose signature was checked; any value is
 * taken, what has another form is ignored with a reason. Descriptions: https://docs.github.com/webhooks/webhook-events-and-payloads
 */
export function readGitHubWebhook({ event, payload }: { event: string; payload: unknown }): WebhookReading {
  switch (event) {
    case "projects_v2_item":
      return reading(payloads.item, payload, cardOfItem);
    case "issues":
      return reading(payloads.issue, payload, (from) => look(from, { type: "card", issue: from.issue.number }));
    case "issue_comment":
      return reading(payloads.comment, payload, commented);
    case "pull_request":
    case "pull_request_review":
    case "pull_request_review_comment":
    case "pull_request_review_thread":
      return reading(payloads.pull, payload, pullChanged);
    case "check_run":
      return reading(payloads.checkRun, payload, (from) => checked(from, from.check_run));
    case "check_suite":
      return reading(payloads.checkSuite, payload, (from) => checked(from, from.check_suite));
    case "status":
      return reading(payloads.status, payload, (from) =>
        from.state === "pending"
          ? ignored("not-finished")
          : pullsOf(
              from,
              [],
              from.branches.map((branch) => branch.name),
            ),
      );
    case "push":
      return reading(payloads.push, payload, pushed);
    case "repository":
      return reading(payloads.repository, payload, (from) =>
        ["renamed", "transferred", "edited"].includes(from.action) ? look(from, { type: "repository" }) : ignored("not-used"),
      );
    default:
      return ignored("not-used");
  }
}

type FromRepository = { readonly repository: { readonly node_id: string } };

function reading<T>(schema: z.ZodType<T>, payload: unknown, read: (from: T) => WebhookReading): WebhookReading {
  const parsed = schema.safeParse(payload);
  return parsed.success ? read(parsed.data) : ignored("unexpected-shape");
}

function ignored(reason: IgnoredReason): WebhookReading {
  return { ignored: reason };
}

function look(from: FromRepository, ...at: readonly LookAt[]): WebhookReading {
  return { look: at, repositoryNodeId: from.repository.node_id };
}

function cardOfItem({ projects_v2_item: item }: z.output<typeof payloads.item>): WebhookReading {
  if (item.content_type !== "Issue") return ignored("not-an-issue");
  const board = item.project_node_id === undefined ? {} : { boardId: item.project_node_id };
  return { look: [{ type: "card", contentNodeId: item.content_node_id }], ...board };
}

/** Only as it was first written: an edit can neither answer a question twice nor change what was answered. */
function commented(from: z.output<typeof payloads.comment>): WebhookReading {
  if (from.action !== "created") return ignored("comment-not-new");
  if (from.issue.pull_request) return ignored("comment-on-pull-request");
  const { id, body, user } = from.comment;
  const text = body ?? "";
  return look(from, {
    type: "comment",
    issue: from.issue.number,
    commentId: String(id),
    author: user?.login ?? "ghost",
    body: text,
    ours: carriesMarker(text),
  });
}

function pullChanged(from: z.output<typeof payloads.pull>): WebhookReading {
  const { number: pullNumber, head: of } = from.pull_request;
  if (of && !parseBranch(of.ref)) return ignored("not-our-branch");
  if (of?.repo && of.repo.node_id !== from.repository.node_id) return ignored("from-a-fork");
  return look(from, { type: "pull-request", number: pullNumber });
}

function checked(from: FromRepository, check: z.output<typeof finishedCheck>): WebhookReading {
  if (check.status !== undefined && check.status !== null && check.status !== "completed") return ignored("not-finished");
  const numbers = (check.pull_requests ?? [])
    .filter((each) => each.head !== undefined && parseBranch(each.head.ref))
    .map((each) => each.number);
  const branch = check.head_branch ?? check.check_suite?.head_branch;
  return pullsOf(from, numbers, branch ? [branch] : []);
}

/** By number where it is known, else by branch. */
function pullsOf(from: FromRepository, numbers: readonly number[], branches: readonly string[]): WebhookReading {
  if (numbers.length > 0) return look(from, ...numbers.map((each): LookAt => ({ type: "pull-request", number: each })));
  const ours = branches.filter((branch) => parseBranch(branch));
  return ours.length === 0 ? ignored("not-our-branch") : look(from, ...ours.map((branch): LookAt => ({ type: "pull-request", branch })));
}

function pushed(from: z.output<typeof payloads.push>): WebhookReading {
  const branch = from.ref.startsWith("refs/heads/") ? from.ref.slice("refs/heads/".length) : "";
  return parseBranch(branch) ? look(from, { type: "branch", branch }) : ignored("not-our-branch");
}
