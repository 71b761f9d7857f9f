import { Hono } from "hono";
import { boardAccess, canSeeBoard } from "../access.ts";
import { notFound } from "../refusal.ts";
import { same, type World } from "../world.ts";
import type { Env } from "./env.ts";
import { paginate } from "./paginate.ts";

/** Lists of boards. @see https://docs.github.com/rest/projects/projects */
export function boardRoutes(world: World): Hono<Env> {
  const app = new Hono<Env>();
  for (const [kind, type] of [
    ["orgs", "Organization"],
    ["users", "User"],
  ] as const) {
    app.get(`/${kind}/:login/projectsV2`, (c) => {
      const actor = c.get("actor");
      const account = world.account(c.req.param("login"));
      if (account.type !== type) throw notFound();
      boardAccess(world, actor, { owner: account.login, public: true }, "read");
      const found = world.state.boards.filter((board) => same(board.owner, account.login) && canSeeBoard(world, actor, board));
      return c.json(
        paginate(c, world.publicUrl, found).map((board) => ({
          id: board.id,
          node_id: board.nodeId,
          number: board.number,
          title: board.title,
          public: board.public,
          html_url: world.boardUrl(board),
        })),
      );
    });
  }
  return app;
}
