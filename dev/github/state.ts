/**
 * What the GitHub stand-in remembers, written as JSON into its data directory. Everything refers to everything else by number
 * (`id`) or login, so that the whole is plain data. Times are ISO strings of whole seconds, as GitHub sends them.
 */
export interface State {
  nextId: number;
  accounts: Account[];
  repositories: Repository[];
  issues: Issue[];
  comments: Comment[];
  reviews: Review[];
  threads: ReviewThread[];
  checks: CheckRun[];
  statuses: CommitStatus[];
  boards: Board[];
  items: BoardItem[];
  tokens: Token[];
  apps: App[];
  installations: Installation[];
  hooks: Hook[];
}

/** The number GitHub calls `id` or `databaseId`, and the opaque one it calls `node_id` or GraphQL `id`. */
export interface Identity {
  id: number;
  nodeId: string;
}

export interface Account extends Identity {
  type: "User" | "Organization" | "Bot";
  login: string;
  name: string | null;
  /** Of an organisation: login → role. */
  members: Record<string, "admin" | "member">;
  createdAt: string;
}

export type Role = "none" | "read" | "triage" | "write" | "maintain" | "admin";

export interface Repository extends Identity {
  owner: string;
  name: string;
  private: boolean;
  archived: boolean;
  /** Absent: on. */
  issuesOff?: boolean;
  /** `owner/name` it had before; they lead to it until something else takes them. */
  formerNames?: string[];
  description: string | null;
  defaultBranch: string;
  deleteBranchOnMerge: boolean;
  labels: Label[];
  collaborators: Record<string, Role>;
  protections: Protection[];
  checksOnPush: CheckPlan[];
  nextNumber: number;
  createdAt: string;
  updatedAt: string;
  pushedAt: string;
}

export interface Label extends Identity {
  name: string;
  color: string;
  description: string | null;
}

/** Rules of a branch: nobody pushes to it directly, and a pull request into it needs these checks and approvals. */
export interface Protection {
  branch: string;
  requiredChecks: string[];
  requiredApprovals: number;
  refusePushes: boolean;
}

/** A check run that appears, already completed, on every commit pushed to a branch. */
export interface CheckPlan {
  name: string;
  conclusion: Conclusion;
  summary?: string;
  logs?: string;
}

/** An issue, or a pull request when `pull` is there: GitHub numbers both in one sequence. */
export interface Issue extends Identity {
  repositoryId: number;
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  stateReason: "completed" | "not_planned" | "reopened" | null;
  author: string;
  labels: number[];
  assignees: string[];
  parentId: number | null;
  pull: Pull | null;
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
}

export interface Pull {
  headRef: string;
  headSha: string;
  baseRef: string;
  /** The tip of the base when the pull request was opened, last pushed to, or merged. */
  baseSha: string;
  draft: boolean;
  merged: boolean;
  mergedAt: string | null;
  mergedBy: string | null;
  mergeCommitSha: string | null;
}

export interface Comment extends Identity {
  issueId: number;
  author: string;
  body: string;
  viaAppId: number | null;
  createdAt: string;
  updatedAt: string;
}

export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED";

export interface Review extends Identity {
  issueId: number;
  author: string;
  body: string;
  state: ReviewState;
  commitId: string;
  submittedAt: string;
}

export interface ReviewThread extends Identity {
  issueId: number;
  path: string;
  line: number | null;
  isResolved: boolean;
  comments: ReviewComment[];
}

export interface ReviewComment extends Identity {
  author: string;
  body: string;
  reviewId: number | null;
  commitId: string;
  createdAt: string;
}

export type Conclusion = "success" | "failure" | "neutral" | "cancelled" | "skipped" | "timed_out" | "action_required";

export interface CheckRun extends Identity {
  repositoryId: number;
  suiteId: number;
  headSha: string;
  name: string;
  status: "queued" | "in_progress" | "completed";
  conclusion: Conclusion | null;
  summary: string | null;
  logs: string | null;
  logsKey: string;
  startedAt: string;
  completedAt: string | null;
}

