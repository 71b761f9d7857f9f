import type { AgentId, ProjectKey } from "../core/ids.ts";
import { secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { agentOfflineAfterMs } from "../platform/config.ts";
import type { AgentConnection } from "./agent-mailbox-connection.ts";
import type { AgentContact } from "./agent-mailbox-status.ts";
import type { AgentMailboxStore } from "./agent-mailbox-store.ts";
import { orchestrator, pool } from "./remote.ts";

/** An agent's contact by requests is told to the pool, and written, at most this often, or four times in a lease. */
const contactToldEveryMs = 30 * secondMs;
const repairEveryMs = 30 * secondMs;

/**
 * The agent's contact: when it gave the last sign of life, and who is told. Orchestrators hear when the lease (120 s unless set) is over and when
 * contact is back, each once, by inputs whose ids name the moment of the loss.
 */
export class ContactLease {
  readonly #env: Env;
  readonly #agent: AgentId;
  readonly #store: AgentMailboxStore;
  readonly #connection: AgentConnection;
  readonly #leaseMs: number;
  #heardAt: Moment = 0;
  #toldAt: Moment = 0;

  constructor(env: Env, agent: AgentId, store: AgentMailboxStore, connection: AgentConnection) {
    this.#env = env;
    this.#leaseMs = agentOfflineAfterMs(env);
    this.#agent = agent;
    this.#store = store;
    this.#connection = connection;
  }

  /** The last sign of life: a frame, a request, or a heartbeat the platform has answered. 0 when there was none. */
  get lastContact(): Moment {
    return Math.max(this.#heardAt, this.#store.fact("last-contact") ?? 0, this.#connection.lastContact());
  }

  isOver(at: Moment): boolean {
    return at - this.lastContact >= this.#leaseMs;
  }

  contact(): AgentContact {
    return { connected: this.#connection.isOpen && !this.isOver(now()), lastContactAt: this.lastContact || null };
  }

  heard(): void {
    this.#heardAt = now();
  }

  /** The agent has said hello on its socket. */
  async connected(): Promise<void> {
    this.#store.setFact("last-contact", now());
    await Promise.all([this.regained(), pool(this.#env).contact(this.#agent, true, now())]);
  }

  /** The socket is closed for what the agent says on it, and would be again. */
  async refused(because: string): Promise<void> {
    await pool(this.#env).connectionRefused(this.#agent, because, now());
  }

  /** The socket is at its end. */
  async disconnected(socket: WebSocket): Promise<void> {
    const at = Math.max(this.lastContact, this.#connection.lastContact(socket));
    this.#store.setFact("last-contact", at);
    await pool(this.#env).contact(this.#agent, false, at);
  }

  /** Contact by a request instead of a socket. */
  async requested(): Promise<void> {
    this.heard();
    await this.regained();
    if (this.#heardAt - this.#toldAt < Math.min(contactToldEveryMs, this.#leaseMs / 4)) return;
    this.#toldAt = this.#heardAt;
    this.#store.setFact("last-contact", this.#heardAt);
    await pool(this.#env).contact(this.#agent, this.#connection.isOpen, this.#heardAt);
  }

  /** The lease is over: the orchestrators with work here are told, and the pool. */
  async lost(at: Moment): Promise<void> {
    if (this.#store.fact("lost-since") !== undefined || this.#store.active.length === 0) return;
    const since = this.lastContact;
    this.#connection.hangUp({ code: 1001, reason: "no sign of life within the lease" });
    const id = `contact-lost.${this.#agent}.${since}`;
    await this.#tell((project) => orchestrator(this.#env, project).apply({ id, at, type: "contact-lost", agent: this.#agent, since }));
    this.#store.setFact("lost-since", since);
    await pool(this.#env).contact(this.#agent, false, since);
  }

  /** Contact is back: whoever was told of its loss is told. */
  async regained(): Promise<void> {
    const since = this.#store.fact("lost-since");
    if (since === undefined) return;
    const id = `contact-regained.${this.#agent}.${since}`;
    await this.#tell((project) => orchestrator(this.#env, project).apply({ id, at: now(), type: "contact-regained", agent: this.#agent }));
    this.#store.setFact("lost-since", undefined);
  }

  /** When the lease is to be judged next; undefined while no work depends on it. */
  get nextDue(): Moment | undefined {
    if (this.#store.active.length === 0) return undefined;
    if (this.#store.fact("lost-since") === undefined) return this.lastContact + this.#leaseMs;
    return this.isOver(now()) ? undefined : now() + repairEveryMs;
  }

  async #tell(tell: (project: ProjectKey) => Promise<unknown>): Promise<void> {
    await Promise.all(this.#store.active.map(tell));
  }
}
