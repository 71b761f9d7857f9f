import { type Context, Hono } from "hono";
import { atLeast, canSee, demand, roleOf } from "../access.ts";
import { git, listChangedFiles, listCommits, listRefs, mergeBase, readContents, resolveRef } from "../git-repository.ts";
import { notFound } from "../refusal.ts";
import { renderAccount } from "../render/render-account.ts";
import { renderRepository } from "../render/render-repository.ts";
import type { Repository } from "../state.ts";
import type { World } from "../world.ts";
import { type Env, repositoryOf, restOfPath } from "./env.ts";
import { paginate } from "./paginate.ts";
import { renderCommit } from "./render-commit.ts";

/** Repositories, collaborators, branches, comparison and contents. @see https://docs.github.com/rest/repos */
export function repositoryRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const base = "/repos/:owner/:repo";

  app.get(base, (c) => c.json(renderRepository(world, repositoryOf(world, c), c.get("actor").login)));

  app.get("/repositories/:id", (c) => {
    const repository = world.repository(Number(c.req.param("id")));
    if (!canSee(world, c.get("actor"), repository)) throw notFound();
    return c.json(renderRepository(world, repository, c.get("actor").login));
  });

  app.get(`${base}/collaborators/:user/permission`, (c) => {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, "metadata", "read", "write");
    const account = world.account(c.req.param("user"));
    const role = roleOf(world, account.login, repository);
    const permission = role === "maintain" ? "write" : role === "triage" ? "read" : role;
    return c.json({
      permission,
      role_name: role,
      user: { ...renderAccount(world, account.login), permissions: { push: atLeast(role, "write") } },
    });
  });

  app.get(`${base}/branches`, async (c) => {
    const repository = contentsOf(c, "read");
    const branches = [...(await listRefs(world.gitDir(repository)))].flatMap(([ref, sha]) =>
      ref.startsWith("refs/heads/") ? [{ name: ref.slice("refs/heads/".length), sha }] : [],
    );
    return c.json(
      paginate(c, world.publicUrl, branches).map(({ name, sha }) => ({
        name,
        commit: { sha, url: `${world.repositoryApi(repository)}/commits/${sha}` },
        protected: repository.protections.some((rule) => rule.branch === name),
      })),
    );
  });

  app.get(`${base}/branches/*`, async (c) => {
    const repository = contentsOf(c, "read");
    const name = restOfPath(c, "branches/");
    const sha = await resolveRef(world.gitDir(repository), `refs/heads/${name}`);
    const [commit] = sha ? await listCommits(world.gitDir(repository), undefined, sha, 1) : [];
    if (!commit) throw notFound("Branch not found");
    return c.json({
      name,
      commit: renderCommit(world, repository, commit),
      protected: repository.protections.some((rule) => rule.branch === name),
      _links: { html: `${world.repositoryUrl(repository)}/tree/${name}` },
    });
  });

  app.get(`${base}/compare/*`, async (c) => {
    const repository = contentsOf(c, "read");
    const dir = world.gitDir(repository);
    const [from = "", to = ""] = restOfPath(c, "compare/")
      .split("...", 2)
      .map((end) => end.slice(end.indexOf(":") + 1));
    const [fromSha, toSha] = await Promise.all([resolveRef(dir, from), resolveRef(dir, to)]);
    const start = fromSha && toSha && (await mergeBase(dir, fromSha, toSha));
    if (!fromSha || !toSha || !start) throw notFound();
    const [ahead, behind, files, [baseCommit]] = await Promise.all([
      listCommits(dir, fromSha, toSha),
      git(dir, ["rev-list", "--count", `${toSha}..${fromSha}`]).then(Number),
      listChangedFiles(dir, start, toSha),
      listCommits(dir, undefined, fromSha, 1),
    ]);
    const status = ahead.length === 0 ? (behind === 0 ? "identical" : "behind") : behind === 0 ? "ahead" : "diverged";
    return c.json({
      status,
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      base_commit: baseCommit ? renderCommit(world, repository, baseCommit) : null,
      merge_base_commit: { sha: start },
      html_url: `${world.repositoryUrl(repository)}/compare/${from}...${to}`,
      commits: ahead.map((commit) => renderCommit(world, repository, commit)),
      files: files.map((file) => ({ ...file, changes: file.additions + file.deletions })),
    });
  });

  const contents = async (c: Context<Env>): Promise<Response> => {
    const repository = contentsOf(c, "read");
    const path = restOfPath(c, "contents").replace(/^\/|\/$/g, "");
    const sha = await resolveRef(world.gitDir(repository), c.req.query("ref") ?? repository.defaultBranch);
    const found = sha && (await readContents(world.gitDir(repository), sha, path));
    if (!found) throw notFound(sha ? "Not Found" : "This repository is empty.");
    const entry = (name: string, at: string, type: string, entrySha: string, size: number): Record<string, unknown> => ({
      name,
      path: at,
      sha: entrySha,
      size,
      type,
      url: `${world.repositoryApi(repository)}/contents/${at}`,
      html_url: `${world.repositoryUrl(repository)}/blob/${repository.defaultBranch}/${at}`,
    });
    if (found.type === "dir") {
      return c.json(
        found.entries.map((child) => entry(child.name, path ? `${path}/${child.name}` : child.name, child.type, child.sha, child.size)),
      );
    }
    if (c.req.header("accept")?.includes("raw")) return c.body(new Uint8Array(found.content));
    const content = found.content.toString("base64").replace(/.{60}/g, "$&\n");
    return c.json({ ...entry(path.split("/").at(-1) ?? path, path, "file", found.sha, found.content.length), encoding: "base64", content });
  };
  app.get(`${base}/contents`, contents);
  app.get(`${base}/contents/*`, contents);

  function contentsOf(c: Context<Env>, level: "read" | "write"): Repository {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, "contents", level, level);
    return repository;
  }

  return app;
}
