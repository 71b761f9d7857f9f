import * as z from "zod";
import type { ProjectName } from "../../core/ids.ts";
import { minuteMs, secondMs } from "../../core/time.ts";
import { ClientError, failedWith } from "../client-error.ts";
import { callOutside, noAnswer, retryAfter } from "../outside-call.ts";
import type { OutsideDeps } from "../outside-call.ts";
import type { BudgetState, ModelBudget } from "./model-budget.ts";

export interface LiteLlmDeps extends OutsideDeps {
  /** Without a trailing slash. */
  readonly url: string;
  /** The master key, or a key of a proxy admin. */
  readonly adminKey: string;
  /** Default 15 s. */
  readonly timeLimitMs?: number;
}

const team = z.object({ team_info: z.object({ max_budget: z.number().nullish(), spend: z.number().nullish() }) });
const generated = z.object({ key: z.string().startsWith("sk-") });
const refusal = z.object({ error: z.object({ message: z.string() }) }).transform(({ error }) => error.message);
const detail = z.object({ detail: z.object({ error: z.string() }) }).transform((body) => body.detail.error);

/**
 * Teams and virtual keys of a LiteLLM proxy (https://docs.litellm.ai/docs/proxy/virtual_keys), which needs a database for them. Each project
 * is a team whose id and alias are both `mesh-six/<owner/name>` (LiteLLM keeps ids unique and aliases of teams not), with the budget, and one
 * key of the same alias in it. LiteLLM refuses a second key of an alias, so that making one is the question whether there is one.
 */
export function createLiteLlm(deps: LiteLlmDeps): ModelBudget {
  const { url } = deps;
  const post = (path: string, body: object) => call(deps, "POST", path, body);

  /** The team as it is; null when there is none. */
  async function teamOf(alias: string): Promise<BudgetState | null> {
    try {
      const { team_info: info } = read(team, await call(deps, "GET", `/team/info?team_id=${encodeURIComponent(alias)}`));
      return { alias, baseUrl: url, limitUsd: info.max_budget ?? null, spentUsd: info.spend ?? 0 };
    } catch (error) {
      if (failedWith(error, "not-found")) return null;
      throw error;
    }
  }

  async function ensureTeam(alias: string, usd: number | null): Promise<BudgetState> {
    const before = await teamOf(alias);
    if (before === null) {
      try {
        await post("/team/new", { team_id: alias, team_alias: alias, ...(usd === null ? {} : { max_budget: usd }) });
      } catch (error) {
        // Another was quicker, or an answer was lost.
        if (!failedWith(error, "conflict")) throw error;
      }
    } else await putRight(before, usd);
    return { alias, baseUrl: url, limitUsd: usd ?? before?.limitUsd ?? null, spentUsd: before?.spentUsd ?? 0 };
  }

  async function putRight({ alias, limitUsd }: BudgetState, usd: number | null): Promise<void> {
    if (usd !== null && limitUsd !== usd) await post("/team/update", { team_id: alias, max_budget: usd });
  }

  /** A new key, or null when there is one of that alias. */
  async function newKey(alias: string): Promise<string | null> {
    try {
      return read(generated, await post("/key/generate", { key_alias: alias, team_id: alias })).key;
    } catch (error) {
      if (failedWith(error, "conflict")) return null;
      throw error;
    }
  }

  const without = async (path: string, body: object): Promise<void> => {
    try {
      await post(path, body);
    } catch (error) {
      if (!failedWith(error, "not-found")) throw error;
    }
  };

  return {
    kind: "litellm",
    async ensure(project, { usd, kept }) {
      const alias = aliasOf(project);
      const state = await ensureTeam(alias, usd);
      const key = await newKey(alias);
      if (key !== null || kept) return { ...state, key };
      // The value went with the process that asked for it. (LiteLLM's own rotation is part of its paid edition.)
      await without("/key/delete", { key_aliases: [alias] });
      const again = await newKey(alias);
      if (again !== null) return { ...state, key: again };
      throw new ClientError("LiteLLM", `the key ${alias} is being made by another; tried again later`, {
        code: "conflict",
        retryable: true,
      });
    },
    async limit(project, usd) {
      const state = await teamOf(aliasOf(project));
      if (state !== null) await putRight(state, usd);
    },
    spend: (project) => teamOf(aliasOf(project)),
    async remove(project) {
      const alias = aliasOf(project);
      await without("/key/delete", { key_aliases: [alias] });
      await without("/team/delete", { team_ids: [alias] });
    },
  };
}

function aliasOf(project: ProjectName): string {
  return `mesh-six/${project}`;
}

async function call(deps: LiteLlmDeps, method: "GET" | "POST", path: string, body?: object): Promise<unknown> {
  const timeLimitMs = deps.timeLimitMs ?? 15 * secondMs;
  const headers = { authorization: `Bearer ${deps.adminKey}`, "content-type": "application/json" };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await callOutside("LiteLLM", deps, `${deps.url}${path}`, init, timeLimitMs);
  const text = await response.text().catch((cause: unknown) => {
    throw noAnswer("LiteLLM", deps.url, timeLimitMs, cause);
  });
  const parsed = parsedOrNull(text);
  if (!response.ok) throw faultOf(response, path.split("?")[0] ?? path, parsed, deps.now());
  return parsed;
}

function read<T>(schema: z.ZodType<T>, answer: unknown): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new ClientError("LiteLLM", "the answer is none of LiteLLM's; check LITELLM_URL", { code: "unexpected-answer", retryable: false });
}

/** What LiteLLM says of a refusal is looked at and not repeated: it may quote keys. */
function faultOf(response: Response, path: string, body: unknown, now: number): ClientError {
  const { status } = response;
  const said = z.union([refusal, detail]).safeParse(body).data ?? "";
  const fault = (code: ClientError["code"], message: string, retryable = false, retryAt?: number) =>
    new ClientError("LiteLLM", `${path}: ${message}`, { code, retryable, status, retryAt });
  if (status === 401 || status === 403)
    return fault("authentication", `refused (${status}); LITELLM_ADMIN_KEY has to be the master key, or a key of a proxy admin`);
  if (status === 400 && /already exists/i.test(said)) return fault("conflict", "there is one of that name already");
  if (status === 404 && /not found|no keys found/i.test(said)) return fault("not-found", "there is none of that name");
  if (status === 404) return fault("configuration", "unknown there (404); check that LITELLM_URL is the address of a LiteLLM proxy");
  if (status === 429)
    return fault("rate-limited", "too many requests; goes on later", true, retryAfter(response.headers, now) ?? now + minuteMs);
  if (status >= 500 && /no db connected|db not connected/i.test(said))
    return fault("configuration", "the proxy has no database, which teams and keys need; set its DATABASE_URL");
  if (status >= 500) return fault("unavailable", `unavailable (${status}); tried again later`, true, retryAfter(response.headers, now));
  return fault("invalid", `refused (${status}); look into the proxy's log`);
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema that follows
  }
}
