import { Hono } from "hono";
import { demand } from "../access.ts";
import { closeIssue, editIssue, reopenIssue } from "../actions/issues.ts";
import { mergeability, mergePull, openPull, pullCommits, pullStart, review, type MergeRequest, type NewReview } from "../actions/pulls.ts";
import { listChangedFiles, patchOf } from "../git-repository.ts";
import { invalid } from "../refusal.ts";
import { renderAccount } from "../render/render-account.ts";
import { isPull, renderPull, renderReview, renderReviewComment, type PullRequest } from "../render/render-pull.ts";
import type { ReviewState } from "../state.ts";
import { same, type World } from "../world.ts";
import { bodyOf, type Env, pullOf, repositoryOf } from "./env.ts";
import { paginate } from "./paginate.ts";
import { renderCommit } from "./render-commit.ts";

const REVIEW_STATES: Record<string, ReviewState> = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" };

/** `/repos/:owner/:repo/pulls…`. @see https://docs.github.com/rest/pulls */
export function pullRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const base = "/repos/:owner/:repo/pulls";

  app.get(base, (c) => {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, "pull_requests", "read", "read");
    const { state = "open", head, base: into } = c.req.query();
    const [headOwner, headRef] = head?.includes(":") ? head.split(":", 2) : [];
    const found = world.state.issues
      .filter(isPull)
      .filter((pull) => pull.repositoryId === repository.id && (state === "all" || pull.state === state))
      .filter((pull) => headRef === undefined || (same(headOwner ?? "", repository.owner) && pull.pull.headRef === headRef))
      .filter((pull) => into === undefined || pull.pull.baseRef === into)
      .toReversed();
    return c.json(paginate(c, world.publicUrl, found).map((pull) => renderPull(world, pull)));
  });

  app.post(base, async (c) => {
    const body = await bodyOf(c);
    for (const field of ["head", "base"]) {
      if (typeof body[field] !== "string") throw invalid({ resource: "PullRequest", field, code: "missing_field" });
    }
    const pull = await openPull(world, c.get("actor"), repositoryOf(world, c), {
      title: typeof body.title === "string" ? body.title : "",
      body: (body.body as string | null | undefined) ?? null,
      head: String(body.head),
      base: String(body.base),
      draft: body.draft === true,
    });
    return c.json(await whole(pull), 201);
  });

  app.get(`${base}/:number`, async (c) => {
    const pull = pullOf(world, c);
    demand(world, c.get("actor"), world.repository(pull.repositoryId), "pull_requests", "read", "read");
    return c.json(await whole(pull));
  });

  app.patch(`${base}/:number`, async (c) => {
    const pull = pullOf(world, c);
    const body = await bodyOf(c);
    editIssue(world, c.get("actor"), pull, {
      ...(typeof body.title === "string" ? { title: body.title } : {}),
      ...(body.body === undefined ? {} : { body: body.body as string | null }),
    });
    if (body.state === "closed") closeIssue(world, c.get("actor"), pull);
    if (body.state === "open") reopenIssue(world, c.get("actor"), pull);
    return c.json(await whole(pull));
  });

  app.get(`${base}/:number/merge`, (c) => c.body(null, pullOf(world, c).pull.merged ? 204 : 404));

  app.put(`${base}/:number/merge`, async (c) => {
    const pull = pullOf(world, c);
    const body = await bodyOf(c);
    const method = body.merge_method ?? "merge";
    if (!["merge", "squash", "rebase"].includes(String(method)))
      throw invalid({ resource: "PullRequest", field: "merge_method", code: "invalid" });
    const sha = await mergePull(world, c.get("actor"), pull, {
      method: method as MergeRequest["method"],
      ...(typeof body.sha === "string" ? { expectedHead: body.sha } : {}),
      ...(typeof body.commit_title === "string" ? { title: body.commit_title } : {}),
      ...(typeof body.commit_message === "string" ? { message: body.commit_message } : {}),
    });
    return c.json({ sha, merged: true, message: "Pull Request successfully merged" });
  });

  app.get(`${base}/:number/commits`, async (c) => {
    const pull = pullOf(world, c);
    const repository = world.repository(pull.repositoryId);
    return c.json(paginate(c, world.publicUrl, await pullCommits(world, pull)).map((commit) => renderCommit(world, repository, commit)));
  });

  app.get(`${base}/:number/files`, async (c) => {
    const pull = pullOf(world, c);
    const dir = world.gitDir(world.repository(pull.repositoryId));
    const start = await pullStart(world, pull);
    const files = paginate(c, world.publicUrl, await listChangedFiles(dir, start, pull.pull.headSha));
    return c.json(
      await Promise.all(
        files.map(async (file) => ({
          ...file,
          changes: file.additions + file.deletions,
          patch: await patchOf(dir, start, pull.pull.headSha, file.filename),
        })),
      ),
    );
  });

  app.get(`${base}/:number/reviews`, (c) => {
    const pull = pullOf(world, c);
    const found = world.state.reviews.filter((candidate) => candidate.issueId === pull.id);
    return c.json(paginate(c, world.publicUrl, found).map((each) => renderReview(world, each)));
  });

  app.post(`${base}/:number/reviews`, async (c) => {
    const { event, body, comments } = await bodyOf(c);
    const state = REVIEW_STATES[String(event)];
    if (!state) throw invalid({ resource: "PullRequestReview", field: "event", code: "invalid" });
    const remarks = Array.isArray(comments) ? (comments as NonNullable<NewReview["comments"]>) : [];
    const added = review(world, c.get("actor"), pullOf(world, c), { state, body: typeof body === "string" ? body : "", comments: remarks });
    return c.json(renderReview(world, added));
  });

  app.get(`${base}/:number/comments`, (c) => {
    const pull = pullOf(world, c);
    const found = world.state.threads
      .filter((thread) => thread.issueId === pull.id)
      .flatMap((thread) => thread.comments.map((comment) => renderReviewComment(world, thread, comment)));
    return c.json(paginate(c, world.publicUrl, found));
  });

  async function whole(pull: PullRequest): Promise<Record<string, unknown>> {
    const dir = world.gitDir(world.repository(pull.repositoryId));
    const [can, commits, files] = await Promise.all([
      mergeability(world, pull),
      pullCommits(world, pull),
      pullStart(world, pull).then((start) => listChangedFiles(dir, start, pull.pull.headSha)),
    ]);
    const threads = world.state.threads.filter((thread) => thread.issueId === pull.id);
    return {
      ...renderPull(world, pull),
      merged: pull.pull.merged,
      mergeable: can.mergeable,
      rebaseable: can.mergeable,
      mergeable_state: can.state,
      merged_by: pull.pull.mergedBy === null ? null : renderAccount(world, pull.pull.mergedBy),
      comments: world.state.comments.filter((comment) => comment.issueId === pull.id).length,
      review_comments: threads.reduce((count, thread) => count + thread.comments.length, 0),
      maintainer_can_modify: false,
      commits: commits.length,
      additions: files.reduce((sum, file) => sum + file.additions, 0),
      deletions: files.reduce((sum, file) => sum + file.deletions, 0),
      changed_files: files.length,
    };
  }

  return app;
}
