import { describe, expect, it } from "vitest";
import { gitHubWriteKinds, isGitHubWrite } from "../../core/effects.ts";
import type { Effect, GitHubWrite } from "../../core/effects.ts";
import type { EffectId, ProjectKey, ProjectName } from "../../core/ids.ts";
import type { ProjectProfile } from "../../core/inputs.ts";
import { ClientError } from "../client-error.ts";
import { createInMemoryGitHub } from "./in-memory-github.ts";
import { performGitHubEffect } from "./perform-effect.ts";

const profile: ProjectProfile = {
  key: "R_1" as ProjectKey,
  name: "acme/shop" as ProjectName,
  repositoryUrl: "https://github.com/acme/shop",
  cloneUrl: "https://github.com/acme/shop.git",
  defaultBranch: "main",
  board: { id: "PVT_1", number: 1, url: "", owner: "acme", ownerKind: "organization", observedBy: "webhook" },
  credential: { kind: "token" },
  overrides: {},
};

function setUp() {
  const github = createInMemoryGitHub({ now: () => 5 });
  const repository = github.addProject(profile);
  const issue = repository.addIssue({ title: "Paint", column: "Todo" });
  repository.branches.set("mesh/1.1", { sha: "a".repeat(40), commits: 1 });
  const body = (kind: GitHubWrite["kind"]): object =>
    ({
      "move-card": { itemId: issue.card?.itemId, column: "planning", columnName: "Planning" },
      comment: { issue: 1, marker: "m", body: "text", replace: false },
      "open-pull-request": { branch: "mesh/1.1", base: "main", title: "T", body: "B" },
      "close-pull-request": { number: 0, branch: "mesh/1.1" },
      "merge-pull-request": { number: 2, sha: "a".repeat(40), method: "squash", title: "T" },
      "open-bug-issue": { parent: 1, marker: "bug", title: "Bug", body: "text" },
      "close-issue": { issue: 1, reason: "completed" },
    })[kind];
  const effect = (kind: GitHubWrite["kind"]): GitHubWrite =>
    ({ id: `R_1.${kind}` as EffectId, orderKey: "board", issue: 1, run: 1, kind, ...body(kind) }) as GitHubWrite;
  return { github, repository, issue, effect };
}

describe("performing effects", () => {
  it.each(gitHubWriteKinds)("%s twice writes at most once", async (kind) => {
    const { github, effect } = setUp();
    if (kind === "merge-pull-request" || kind === "close-pull-request")
      await performGitHubEffect(github, effect("open-pull-request"), profile);
    const before = github.writes.length;
    const first = await performGitHubEffect(github, effect(kind), profile);
    expect(await performGitHubEffect(github, effect(kind), profile)).toEqual(first);
    expect(github.writes.length - before).toBe(1);
  });

  it("knows which effects are its own", () => {
    const { effect } = setUp();
    expect(isGitHubWrite(effect("comment"))).toBe(true);
    expect(isGitHubWrite({ kind: "observe-card" } as unknown as Effect)).toBe(false);
  });
});

describe("the GitHub in memory", () => {
  it("fails as told, before the act or after it", async () => {
    const { github, repository, effect } = setUp();
    const lost = new ClientError("GitHub", "gone", { code: "unreachable", retryable: true });
    github.failNext("comment", lost);
    await expect(performGitHubEffect(github, effect("comment"), profile)).rejects.toBe(lost);
    expect(repository.issues.get(1)?.comments).toEqual([]);
    github.failNext("comment", lost, { after: true });
    await expect(performGitHubEffect(github, effect("comment"), profile)).rejects.toBe(lost);
    await performGitHubEffect(github, effect("comment"), profile);
    expect(repository.issues.get(1)?.comments).toHaveLength(1);
  });

  it("refuses what is not there", async () => {
    const { github } = setUp();
    await expect(github.moveCard(profile, "PVTI_x", "Todo")).rejects.toMatchObject({ code: "not-found" });
    await expect(github.comment(profile, 77, "m", "x", false)).rejects.toMatchObject({ code: "not-found" });
    await expect(github.observeBoard({ ...profile, key: "R_2" as ProjectKey })).rejects.toMatchObject({ code: "not-found" });
  });

  it("shows what people did", async () => {
    const { github, repository, issue } = setUp();
    expect(await github.observeCard(profile, 1)).toMatchObject({
      type: "card",
      card: { column: "Todo", authorCanWrite: true, observedAt: 5 },
    });
    issue.card = null;
    expect(await github.observeCard(profile, 1)).toEqual({ type: "gone", issue: 1, observedAt: 5 });
    const opened = await github.openPullRequest(profile, { branch: "mesh/1.1", base: "main", title: "T", body: "B" });
    const pull = repository.pulls.get(opened.kind === "pull-request-open" ? opened.number : 0);
    if (pull) pull.checks = "red";
    expect(await github.observePullRequest(profile, { branch: "mesh/1.1" })).toMatchObject({ checks: "red", observedAt: 5 });
    expect(await github.observeBranch(profile, "mesh/9.1")).toBeNull();
  });
});
