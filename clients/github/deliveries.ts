import * as z from "zod";
import { ClientError } from "../client-error.ts";
import type { FailedDelivery, GitHub, HookRef } from "./github.ts";
import { anything, connect, connectRepository, repositoryPath } from "./github-connection.ts";
import type { GitHubConnection, GitHubParts } from "./github-connection.ts";
import type { RestAnswer } from "./github-transport.ts";

const delivery = z.object({
  id: z.union([z.number(), z.string()]).transform(String),
  guid: z.string(),
  delivered_at: z.string(),
  event: z.string(),
  status_code: z.number().int(),
});
type Delivery = z.output<typeof delivery>;

/** https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks: GitHub itself repeats none. */
export function createDeliveryOperations(parts: GitHubParts): Pick<GitHub, "failedDeliveries" | "deliveries" | "redeliver"> {
  async function open(hook: HookRef): Promise<{ connection: GitHubConnection; path: string }> {
    if (hook.kind !== "app") {
      const owner = hook.kind === "repository" ? repositoryPath(hook.profile) : `/orgs/${encodeURIComponent(hook.organization)}`;
      return { connection: await connectRepository(parts, hook.profile), path: `${owner}/hooks/${hook.hook}/deliveries` };
    }
    const app = await parts.credentials.forApp();
    if (!app)
      throw new ClientError("GitHub", "there is no App whose deliveries could be asked for", { code: "configuration", retryable: false });
    return { connection: connect(parts, app), path: "/app/hook/deliveries" };
  }

  return {
    async failedDeliveries(hook, since) {
      const { connection, path } = await open(hook);
      const attempts: Delivery[] = [];
      let next: string | undefined = `${path}?per_page=100`;
      while (next !== undefined) {
        const page: RestAnswer<Delivery[]> = await connection.get(next, z.array(delivery));
        const recent = page.value.filter((each) => Date.parse(each.delivered_at) >= since);
        attempts.push(...recent);
        const cursor = /[?&]cursor=([^&>]+)[^>]*>;\s*rel="next"/.exec(page.headers.get("link") ?? "")?.[1];
        next = cursor !== undefined && recent.length === page.value.length ? `${path}?per_page=100&cursor=${cursor}` : undefined;
      }
      return neverArrived(attempts);
    },

    async deliveries(hook, since) {
      const { connection, path } = await open(hook);
      const { value } = await connection.get(`${path}?per_page=100`, z.array(delivery));
      const [newest] = value;
      return {
        last: newest ? { at: Date.parse(newest.delivered_at), event: newest.event, statusCode: newest.status_code } : null,
        failed: neverArrived(value.filter((each) => Date.parse(each.delivered_at) >= since)).length,
      };
    },

    async redeliver(hook, deliveryId) {
      const { connection, path } = await open(hook);
      await connection.change("POST", `${path}/${encodeURIComponent(deliveryId)}/attempts`, undefined, anything);
    },
  };
}

/** Attempts come newest first; of each guid the newest attempt stands for it. */
function neverArrived(attempts: readonly Delivery[]): FailedDelivery[] {
  const arrived = new Set(attempts.filter((each) => each.status_code >= 200 && each.status_code < 300).map((each) => each.guid));
  const failed = new Map<string, Delivery>();
  for (const each of attempts) if (!arrived.has(each.guid) && !failed.has(each.guid)) failed.set(each.guid, each);
  return [...failed.values()].toReversed().map((each) => ({
    id: each.id,
    guid: each.guid,
    event: each.event,
    deliveredAt: Date.parse(each.delivered_at),
    statusCode: each.status_code,
  }));
}
