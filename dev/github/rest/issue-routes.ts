import { Hono } from "hono";
import { demand } from "../access.ts";
import {
  addSubIssue,
  assign,
  changeLabels,
  closeIssue,
  comment,
  demandIssue,
  editComment,
  editIssue,
  openIssue,
  reopenIssue,
  replaceLabels,
} from "../actions/issues.ts";
import { invalid, notFound } from "../refusal.ts";
import { labelsOf, renderComment, renderIssue } from "../render/render-issue.ts";
import { renderLabel } from "../render/render-repository.ts";
import type { Comment, Issue } from "../state.ts";
import { same, type World } from "../world.ts";
import { bodyOf, type Env, issueOf, repositoryOf, texts } from "./env.ts";
import { paginate } from "./paginate.ts";

/** `/repos/:owner/:repo/issues…` and labels. @see https://docs.github.com/rest/issues */
export function issueRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const base = "/repos/:owner/:repo";

  app.get(`${base}/issues`, (c) => {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, "issues", "read", "read");
    const { state = "open", labels, since, sort = "created", direction = "desc" } = c.req.query();
    const wanted = labels?.split(",").filter(Boolean) ?? [];
    const key = sort === "updated" ? "updatedAt" : "createdAt";
    const found = world.state.issues
      .filter((issue) => issue.repositoryId === repository.id)
      .filter((issue) => state === "all" || issue.state === state)
      .filter((issue) => wanted.every((name) => labelsOf(world, issue).some((label) => same(label.name, name))))
      .filter((issue) => since === undefined || Date.parse(issue.updatedAt) >= Date.parse(since))
      .toSorted((a, b) => (direction === "asc" ? 1 : -1) * (a[key].localeCompare(b[key]) || a.id - b.id));
    return c.json(paginate(c, world.publicUrl, found).map((issue) => renderIssue(world, issue)));
  });

  app.post(`${base}/issues`, async (c) => {
    const body = await bodyOf(c);
    const issue = openIssue(world, c.get("actor"), repositoryOf(world, c), {
      title: body.title as string,
      body: (body.body as string | null | undefined) ?? null,
      labels: texts(body.labels),
      assignees: texts(body.assignees),
    });
    return c.json(renderIssue(world, issue), 201);
  });

  app.get(`${base}/issues/comments/:id`, (c) => c.json(renderComment(world, commentOf(c.req.param("id"), repositoryOf(world, c).id))));

  app.patch(`${base}/issues/comments/:id`, async (c) => {
    const target = commentOf(c.req.param("id"), repositoryOf(world, c).id);
    editComment(world, c.get("actor"), target, String((await bodyOf(c)).body));
    return c.json(renderComment(world, target));
  });

  app.get(`${base}/issues/:number`, (c) => {
    const issue = issueOf(world, c);
    demandIssue(world, c.get("actor"), issue, "read");
    return c.json(renderIssue(world, issue));
  });

  app.patch(`${base}/issues/:number`, async (c) => {
    const actor = c.get("actor");
    const issue = issueOf(world, c);
    const body = await bodyOf(c);
    demandIssue(world, actor, issue, "write");
    if (body.state !== undefined && body.state !== "open" && body.state !== "closed") {
      throw invalid({ resource: "Issue", field: "state", code: "invalid" });
    }
    editIssue(world, actor, issue, {
      ...(typeof body.title === "string" ? { title: body.title } : {}),
      ...(body.body === undefined ? {} : { body: body.body as string | null }),
    });
    if (body.labels !== undefined) replaceLabels(world, actor, issue, texts(body.labels));
    if (body.assignees !== undefined) assign(world, actor, issue, texts(body.assignees));
    if (body.state === "closed") closeIssue(world, actor, issue, body.state_reason === "not_planned" ? "not_planned" : "completed");
    if (body.state === "open") reopenIssue(world, actor, issue);
    return c.json(renderIssue(world, issue));
  });

  app.get(`${base}/issues/:number/comments`, (c) => {
    const issue = issueOf(world, c);
    demandIssue(world, c.get("actor"), issue, "read");
    const since = c.req.query("since");
    const found = world.state.comments
      .filter((candidate) => candidate.issueId === issue.id)
      .filter((candidate) => since === undefined || Date.parse(candidate.updatedAt) >= Date.parse(since));
    return c.json(paginate(c, world.publicUrl, found).map((each) => renderComment(world, each)));
  });

  app.post(`${base}/issues/:number/comments`, async (c) => {
    const added = comment(world, c.get("actor"), issueOf(world, c), (await bodyOf(c)).body as string);
    return c.json(renderComment(world, added), 201);
  });

  app.get(`${base}/issues/:number/labels`, (c) => c.json(renderLabels(issueOf(world, c))));

  app.post(`${base}/issues/:number/labels`, async (c) => {
    const issue = issueOf(world, c);
    changeLabels(world, c.get("actor"), issue, { add: texts((await bodyOf(c)).labels) });
    return c.json(renderLabels(issue));
  });

  app.put(`${base}/issues/:number/labels`, async (c) => {
    const issue = issueOf(world, c);
    replaceLabels(world, c.get("actor"), issue, texts((await bodyOf(c)).labels));
    return c.json(renderLabels(issue));
  });

  app.delete(`${base}/issues/:number/labels/:name`, (c) => {
    const issue = issueOf(world, c);
    changeLabels(world, c.get("actor"), issue, { remove: [c.req.param("name")] });
    return c.json(renderLabels(issue));
  });

  app.get(`${base}/issues/:number/sub_issues`, (c) => {
    const parent = issueOf(world, c);
    const children = world.state.issues.filter((issue) => issue.parentId === parent.id);
    return c.json(paginate(c, world.publicUrl, children).map((child) => renderIssue(world, child)));
  });

  app.post(`${base}/issues/:number/sub_issues`, async (c) => {
    const { sub_issue_id: id, replace_parent: replace } = await bodyOf(c);
    const parent = issueOf(world, c);
    addSubIssue(world, c.get("actor"), parent, world.issue(Number(id)), replace === true);
    return c.json(renderIssue(world, parent), 201);
  });

  app.get(`${base}/labels`, (c) => {
    const repository = repositoryOf(world, c);
    return c.json(paginate(c, world.publicUrl, repository.labels).map((label) => renderLabel(world, repository, label)));
  });

  app.post(`${base}/labels`, async (c) => {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, "issues", "write", "triage");
    const { name, color, description } = await bodyOf(c);
    if (typeof name !== "string") throw invalid({ resource: "Label", field: "name", code: "missing_field" });
    if (repository.labels.some((label) => same(label.name, name)))
      throw invalid({ resource: "Label", field: "name", code: "already_exists" });
    const label = {
      ...world.mint("label"),
      name,
      color: String(color ?? "ededed"),
      description: typeof description === "string" ? description : null,
    };
    repository.labels.push(label);
    world.changed();
    return c.json(renderLabel(world, repository, label), 201);
  });

  function renderLabels(issue: Issue): Record<string, unknown>[] {
    return labelsOf(world, issue).map((label) => renderLabel(world, world.repository(issue.repositoryId), label));
  }

  function commentOf(id: string, repositoryId: number): Comment {
    const found = world.state.comments.find((candidate) => String(candidate.id) === id);
    if (!found || world.issue(found.issueId).repositoryId !== repositoryId) throw notFound();
    return found;
  }

  return app;
}
