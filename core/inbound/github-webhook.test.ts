import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { markerLine } from "../outbound/markers.ts";
import { readGitHubWebhook } from "./github-webhook.ts";

const examples = createRequire(import.meta.url)("@octokit/webhooks-examples") as { name: string; examples: unknown[] }[];
const repository = { node_id: "R_1" };

describe("readGitHubWebhook", () => {
  it("reads or ignores with a reason every published example, and takes none of them for another form", () => {
    const counts = { read: 0, ignored: 0 };
    for (const { name, examples: payloads } of examples) {
      for (const payload of payloads) {
        const reading = readGitHubWebhook({ event: name, payload });
        if ("ignored" in reading) {
          expect(reading.ignored, `${name}: ${JSON.stringify(payload).slice(0, 200)}`).not.toBe("unexpected-shape");
          counts.ignored += 1;
        } else {
          expect(reading.look.length).toBeGreaterThan(0);
          counts.read += 1;
        }
      }
    }
    expect(counts.read).toBeGreaterThan(20);
    expect(counts.ignored).toBeGreaterThan(100);
  });

  it.each([null, 1, "x", [], {}, { projects_v2_item: { content_node_id: 7 } }])("ignores %j of any event", (payload) => {
    for (const event of ["projects_v2_item", "issues", "issue_comment", "pull_request", "check_run", "check_suite", "status", "push"]) {
      expect(readGitHubWebhook({ event, payload })).toEqual({ ignored: "unexpected-shape" });
    }
    expect(readGitHubWebhook({ event: "made_up", payload })).toEqual({ ignored: "not-used" });
    expect(readGitHubWebhook({ event: "ping", payload })).toEqual({ ignored: "not-used" });
  });

  it("looks at a card by its content's node id, whatever the change says", () => {
    const item = { content_node_id: "I_1", content_type: "Issue", project_node_id: "PVT_1" };
    for (const changes of [undefined, { field_value: { from: null, to: { id: "x" } } }, { field_value: { from: 3, to: "text" } }]) {
      const reading = readGitHubWebhook({ event: "projects_v2_item", payload: { action: "edited", projects_v2_item: item, changes } });
      expect(reading).toEqual({ look: [{ type: "card", contentNodeId: "I_1" }], boardId: "PVT_1" });
    }
    const draft = { projects_v2_item: { ...item, content_type: "DraftIssue" } };
    expect(readGitHubWebhook({ event: "projects_v2_item", payload: draft })).toEqual({ ignored: "not-an-issue" });
  });

  it("takes a new comment as it stands, and says whether it is ours", () => {
    const comment = { id: 5, body: "/answer Blue", user: { login: "carol" } };
    const payload = { action: "created", issue: { number: 12 }, comment, repository };
    expect(readGitHubWebhook({ event: "issue_comment", payload })).toEqual({
      look: [{ type: "comment", issue: 12, commentId: "5", author: "carol", body: "/answer Blue", ours: false }],
      repositoryNodeId: "R_1",
    });
    const marked = { ...payload, comment: { ...comment, body: `x\n${markerLine("m")}` } };
    expect(readGitHubWebhook({ event: "issue_comment", payload: marked })).toMatchObject({ look: [{ ours: true }] });
    expect(readGitHubWebhook({ event: "issue_comment", payload: { ...payload, action: "edited" } })).toEqual({
      ignored: "comment-not-new",
    });
    const onPull = { ...payload, issue: { number: 12, pull_request: { url: "x" } } };
    expect(readGitHubWebhook({ event: "issue_comment", payload: onPull })).toEqual({ ignored: "comment-on-pull-request" });
  });

  it("looks at pull requests of our branches only, and never a fork's", () => {
    const pull = (ref: string, from = "R_1") => ({ pull_request: { number: 3, head: { ref, repo: { node_id: from } } }, repository });
    const seen = { look: [{ type: "pull-request", number: 3 }], repositoryNodeId: "R_1" };
    expect(readGitHubWebhook({ event: "pull_request", payload: pull("mesh/12.1") })).toEqual(seen);
    expect(readGitHubWebhook({ event: "pull_request_review", payload: pull("mesh/12.1") })).toEqual(seen);
    expect(readGitHubWebhook({ event: "pull_request", payload: pull("feature") })).toEqual({ ignored: "not-our-branch" });
    expect(readGitHubWebhook({ event: "pull_request", payload: pull("mesh/12.1", "R_fork") })).toEqual({ ignored: "from-a-fork" });
  });

  it("looks at the pull request of finished checks, by number or by branch", () => {
    const run = (more: object) => ({ check_run: { status: "completed", ...more }, repository });
    const numbered = run({ pull_requests: [{ number: 3, head: { ref: "mesh/12.1" } }] });
    expect(readGitHubWebhook({ event: "check_run", payload: numbered })).toMatchObject({ look: [{ type: "pull-request", number: 3 }] });
    const byBranch = run({ pull_requests: [], check_suite: { head_branch: "mesh/12.1" } });
    expect(readGitHubWebhook({ event: "check_run", payload: byBranch })).toMatchObject({
      look: [{ type: "pull-request", branch: "mesh/12.1" }],
    });
    expect(readGitHubWebhook({ event: "check_run", payload: run({ status: "in_progress" }) })).toEqual({ ignored: "not-finished" });
    const status = { state: "success", branches: [{ name: "main" }, { name: "mesh/12.1" }], repository };
    expect(readGitHubWebhook({ event: "status", payload: status })).toMatchObject({
      look: [{ type: "pull-request", branch: "mesh/12.1" }],
    });
    expect(readGitHubWebhook({ event: "status", payload: { ...status, state: "pending" } })).toEqual({ ignored: "not-finished" });
  });

  it("looks at pushed branches of ours", () => {
    expect(readGitHubWebhook({ event: "push", payload: { ref: "refs/heads/mesh/12.1", repository } })).toEqual({
      look: [{ type: "branch", branch: "mesh/12.1" }],
      repositoryNodeId: "R_1",
    });
    expect(readGitHubWebhook({ event: "push", payload: { ref: "refs/heads/main", repository } })).toEqual({ ignored: "not-our-branch" });
    expect(readGitHubWebhook({ event: "push", payload: { ref: "refs/tags/mesh/12.1", repository } })).toEqual({
      ignored: "not-our-branch",
    });
  });
});

it("a branch on which files are proposed belongs to no run", () => {
  const repository = { node_id: "R_1" };
  expect(readGitHubWebhook({ event: "push", payload: { ref: "refs/heads/mesh/setup/dev-container", repository } })).toEqual({
    ignored: "not-our-branch",
  });
  const pull = { number: 3, head: { ref: "mesh/setup/dev-container", repo: repository } };
  expect(readGitHubWebhook({ event: "pull_request", payload: { pull_request: pull, repository } })).toEqual({ ignored: "not-our-branch" });
});

it("a repository is looked at after it was renamed or transferred, not after it was starred", () => {
  const repository = { node_id: "R_1" };
  for (const action of ["renamed", "transferred", "edited"])
    expect(readGitHubWebhook({ event: "repository", payload: { action, repository } })).toEqual({
      look: [{ type: "repository" }],
      repositoryNodeId: "R_1",
    });
  expect(readGitHubWebhook({ event: "repository", payload: { action: "publicized", repository } })).toEqual({ ignored: "not-used" });
});
