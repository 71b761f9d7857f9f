import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cost } from "@agentclientprotocol/sdk";
import * as z from "zod";
import type { RunPlace } from "../run-place.ts";
import type { AcpSession } from "./acp-session.ts";
import type { TokenUse } from "./claude-messages.ts";

/** Stored in the run's folder. Fields are only added, as optional. */
const stored = z.record(z.string(), z.object({ resumable: z.boolean(), usd: z.number().nonnegative() }));

/** Which conversations of a place its agent can take up again, and what each had cost in US dollars by the agent's own count. */
export class AcpLedger {
  readonly #path: string;

  constructor(place: RunPlace) {
    this.#path = join(place.root, "acp-conversations.json");
  }

  of(conversationId: string): { readonly resumable: boolean; readonly usd: number } | undefined {
    return this.#read()[conversationId];
  }

  note(conversationId: string, entry: { readonly resumable: boolean; readonly usd: number }): void {
    const all = { ...this.#read(), [conversationId]: entry };
    writeFileSync(`${this.#path}.new`, JSON.stringify(all), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  #read(): z.output<typeof stored> {
    if (!existsSync(this.#path)) return {};
    try {
      return stored.safeParse(JSON.parse(readFileSync(this.#path, "utf8"))).data ?? {};
    } catch {
      return {}; // damaged: nothing is known of the past
    }
  }
}

const tokens = z.number().int().nonnegative();
const turnUse = z.object({
  usage: z.object({
    inputTokens: tokens,
    outputTokens: tokens,
    cachedReadTokens: tokens.nullish(),
    cachedWriteTokens: tokens.nullish(),
    thoughtTokens: tokens.nullish(),
  }),
});

/**
 * What this process of an agent has used. Tokens are told with each turn; the cost is told as the conversation's, so what it was before is taken
 * off. An agent that counts anew after a resumption is known by its count being smaller than before.
 */
export class AcpUse {
  readonly #ledger: AcpLedger;
  #session: AcpSession | undefined;
  #inputTokens = 0;
  #outputTokens = 0;
  #usd = 0;
  #before: number;

  constructor(place: RunPlace, resume: string | undefined) {
    this.#ledger = new AcpLedger(place);
    this.#before = resume === undefined ? 0 : (this.#ledger.of(resume)?.usd ?? 0);
  }

  begin(session: AcpSession): void {
    this.#session = session;
    if (!session.resumed) this.#before = 0;
    this.#note();
  }

  /** Whether it says something new. */
  cost(cost: Cost | null | undefined): boolean {
    if (!cost || cost.currency !== "USD" || !(cost.amount > this.#usd) || cost.amount > 100_000) return false;
    if (this.#usd === 0 && cost.amount < this.#before) this.#before = 0;
    this.#usd = cost.amount;
    this.#note();
    return true;
  }

  /** Takes the answer to a prompt; whether it says something new. */
  turn(response: unknown): boolean {
    const { usage } = turnUse.safeParse(response).data ?? {};
    if (usage === undefined) return false;
    this.#inputTokens += usage.inputTokens + (usage.cachedReadTokens ?? 0) + (usage.cachedWriteTokens ?? 0);
    this.#outputTokens += usage.outputTokens + (usage.thoughtTokens ?? 0);
    return true;
  }

  get total(): TokenUse {
    return { inputTokens: this.#inputTokens, outputTokens: this.#outputTokens, usd: Math.max(0, this.#usd - this.#before) };
  }

  #note(): void {
    if (this.#session === undefined) return;
    const { id, resumable } = this.#session;
    this.#ledger.note(id, { resumable, usd: this.#usd === 0 ? this.#before : this.#usd });
  }
}
