import * as z from "zod";
import type { ProjectName } from "../../core/ids.ts";
import { dayMs, minuteMs, secondMs } from "../../core/time.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { callOutside, noAnswer, retryAfter } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";
import type { ModelBudget } from "./model-budget.ts";

export interface AiGatewayDeps extends OutsideDeps {
  /** The Cloudflare account's id. */
  readonly account: string;
  /** An API token with AI Gateway: Edit and Account Analytics: Read. */
  readonly token: string;
  /** Default: Cloudflare's. Without a trailing slash. */
  readonly apiUrl?: string;
  /** Default 15 s. */
  readonly timeLimitMs?: number;
}

/** Analytics go back a month at least on every plan. */
const countedMs = 30 * dayMs;

const costs = z.object({
  data: z.object({
    viewer: z.object({
      accounts: z.array(z.object({ aiGatewayRequestsAdaptiveGroups: z.array(z.object({ sum: z.object({ cost: z.number() }) })) })),
    }),
  }),
});

const spentQuery = `query Spent($account: string!, $gateway: string!, $from: Time!, $to: Time!) {
  viewer {
    accounts(filter: { accountTag: $account }) {
      aiGatewayRequestsAdaptiveGroups(limit: 1, filter: { gateway: $gateway, datetimeHour_geq: $from, datetimeHour_leq: $to }) {
        sum { cost }
      }
    }
  }
}`;

/**
 * A gateway of its own for each project at Cloudflare AI Gateway (https://developers.cloudflare.com/ai-gateway/). What it does not offer:
 * keys (agents go on using the provider's, through the gateway), a total since the beginning (its analytics count the last 30 days, by list
 * prices), and limits by its public API (spend limits are set in Cloudflare's dashboard, so a budget asked for here is not enforced there).
 */
export function createAiGateway(deps: AiGatewayDeps): ModelBudget {
  const gateways = `/accounts/${deps.account}/ai-gateway/gateways`;
  const stateOf = (project: ProjectName, spentUsd: number | null) => {
    const alias = gatewayOf(project);
    return { alias, baseUrl: `https://gateway.ai.cloudflare.com/v1/${deps.account}/${alias}/anthropic`, limitUsd: null, spentUsd };
  };

  async function exists(project: ProjectName): Promise<boolean> {
    try {
      await call(deps, "GET", `${gateways}/${gatewayOf(project)}`);
      return true;
    } catch (error) {
      if (failedWith(error, "not-found")) return false;
      throw error;
    }
  }

  async function spent(project: ProjectName): Promise<number> {
    const variables = {
      account: deps.account,
      gateway: gatewayOf(project),
      from: new Date(deps.now() - countedMs).toISOString(),
      to: new Date(deps.now()).toISOString(),
    };
    const answer = costs.safeParse(await call(deps, "POST", "/graphql", { query: spentQuery, variables }));
    const [account] = answer.data?.data.viewer.accounts ?? [];
    if (account === undefined) {
      const message = "the analytics cannot be read; the token needs Account Analytics: Read";
      throw new ClientError("AI Gateway", message, { code: "unexpected-answer", retryable: false });
    }
    return account.aiGatewayRequestsAdaptiveGroups[0]?.sum.cost ?? 0;
  }

  return {
    kind: "ai-gateway",
    async ensure(project) {
      if (!(await exists(project))) {
        const settings = { cache_invalidate_on_update: false, cache_ttl: null, collect_logs: true };
        try {
          await call(deps, "POST", gateways, {
            id: gatewayOf(project),
            ...settings,
            rate_limiting_interval: null,
            rate_limiting_limit: null,
          });
        } catch (error) {
          // Another was quicker, or an answer was lost.
          if (!failedWith(error, "conflict", "invalid") || !(await exists(project))) throw error;
        }
      }
      return { ...stateOf(project, await spent(project)), key: null };
    },
    limit: async () => {},
    spend: async (project) => ((await exists(project)) ? stateOf(project, await spent(project)) : null),
    async remove(project) {
      if (await exists(project)) await call(deps, "DELETE", `${gateways}/${gatewayOf(project)}`);
    },
  };
}

/** Gateways are named with at most 64 characters of `a-z 0-9 - _`; the end tells apart what is cut, or differs only in other characters. */
function gatewayOf(project: ProjectName): string {
  // FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
  const hash = [...project].reduce((before, letter) => Math.imul(before ^ letter.charCodeAt(0), 0x01000193) >>> 0, 0x811c9dc5);
  return `mesh-six-${project.replaceAll(/[^a-z0-9_-]/g, "-").slice(0, 46)}-${hash.toString(16).padStart(8, "0")}`;
}

async function call(deps: AiGatewayDeps, method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
  const { apiUrl = "https://api.cloudflare.com/client/v4", timeLimitMs = 15 * secondMs } = deps;
  const headers = { authorization: `Bearer ${deps.token}`, "content-type": "application/json" };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await callOutside("AI Gateway", deps, `${apiUrl}${path}`, init, timeLimitMs);
  if (!response.ok) {
    await response.body?.cancel();
    throw faultOf(response, deps.now());
  }
  return response.json().catch((cause: unknown) => {
    throw noAnswer("AI Gateway", apiUrl, timeLimitMs, cause);
  });
}

function faultOf(response: Response, now: number): ClientError {
  const { status } = response;
  const fault = (code: ClientError["code"], message: string, retryable = false, retryAt?: number) =>
    new ClientError("AI Gateway", message, { code, retryable, status, retryAt });
  if (status === 401 || status === 403)
    return fault("authentication", `refused (${status}); AI_GATEWAY_API_TOKEN needs AI Gateway: Edit and Account Analytics: Read`);
  if (status === 404) return fault("not-found", "there is no such gateway, or no such account; check AI_GATEWAY_ACCOUNT_ID");
  if (status === 409) return fault("conflict", "there is a gateway of that name");
  if (status === 429)
    return fault("rate-limited", "too many requests; goes on later", true, retryAfter(response.headers, now) ?? now + minuteMs);
  if (status >= 500) return fault("unavailable", `unavailable (${status}); tried again later`, true, retryAfter(response.headers, now));
  return fault("invalid", `refused (${status}); an account has a limited number of gateways`);
}
