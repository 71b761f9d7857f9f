import type { Commit } from "../git-repository.ts";
import { renderAccount } from "../render/render-account.ts";
import type { Repository } from "../state.ts";
import type { World } from "../world.ts";

export function renderCommit(world: World, repository: Repository, commit: Commit): Record<string, unknown> {
  const api = world.repositoryApi(repository);
  const person = world.findAccount(commit.author.name) ? renderAccount(world, commit.author.name) : null;
  return {
    sha: commit.sha,
    node_id: `C_${commit.sha}`,
    commit: {
      author: commit.author,
      committer: commit.author,
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: { verified: false, reason: "unsigned", signature: null, payload: null },
    },
    url: `${api}/commits/${commit.sha}`,
    html_url: `${world.repositoryUrl(repository)}/commit/${commit.sha}`,
    author: person,
    committer: person,
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}` })),
  };
}
