import { type Context, Hono } from "hono";
import { demand } from "../access.ts";
import { checksAt, createCheckRun, rollup, setStatus, statusesAt, updateCheckRun } from "../actions/checks.ts";
import { listCommits, resolveRef } from "../git-repository.ts";
import { invalid, notFound, unprocessable } from "../refusal.ts";
import { renderCheckRun, renderStatus } from "../render/render-check.ts";
import type { CheckRun, CommitStatus, Conclusion, Repository } from "../state.ts";
import type { World } from "../world.ts";
import { bodyOf, type Env, repositoryOf } from "./env.ts";
import { paginate } from "./paginate.ts";
import { renderCommit } from "./render-commit.ts";

const CONCLUSIONS: readonly string[] = ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required"];

/** Check runs, statuses and job logs. @see https://docs.github.com/rest/checks */
export function checkRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const base = "/repos/:owner/:repo";

  app.get(`${base}/commits/:ref{.+}/check-runs`, async (c) => {
    const { repository, sha } = await commitOf(c, "checks");
    const { check_name: name, status } = c.req.query();
    const found = checksAt(world, repository, sha).filter(
      (check) => (name === undefined || check.name === name) && (status === undefined || check.status === status),
    );
    const page = paginate(c, world.publicUrl, found);
    return c.json({ total_count: found.length, check_runs: page.map((check) => renderCheckRun(world, check)) });
  });

  app.get(`${base}/commits/:ref{.+}/status`, async (c) => {
    const { repository, sha } = await commitOf(c, "statuses");
    const statuses = statusesAt(world, repository, sha);
    const state = statuses.some(({ state: each }) => each === "failure" || each === "error")
      ? "failure"
      : statuses.length > 0 && statuses.every(({ state: each }) => each === "success")
        ? "success"
        : "pending";
    return c.json({ state, sha, total_count: statuses.length, statuses: statuses.map((status) => renderStatus(world, status)) });
  });

  app.get(`${base}/commits/:ref{.+}`, async (c) => {
    const { repository, sha } = await commitOf(c, "contents");
    const [commit] = await listCommits(world.gitDir(repository), undefined, sha, 1);
    if (!commit) throw notFound();
    return c.json({ ...renderCommit(world, repository, commit), rollup: rollup(world, repository, sha) ?? null });
  });

  app.post(`${base}/statuses/:sha`, async (c) => {
    const body = await bodyOf(c);
    if (!["success", "failure", "error", "pending"].includes(String(body.state))) {
      throw invalid({ resource: "Status", field: "state", code: "invalid" });
    }
    const status = setStatus(world, c.get("actor"), repositoryOf(world, c), {
      sha: c.req.param("sha"),
      context: String(body.context ?? "default"),
      state: body.state as CommitStatus["state"],
      description: typeof body.description === "string" ? body.description : null,
      targetUrl: typeof body.target_url === "string" ? body.target_url : null,
    });
    return c.json(renderStatus(world, status), 201);
  });

  app.post(`${base}/check-runs`, async (c) => {
    const body = await bodyOf(c);
    const output = body.output as { summary?: string } | undefined;
    const check = createCheckRun(world, c.get("actor"), repositoryOf(world, c), {
      name: body.name as string,
      headSha: body.head_sha as string,
      status: (body.status as CheckRun["status"] | undefined) ?? "queued",
      conclusion: conclusionOf(body),
      summary: output?.summary ?? null,
    });
    return c.json(renderCheckRun(world, check), 201);
  });

  app.get(`${base}/check-runs/:id`, (c) => c.json(renderCheckRun(world, checkOf(c).check)));

  app.patch(`${base}/check-runs/:id`, async (c) => {
    const { repository, check } = checkOf(c);
    const body = await bodyOf(c);
    const output = body.output as { summary?: string } | undefined;
    updateCheckRun(world, c.get("actor"), repository, check, {
      ...(body.status === undefined ? {} : { status: body.status as CheckRun["status"] }),
      ...(output?.summary === undefined ? {} : { summary: output.summary }),
      conclusion: conclusionOf(body),
    });
    return c.json(renderCheckRun(world, check));
  });

  app.get(`${base}/actions/jobs/:id/logs`, (c) => {
    const { repository, check } = checkOf(c);
    demand(world, c.get("actor"), repository, "actions", "read", "read");
    if (check.logs === null) throw notFound();
    return c.redirect(`${world.publicUrl}/__logs/${check.logsKey}`, 302);
  });

  function conclusionOf(body: Record<string, unknown>): Conclusion | null {
    if (body.conclusion === undefined || body.conclusion === null) return null;
    if (!CONCLUSIONS.includes(String(body.conclusion))) throw invalid({ resource: "CheckRun", field: "conclusion", code: "invalid" });
    return body.conclusion as Conclusion;
  }

  function checkOf(c: Context<Env>): { repository: Repository; check: CheckRun } {
    const repository = repositoryOf(world, c);
    const check = world.state.checks.find(
      (candidate) => String(candidate.id) === c.req.param("id") && candidate.repositoryId === repository.id,
    );
    if (!check) throw notFound();
    return { repository, check };
  }

  async function commitOf(
    c: Context<Env>,
    permission: "checks" | "statuses" | "contents",
  ): Promise<{ repository: Repository; sha: string }> {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, permission, "read", "read");
    const ref = c.req.param("ref") ?? "";
    const sha = await resolveRef(world.gitDir(repository), ref.replace(/^heads\//, ""));
    if (!sha) throw unprocessable(`No commit found for SHA: ${ref}`);
    return { repository, sha };
  }

  return app;
}
