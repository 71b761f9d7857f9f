import { execFileSync } from "node:child_process";
import type { RunView } from "../../core/project/views.ts";
import type { LocalMesh } from "../mesh/local-mesh.ts";
import { demonstration, filteredReason, runOf, type Expected } from "./demonstration.ts";

/** What the control plane did, by its own counters, without the looks of this machine whether it is there. `durationGbSeconds` as the platform bills Durable Objects: 128 MB while awake. */
export interface Counts {
  readonly workerRequests: number;
  readonly durableObjectRequests: number;
  readonly rowsWritten: number;
  readonly queueOperations: number;
  readonly sqlStatements: number;
  readonly durationGbSeconds: number;
}

export interface IssueReport {
  readonly key: string;
  readonly outcome: string;
  readonly phases: readonly { readonly phase: string; readonly at: number }[];
  readonly pullRequest: {
    readonly number: number;
    readonly merged: boolean;
    readonly commits: number;
    readonly authors: readonly string[];
  } | null;
  readonly cycles: RunView["cycles"];
  readonly questions: readonly {
    readonly text: string;
    readonly answeredBy: string | null;
    readonly confidence: number | null;
    readonly parked: boolean;
  }[];
  readonly usd: number;
  readonly explain: string;
}

export interface DemonstrationReport {
  readonly ok: boolean;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly issues: readonly IssueReport[];
  readonly counts: Counts;
  readonly perIssue: Counts;
  /** What was not as it should be; empty when ok. */
  readonly faults: readonly string[];
}

/** Looks at everything once more, in the mesh and on GitHub, and says whether each issue ended as it should. */
export async function writeReport(
  mesh: LocalMesh,
  startedAt: number,
  expected: readonly Expected[] = demonstration,
): Promise<DemonstrationReport> {
  const issues: IssueReport[] = [];
  const faults: string[] = [];
  for (const issue of expected) {
    const report = await reportIssue(mesh, issue);
    issues.push(report);
    faults.push(...judge(mesh, issue, report));
  }
  const counts = await countAll(mesh);
  const accepted = issues.filter((issue) => issue.outcome === "accepted").length;
  return {
    ok: faults.length === 0,
    startedAt,
    finishedAt: Date.now(),
    issues,
    counts,
    perIssue: share(counts, Math.max(1, accepted)),
    faults,
  };
}

async function reportIssue(mesh: LocalMesh, { key }: Expected): Promise<IssueReport> {
  const run = await runOf(mesh, key);
  if (!run) {
    const reason = await filteredReason(mesh, key);
    const explain = reason === null ? "Nothing is known of this card." : `Not taken: ${reason}.`;
    return {
      key,
      outcome: "untouched",
      phases: [],
      pullRequest: null,
      cycles: { planning: 0, qa: 0, review: 0 },
      questions: [],
      usd: 0,
      explain,
    };
  }
  return {
    key,
    outcome: run.phase.toLowerCase(),
    phases: run.phases,
    pullRequest: pullRequestOf(mesh, key, run),
    cycles: run.cycles,
    questions: run.questions.map((question) => ({
      text: question.items.map((item) => item.text).join(" / "),
      answeredBy: question.answer === null ? null : question.answer.via === "architect" ? "architect" : "human",
      confidence: question.answer?.confidence ?? null,
      parked: question.parked,
    })),
    usd: run.usd,
    explain: run.explain,
  };
}

/** As GitHub has it, with who wrote its commits. */
function pullRequestOf(mesh: LocalMesh, key: string, run: RunView): IssueReport["pullRequest"] {
  if (!run.pullRequest) return null;
  const found = pullsOf(mesh, key).find((issue) => issue.number === run.pullRequest?.number);
  if (!found?.pull) return null;
  return { number: found.number, merged: found.pull.merged, ...commitsOf(mesh, found.repositoryId, found.pull) };
}

/** The pull request's own commits and who wrote them, from the repository itself. */
function commitsOf(
  mesh: LocalMesh,
  repositoryId: number,
  pull: { baseSha: string; headSha: string },
): { commits: number; authors: string[] } {
  const repository = mesh.github.world.state.repositories.find((one) => one.id === repositoryId);
  if (!repository) return { commits: 0, authors: [] };
  const log = execFileSync("git", [
    "--git-dir",
    mesh.github.world.gitDir(repository),
    "log",
    "--no-merges",
    "--format=%ae",
    `${pull.baseSha}..${pull.headSha}`,
  ]);
  const authors = log
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  return { commits: authors.length, authors: [...new Set(authors)] };
}

function pullsOf(mesh: LocalMesh, key: string) {
  const [owner = "", rest = ""] = key.split("/");
  const [name = "", number] = rest.split("#");
  const repository = mesh.github.world.findRepository(owner, name);
  return mesh.github.world.state.issues.filter(
    (issue) => issue.repositoryId === repository?.id && issue.pull !== null && issue.pull.headRef.startsWith(`mesh/${number}.`),
  );
}

function judge(mesh: LocalMesh, issue: Expected, report: IssueReport): string[] {
  const pulls = pullsOf(mesh, issue.key);
  if (issue.outcome === "untouched") {
    if (report.outcome !== "untouched") return [`${issue.key} should have been left alone, and is ${report.outcome}`];
    return [
      ...(pulls.length > 0 ? [`${issue.key} has a pull request`] : []),
      ...(report.explain.startsWith("Not taken") ? [] : [`${issue.key}: no reason is given`]),
    ];
  }
  const merged = pulls.filter((pull) => pull.pull?.merged === true);
  return [
    ...(report.outcome === issue.outcome ? [] : [`${issue.key} is ${report.outcome}: ${report.explain}`]),
    ...(merged.length === 1 && pulls.length === 1 ? [] : [`${issue.key} has ${pulls.length} pull requests, ${merged.length} merged`]),
    ...((report.pullRequest?.commits ?? 0) > 0 ? [] : [`${issue.key}: its pull request has no commits`]),
  ];
}

async function countAll(mesh: LocalMesh): Promise<Counts> {
  const { total } = await mesh.client.get<{ total: Record<string, number> }>("/ops/costs");
  const of = (name: string): number => total[name] ?? 0;
  return {
    workerRequests: of("workerRequests") - mesh.wrangler.looks,
    durableObjectRequests: of("requests"),
    rowsWritten: of("rowsWritten"),
    queueOperations: of("queueOperations"),
    sqlStatements: of("sqlStatements"),
    durationGbSeconds: of("gbSeconds"),
  };
}

function share(counts: Counts, issues: number): Counts {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [name, Math.round((count / issues) * 100) / 100]),
  ) as unknown as Counts;
}
