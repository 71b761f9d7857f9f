import { atLeast, roleOf } from "../access.ts";
import type { Label, Repository } from "../state.ts";
import type { World } from "../world.ts";
import { renderAccount } from "./render-account.ts";

/** A repository as REST and webhooks show it; with `viewer`, their permissions too. */
export function renderRepository(world: World, repository: Repository, viewer?: string): Record<string, unknown> {
  const api = world.repositoryApi(repository);
  const html = world.repositoryUrl(repository);
  const open = world.state.issues.filter((issue) => issue.repositoryId === repository.id && issue.state === "open").length;
  const rendered: Record<string, unknown> = {
    id: repository.id,
    node_id: repository.nodeId,
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    private: repository.private,
    owner: renderAccount(world, repository.owner),
    html_url: html,
    description: repository.description,
    fork: false,
    url: api,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues{/number}`,
    pulls_url: `${api}/pulls{/number}`,
    labels_url: `${api}/labels{/name}`,
    branches_url: `${api}/branches{/branch}`,
    commits_url: `${api}/commits{/sha}`,
    compare_url: `${api}/compare/{base}...{head}`,
    contents_url: `${api}/contents/{+path}`,
    git_refs_url: `${api}/git/refs{/sha}`,
    statuses_url: `${api}/statuses/{sha}`,
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    pushed_at: repository.pushedAt,
    git_url: `${html}.git`,
    ssh_url: `${html}.git`,
    clone_url: `${html}.git`,
    homepage: null,
    size: 1,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: repository.issuesOff !== true,
    has_projects: true,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    mirror_url: null,
    archived: repository.archived,
    disabled: false,
    open_issues_count: open,
    license: null,
    allow_forking: true,
    is_template: false,
    topics: [],
    visibility: repository.private ? "private" : "public",
    forks: 0,
    open_issues: open,
    watchers: 0,
    default_branch: repository.defaultBranch,
  };
  if (viewer === undefined) return rendered;
  const role = roleOf(world, viewer, repository);
  return {
    ...rendered,
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    delete_branch_on_merge: repository.deleteBranchOnMerge,
    permissions: {
      admin: role === "admin",
      maintain: atLeast(role, "maintain"),
      push: atLeast(role, "write"),
      triage: atLeast(role, "triage"),
      pull: atLeast(role, "read"),
    },
  };
}

export function renderLabel(world: World, repository: Repository, label: Label): Record<string, unknown> {
  return {
    id: label.id,
    node_id: label.nodeId,
    url: `${world.repositoryApi(repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}
