import { Hono } from "hono";
import { canSee, type Actor } from "../access.ts";
import type { Repository } from "../state.ts";
import { same, type World } from "../world.ts";
import type { Env } from "./env.ts";

/**
 * The old names of renamed and transferred repositories: 301 to `/repositories/:id/…` for reads, 307 for other methods, so that the method is kept.
 * @see https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
 */
export function redirectRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  app.use("/repos/:owner/:repo/*", async (c, next) => {
    const repository = world.findRenamed(c.req.param("owner") ?? "", c.req.param("repo") ?? "");
    if (!repository || !(canSee(world, c.get("actor"), repository) || isInstalledOn(world, c.get("actor"), repository))) return next();
    const rest = c.req.path.split("/").slice(4).join("/");
    const location = `${world.publicUrl}/repositories/${repository.id}${rest === "" ? "" : `/${rest}`}${new URL(c.req.url).search}`;
    c.header("Location", location);
    return c.json({ message: "Moved Permanently", url: location }, c.req.method === "GET" || c.req.method === "HEAD" ? 301 : 307);
  });
  return app;
}

/** An App with its own key is led on where it is installed, though it sees no private repository. */
function isInstalledOn(world: World, { kind, appId }: Actor, repository: Repository): boolean {
  return (
    kind === "app" &&
    world.state.installations.some(
      (each) =>
        each.appId === appId &&
        same(each.account, repository.owner) &&
        (each.repositories === "all" || each.repositories.includes(repository.id)),
    )
  );
}
