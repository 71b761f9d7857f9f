import { type Context, Hono } from "hono";
import { demand } from "../access.ts";
import { refsChanged } from "../actions/pushes.ts";
import { mayTouchWorkflows } from "../git-http.ts";
import { commitTree, deleteRef, git, isAncestor, listCommits, listRefs, NO_COMMIT, resolveRef, updateRef } from "../git-repository.ts";
import { forbidden, invalid, notFound, Refusal, unprocessable } from "../refusal.ts";
import { withRepositoryLock } from "../repository-lock.ts";
import type { Repository } from "../state.ts";
import type { World } from "../world.ts";
import { bodyOf, type Env, repositoryOf, restOfPath, texts } from "./env.ts";

/** Refs, commits and trees as git has them. @see https://docs.github.com/rest/git */
export function gitRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  const base = "/repos/:owner/:repo/git";

  app.get(`${base}/ref/*`, async (c) => {
    const repository = await filledOf(c, "read");
    const ref = `refs/${restOfPath(c, "git/ref/")}`;
    const sha = (await listRefs(world.gitDir(repository))).get(ref);
    if (!sha) throw notFound();
    return c.json(renderRef(repository, ref, sha));
  });

  app.post(`${base}/refs`, async (c) => {
    const repository = await filledOf(c, "write");
    const { ref, sha } = await bodyOf(c);
    if (typeof ref !== "string" || !/^refs\/(heads|tags)\/./.test(ref)) throw unprocessable("Reference does not exist");
    if (typeof sha !== "string" || !(await resolveRef(world.gitDir(repository), sha))) throw unprocessable("Object does not exist");
    if ((await listRefs(world.gitDir(repository))).has(ref)) throw unprocessable("Reference already exists");
    await demandWorkflows(c, repository, sha);
    await changeRefs(c, repository, (dir) => updateRef(dir, ref, sha, NO_COMMIT));
    return c.json(renderRef(repository, ref, sha), 201);
  });

  app.patch(`${base}/refs/*`, async (c) => {
    const repository = await filledOf(c, "write");
    const ref = `refs/${restOfPath(c, "git/refs/")}`;
    const { sha, force } = await bodyOf(c);
    const dir = world.gitDir(repository);
    const current = (await listRefs(dir)).get(ref);
    if (!current) throw unprocessable("Reference does not exist");
    if (typeof sha !== "string" || !(await resolveRef(dir, sha))) throw unprocessable("Object does not exist");
    if (force !== true && !(await isAncestor(dir, current, sha))) throw unprocessable("Update is not a fast forward");
    await demandWorkflows(c, repository, sha);
    await changeRefs(c, repository, () => updateRef(dir, ref, sha, current));
    return c.json(renderRef(repository, ref, sha));
  });

  app.delete(`${base}/refs/*`, async (c) => {
    const repository = await filledOf(c, "write");
    const ref = `refs/${restOfPath(c, "git/refs/")}`;
    if (!(await listRefs(world.gitDir(repository))).has(ref)) throw unprocessable("Reference does not exist");
    if (ref === `refs/heads/${repository.defaultBranch}`) throw unprocessable("Cannot delete the default branch");
    if (repository.protections.some((rule) => ref === `refs/heads/${rule.branch}`))
      throw unprocessable("Cannot delete this protected branch");
    await changeRefs(c, repository, (dir) => deleteRef(dir, ref));
    return c.body(null, 204);
  });

  app.get(`${base}/commits/:sha`, async (c) => {
    const repository = await filledOf(c, "read");
    const sha = await resolveRef(world.gitDir(repository), c.req.param("sha"));
    if (!sha) throw notFound();
    return c.json(await renderGitCommit(repository, sha));
  });

  app.post(`${base}/trees`, async (c) => {
    const repository = await filledOf(c, "write");
    const { base_tree: from, tree } = await bodyOf(c);
    const entries = Array.isArray(tree) ? (tree as Record<string, unknown>[]) : [];
    if (entries.length === 0) throw unprocessable("Invalid tree info");
    const dir = world.gitDir(repository);
    const present = typeof from === "string" ? await git(dir, ["ls-tree", "-r", "-z", from]).catch(() => undefined) : "";
    if (present === undefined) throw unprocessable("base_tree is not a valid tree oid");
    const lines = new Map(
      present
        .split("\0")
        .filter(Boolean)
        .map((line) => [line.slice(line.indexOf("\t") + 1), line.slice(0, line.indexOf("\t"))] as const),
    );
    for (const entry of entries) {
      const path = String(entry.path ?? "");
      if (path === "" || path.startsWith("/") || path.split("/").some((part) => ["", ".", "..", ".git"].includes(part)))
        throw unprocessable("tree.path contains a malformed path component");
      if (entry.mode !== "100644" || typeof entry.content !== "string") throw invalid({ resource: "Tree", field: "tree", code: "invalid" });
      lines.set(path, `100644 blob ${await git(dir, ["hash-object", "-w", "--stdin"], { input: entry.content })}`);
    }
    return c.json({ sha: await writeTree(dir, lines), truncated: false }, 201);
  });

  app.post(`${base}/commits`, async (c) => {
    const repository = await filledOf(c, "write");
    const { message, tree, parents } = await bodyOf(c);
    const dir = world.gitDir(repository);
    if (typeof message !== "string" || message === "") throw invalid({ resource: "Commit", field: "message", code: "missing_field" });
    const known = await git(dir, ["rev-parse", "--verify", "--quiet", `${String(tree)}^{tree}`]).catch(() => undefined);
    if (!known) throw unprocessable("Tree SHA does not exist");
    for (const parent of texts(parents))
      if (!(await resolveRef(dir, parent))) throw unprocessable("Parent SHA does not exist or is not a commit object");
    const sha = await commitTree(dir, { tree: known, parents: texts(parents), message, author: c.get("actor").login });
    return c.json(await renderGitCommit(repository, sha), 201);
  });

  /** A repository that has a commit. @throws 409 for one that has none */
  async function filledOf(c: Context<Env>, level: "read" | "write"): Promise<Repository> {
    const repository = repositoryOf(world, c);
    demand(world, c.get("actor"), repository, "contents", level, level);
    if ((await listRefs(world.gitDir(repository))).size === 0) throw new Refusal(409, "UNPROCESSABLE", "Git Repository is empty.");
    return repository;
  }

  /** A commit that brings or changes a workflow takes a right of its own, however it comes. */
  async function demandWorkflows(c: Context<Env>, repository: Repository, sha: string): Promise<void> {
    const actor = c.get("actor");
    if (mayTouchWorkflows(actor)) return;
    const touched = await git(world.gitDir(repository), ["rev-list", "--max-count=1", sha, "--not", "--all", "--", ".github/workflows"]);
    if (touched === "") return;
    if (actor.kind === "classic")
      throw forbidden("refusing to allow a Personal Access Token to create or update workflow without `workflow` scope");
    throw forbidden(
      `Resource not accessible by ${actor.kind === "installation" ? "integration" : "personal access token"}`,
      "workflows=write",
    );
  }

  async function renderGitCommit(repository: Repository, sha: string): Promise<Record<string, unknown>> {
    const [commit] = await listCommits(world.gitDir(repository), undefined, sha, 1);
    if (!commit) throw notFound();
    const api = `${world.repositoryApi(repository)}/git`;
    return {
      sha: commit.sha,
      url: `${api}/commits/${commit.sha}`,
      message: commit.message,
      author: commit.author,
      tree: { sha: commit.tree, url: `${api}/trees/${commit.tree}` },
      parents: commit.parents.map((parent) => ({ sha: parent })),
    };
  }

  function changeRefs(c: Context<Env>, repository: Repository, change: (dir: string) => Promise<void>): Promise<void> {
    const dir = world.gitDir(repository);
    return withRepositoryLock(dir, async () => {
      const before = await listRefs(dir);
      await change(dir).catch((error: Error) => {
        throw invalid({ resource: "Reference", field: "ref", code: "custom", message: error.message });
      });
      await refsChanged(world, c.get("actor").login, repository, before, await listRefs(dir));
    });
  }

  function renderRef(repository: Repository, ref: string, sha: string): Record<string, unknown> {
    const api = world.repositoryApi(repository);
    return {
      ref,
      node_id: `REF_${repository.id}_${ref}`,
      url: `${api}/git/${ref}`,
      object: { sha, type: "commit", url: `${api}/git/commits/${sha}` },
    };
  }

  return app;
}

/** Path → mode, type and sha, as `git ls-tree -r` says them. */
async function writeTree(dir: string, files: ReadonlyMap<string, string>): Promise<string> {
  const folders = Map.groupBy(files.keys(), (path) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : ""));
  const lines: string[] = [];
  for (const [folder, paths] of folders) {
    if (folder === "") lines.push(...paths.map((path) => `${files.get(path)}\t${path}`));
    else
      lines.push(
        `040000 tree ${await writeTree(dir, new Map(paths.map((path) => [path.slice(folder.length + 1), files.get(path) ?? ""])))}\t${folder}`,
      );
  }
  return git(dir, ["mktree"], { input: `${lines.join("\n")}\n` });
}
