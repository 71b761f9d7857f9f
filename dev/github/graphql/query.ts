import { canSee, canSeeBoard, boardAccess } from "../access.ts";
import { notFound, Refusal } from "../refusal.ts";
import { same } from "../world.ts";
import { connection } from "./connection.ts";
import type { Arguments, Context, View } from "./context.ts";
import { nodeById } from "./find-node.ts";

/** The fields of `Query`. */
export function queryRoot(context: Context): Record<string, unknown> {
  const { world, actor, views } = context;

  /** Asking for one board by number tells a token without the scope so, instead of that there is none. */
  function accountView(login: string, type: "User" | "Organization"): View {
    const account = world.findAccount(login);
    if (!account || account.type !== type) throw notFound(`Could not resolve to a ${type} with the login of '${login}'.`);
    return {
      ...views.account(context, account),
      projectV2: ({ number }: Arguments) => {
        const board = world.findBoard(account.login, Number(number));
        const missing = notFound(`Could not resolve to a ProjectV2 with the number ${String(number)}.`);
        try {
          if (!board) throw missing;
          boardAccess(world, actor, board, "read");
          return views.board(context, board);
        } catch (error) {
          throw error instanceof Refusal && error.type === "NOT_FOUND" ? missing : error;
        }
      },
    };
  }

  return {
    viewer: () => {
      const account = world.findAccount(actor.login);
      if (!account) throw notFound("Could not resolve the viewer.");
      return views.account(context, account);
    },
    repository: ({ owner, name }: Arguments) => {
      const repository = world.findRepository(String(owner), String(name)) ?? world.findRenamed(String(owner), String(name));
      if (!repository || !canSee(world, actor, repository)) {
        throw notFound(`Could not resolve to a Repository with the name '${String(owner)}/${String(name)}'.`);
      }
      return views.repository(context, repository);
    },
    user: ({ login }: Arguments) => accountView(String(login), "User"),
    organization: ({ login }: Arguments) => accountView(String(login), "Organization"),
    repositoryOwner: ({ login }: Arguments) => {
      const account = world.findAccount(String(login));
      return account ? views.account(context, account) : null;
    },
    node: ({ id }: Arguments) => nodeById(context, id),
    nodes: ({ ids }: Arguments) => (Array.isArray(ids) ? ids.map((id) => (): View => nodeById(context, id)) : []).map(attempt),
    rateLimit: () => ({
      cost: context.cost,
      limit: context.budget.limit,
      nodeCount: context.nodeCount,
      remaining: context.budget.limit - context.budget.used,
      resetAt: `${new Date(context.budget.reset * 1000).toISOString().slice(0, 19)}Z`,
      used: context.budget.used,
    }),
    projectsV2: (args: Arguments, name: string) =>
      connection(
        world.state.boards.filter((board) => same(board.owner, actor.login) && canSeeBoard(world, actor, board)),
        (board) => views.board(context, board),
        args,
        name,
      ),
  };
}

/** One missing node makes one null with its error; the others are still given. */
async function attempt(find: () => View): Promise<View> {
  return find();
}
