import { type Context, Hono } from "hono";
import { hashToken, newTokenValue } from "../authenticate.ts";
import { notFound, Refusal, unprocessable } from "../refusal.ts";
import { renderApp, renderInstallation } from "../render/render-account.ts";
import { renderRepository } from "../render/render-repository.ts";
import type { App, Installation, Level, Token } from "../state.ts";
import { same, type World } from "../world.ts";
import { bodyOf, type Env } from "./env.ts";
import { paginate } from "./paginate.ts";

const TOKEN_LIFE_MS = 3_600_000;
const LEVELS: readonly (Level | undefined)[] = [undefined, "read", "write", "admin"];

/** GitHub Apps, their installations and tokens. @see https://docs.github.com/rest/apps */
export function appRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();

  app.get("/app", (c) => c.json(renderApp(world, callingApp(c))));

  app.get("/app/installations", (c) => {
    const calling = callingApp(c);
    const found = world.state.installations.filter((installation) => installation.appId === calling.id);
    return c.json(paginate(c, world.publicUrl, found).map((installation) => renderInstallation(world, installation)));
  });

  app.get("/app/installations/:id", (c) => c.json(renderInstallation(world, installationOf(c))));

  app.get("/repos/:owner/:repo/installation", (c) => {
    const calling = callingApp(c);
    const repository = world.findRepository(c.req.param("owner"), c.req.param("repo"));
    const found =
      repository &&
      world.state.installations.find(
        (candidate) =>
          candidate.appId === calling.id &&
          same(candidate.account, repository.owner) &&
          (candidate.repositories === "all" || candidate.repositories.includes(repository.id)),
      );
    if (!found) throw notFound();
    return c.json(renderInstallation(world, found));
  });

  for (const kind of ["orgs", "users"]) {
    app.get(`/${kind}/:login/installation`, (c) => {
      const calling = callingApp(c);
      const found = world.state.installations.find(
        (candidate) => candidate.appId === calling.id && same(candidate.account, c.req.param("login")),
      );
      if (!found) throw notFound();
      return c.json(renderInstallation(world, found));
    });
  }

  app.post("/app/installations/:id/access_tokens", async (c) => {
    const installation = installationOf(c);
    const calling = callingApp(c);
    const body = await bodyOf(c);
    const repositories = narrowedRepositories(installation, body);
    const permissions = narrowedPermissions(installation, body);
    const value = newTokenValue("installation");
    const token: Token = {
      id: world.state.nextId++,
      hash: hashToken(value),
      kind: "installation",
      login: `${calling.slug}[bot]`,
      scopes: [],
      permissions,
      repositories,
      installationId: installation.id,
      fencedRefs: [],
      revoked: false,
      expiresAt: `${new Date(Date.now() + TOKEN_LIFE_MS).toISOString().slice(0, 19)}Z`,
    };
    world.state.tokens = world.state.tokens.filter((other) => other.expiresAt === null || Date.parse(other.expiresAt) > Date.now());
    world.state.tokens.push(token);
    world.changed();
    return c.json(
      {
        token: value,
        expires_at: token.expiresAt,
        permissions: { metadata: "read", ...permissions },
        repository_selection: repositories === "all" ? "all" : "selected",
        ...(repositories === "all" ? {} : { repositories: repositories.map((id) => renderRepository(world, world.repository(id))) }),
      },
      201,
    );
  });

  app.get("/installation/repositories", (c) => {
    const actor = c.get("actor");
    if (actor.kind !== "installation")
      throw new Refusal(
        403,
        "FORBIDDEN",
        "You must authenticate with an installation access token in order to list repositories for an installation.",
      );
    const account = world.state.installations.find((installation) => installation.id === actor.installationId)?.account ?? "";
    const found = world.state.repositories.filter(
      (repository) => same(repository.owner, account) && (actor.repositories === "all" || actor.repositories.includes(repository.id)),
    );
    const page = paginate(c, world.publicUrl, found);
    return c.json({
      total_count: found.length,
      repository_selection: actor.repositories === "all" ? "all" : "selected",
      repositories: page.map((repository) => renderRepository(world, repository)),
    });
  });

  app.delete("/installation/token", (c) => {
    const { tokenId, kind } = c.get("actor");
    const token = world.state.tokens.find((candidate) => candidate.id === tokenId);
    if (kind !== "installation" || !token) throw new Refusal(401, "FORBIDDEN", "Bad credentials");
    token.revoked = true;
    world.changed();
    return c.body(null, 204);
  });

  function callingApp(c: Context<Env>): App {
    const actor = c.get("actor");
    const found = world.state.apps.find((candidate) => candidate.id === actor.appId);
    if (actor.kind !== "app" || !found) throw new Refusal(401, "FORBIDDEN", "A JSON web token could not be decoded");
    return found;
  }

  function installationOf(c: Context<Env>): Installation {
    const calling = callingApp(c);
    const found = world.state.installations.find(
      (candidate) => String(candidate.id) === c.req.param("id") && candidate.appId === calling.id,
    );
    if (!found) throw notFound();
    return found;
  }

  function narrowedRepositories(installation: Installation, body: Record<string, unknown>): number[] | "all" {
    const wanted = [
      ...(Array.isArray(body.repositories)
        ? body.repositories.map((name) => world.findRepository(installation.account, String(name))?.id)
        : []),
      ...(Array.isArray(body.repository_ids) ? body.repository_ids.map(Number) : []),
    ];
    if (body.repositories === undefined && body.repository_ids === undefined) return installation.repositories;
    const ids = wanted.filter(
      (id): id is number =>
        id !== undefined &&
        world.state.repositories.some((repository) => repository.id === id && same(repository.owner, installation.account)),
    );
    const reachable = ids.every((id) => installation.repositories === "all" || installation.repositories.includes(id));
    if (ids.length !== wanted.length || !reachable) {
      throw unprocessable("There is at least one repository that does not exist or is not accessible to the parent installation.");
    }
    return ids;
  }

  function narrowedPermissions(installation: Installation, body: Record<string, unknown>): Record<string, Level> {
    if (body.permissions === undefined) return installation.permissions;
    const wanted = body.permissions as Record<string, Level>;
    for (const [name, level] of Object.entries(wanted)) {
      const granted = name === "metadata" ? "read" : installation.permissions[name];
      if (LEVELS.indexOf(granted) < LEVELS.indexOf(level))
        throw unprocessable("The permissions requested are not granted to this installation.");
    }
    return wanted;
  }

  return app;
}