export interface CommitStatus extends Identity {
  repositoryId: number;
  sha: string;
  context: string;
  state: "success" | "failure" | "error" | "pending";
  description: string | null;
  targetUrl: string | null;
  creator: string;
  createdAt: string;
}

export interface Board extends Identity {
  owner: string;
  number: number;
  title: string;
  public: boolean;
  closed: boolean;
  repositories: number[];
  fields: Field[];
  workflows: BoardWorkflow[];
  creator: string;
  createdAt: string;
  updatedAt: string;
}

export type FieldType = "TITLE" | "ASSIGNEES" | "LABELS" | "REPOSITORY" | "TEXT" | "NUMBER" | "DATE" | "SINGLE_SELECT";

export interface Field extends Identity {
  name: string;
  dataType: FieldType;
  options: FieldOption[];
  createdAt: string;
  updatedAt: string;
}

export interface FieldOption {
  id: string;
  name: string;
  color: string;
  description: string;
}

/** The automations of a board that the stand-in carries out. */
export type WorkflowName =
  | "Item closed"
  | "Pull request merged"
  | "Auto-add to project"
  | "Item added to project"
  | "Item reopened"
  | "Auto-close issue";

export interface BoardWorkflow extends Identity {
  name: WorkflowName;
  number: number;
  enabled: boolean;
  createdAt: string;
  updatedAt: string;
}

export interface BoardItem extends Identity {
  boardId: number;
  issueId: number;
  archivedAt: string | null;
  creator: string;
  /** Field id → value. */
  values: Record<string, FieldValue>;
  createdAt: string;
  updatedAt: string;
}

export interface FieldValue extends Identity {
  optionId?: string;
  text?: string;
  number?: number;
  date?: string;
  createdAt: string;
  updatedAt: string;
}

export type Level = "read" | "write" | "admin";

export interface Token {
  id: number;
  /** SHA-256 of the token, hex: the token itself is not kept. */
  hash: string;
  kind: "classic" | "fine-grained" | "installation";
  login: string;
  /** Of a classic token. */
  scopes: string[];
  /** Of a fine-grained or installation token. */
  permissions: Record<string, Level>;
  repositories: number[] | "all";
  installationId: number | null;
  /** Globs of full ref names this token may not push to. */
  fencedRefs: string[];
  revoked: boolean;
  expiresAt: string | null;
}

export interface App extends Identity {
  slug: string;
  name: string;
  clientId: string;
  owner: string;
  publicKeyPem: string;
  permissions: Record<string, Level>;
  events: string[];
  createdAt: string;
}

export interface Installation {
  id: number;
  appId: number;
  account: string;
  repositories: number[] | "all";
  permissions: Record<string, Level>;
  createdAt: string;
}

export type HookTarget =
  | { type: "repository"; repositoryId: number }
  | { type: "organization"; login: string }
  | { type: "integration"; appId: number };

export interface Hook {
  id: number;
  target: HookTarget;
  active: boolean;
  events: string[];
  url: string;
  secret: string | null;
  contentType: "json" | "form";
  createdAt: string;
  updatedAt: string;
}

/** One attempt to deliver a webhook. A redelivery is a new one with the same `guid`. */
export interface Delivery {
  id: number;
  guid: string;
  hookId: number;
  deliveredAt: string;
  redelivery: boolean;
  /** Seconds. */
  duration: number;
  status: string;
  statusCode: number;
  event: string;
  action: string | null;
  installationId: number | null;
  repositoryId: number | null;
  request: { headers: Record<string, string>; payload: Record<string, unknown> };
  response: { headers: Record<string, string>; payload: string };
}

export function emptyState(): State {
  return {
    nextId: 1001,
    accounts: [],
    repositories: [],
    issues: [],
    comments: [],
    reviews: [],
    threads: [],
    checks: [],
    statuses: [],
    boards: [],
    items: [],
    tokens: [],
    apps: [],
    installations: [],
    hooks: [],
  };
}
