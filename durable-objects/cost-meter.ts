import { secondMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";

/** What one object has cost so far, in the platform's units. https://developers.cloudflare.com/durable-objects/platform/pricing/ */
export interface ObjectCosts {
  /** Calls of its methods, sockets opened, alarms run; incoming socket messages count 20 to 1. */
  readonly requests: number;
  /** Rows and index rows; each alarm set is one. */
  readonly rowsWritten: number;
  /** Of `rowsWritten`. */
  readonly alarmsSet: number;
  readonly rowsRead: number;
  /** Sent by it. All are smaller than the 64 KB that one operation may carry. */
  readonly queueMessages: number;
  /** Time it was held in memory: from the first event to 10 s after the last, over all its wake-ups. */
  readonly activeMs: number;
}

export const noCosts: ObjectCosts = { requests: 0, rowsWritten: 0, alarmsSet: 0, rowsRead: 0, queueMessages: 0, activeMs: 0 };

export function addCosts(one: ObjectCosts, other: ObjectCosts): ObjectCosts {
  return {
    requests: one.requests + other.requests,
    rowsWritten: one.rowsWritten + other.rowsWritten,
    alarmsSet: one.alarmsSet + other.alarmsSet,
    rowsRead: one.rowsRead + other.rowsRead,
    queueMessages: one.queueMessages + other.queueMessages,
    activeMs: one.activeMs + other.activeMs,
  };
}

/** Stored. Fields are only added, as optional. */
export interface StoredCosts extends Omit<ObjectCosts, "alarmsSet"> {
  readonly alarmsSet?: number;
  readonly last: Moment;
  /** Of them every twentieth is a request; `requests` is without them. */
  readonly socketMessages?: number;
}

/** Rows counted elsewhere, since the object woke. */
export interface RowCounts {
  readonly written: number;
  readonly read: number;
}

/** The platform holds an object in memory this long after its last event. */
const lingerMs = 10 * secondMs;
const socketMessagesPerRequest = 20;

/** Counts what an object costs, in memory. Who holds it keeps it with something it writes anyway; what was not kept when it dies is lost. */
export class CostMeter {
  queueMessages = 0;
  readonly #rows: RowCounts;
  #requests = 0;
  #socketMessages = 0;
  #alarmsSet = 0;
  #more = { written: 0, read: 0 };
  #activeMs = 0;
  #since: Moment | null = null;
  #last: Moment = 0;
  #unkept = 0;

  /** `rows` is read whenever the costs are asked for. */
  constructor(rows: RowCounts) {
    this.#rows = rows;
  }

  restore(stored: StoredCosts | undefined): void {
    if (stored === undefined) return;
    this.#requests = stored.requests;
    this.#socketMessages = stored.socketMessages ?? 0;
    this.#alarmsSet = stored.alarmsSet ?? 0;
    this.#more = { written: stored.rowsWritten, read: stored.rowsRead };
    this.queueMessages = stored.queueMessages;
    this.#activeMs = stored.activeMs;
    this.#since = null;
    this.#last = stored.last;
    this.#unkept = 0;
  }

  /** A call, a socket's opening or an alarm has come. */
  request(at: Moment): void {
    this.#requests += 1;
    this.awake(at);
  }

  /** A frame has come on a socket. */
  socketMessage(at: Moment): void {
    this.#socketMessages += 1;
    this.awake(at);
  }

  /** The object was at work at this moment. */
  awake(at: Moment): void {
    this.#unkept += 1;
    if (this.#since !== null && at > this.#last + lingerMs) {
      this.#activeMs += this.#last + lingerMs - this.#since;
      this.#since = null;
    }
    this.#since ??= at;
    this.#last = at;
  }

  alarmSet(): void {
    this.#alarmsSet += 1;
    this.#more.written += 1;
  }

  /** A value was written past the counted SQL. */
  wrote(): void {
    this.#more.written += 1;
  }

  /** Something else has been counted that is kept along. */
  noted(count: number): void {
    this.#unkept += count;
  }

  /** How much has happened since the costs were last taken to be kept. */
  get unkept(): number {
    return this.#unkept;
  }

  /** To be stored now: a wake-up that has not ended counts up to its last event, with what it lingers. */
  keep(): StoredCosts {
    this.#unkept = 0;
    return { ...this.costs(), requests: this.#requests, socketMessages: this.#socketMessages, last: this.#last };
  }

  costs(): ObjectCosts {
    return {
      requests: this.#requests + Math.ceil(this.#socketMessages / socketMessagesPerRequest),
      rowsWritten: this.#more.written + this.#rows.written,
      alarmsSet: this.#alarmsSet,
      rowsRead: this.#more.read + this.#rows.read,
      queueMessages: this.queueMessages,
      activeMs: this.#activeMs + (this.#since === null ? 0 : this.#last + lingerMs - this.#since),
    };
  }
}

interface Kept {
  readonly costs: StoredCosts;
  readonly also: Readonly<Record<string, number>>;
}

const keepEveryMs = 10 * secondMs;
/** A timer holds the object in memory, so it is short. */
const keepAfterMs = secondMs / 2;
const keepAtLeastEvery = 100;

/**
 * The meter of an object that has no journal to keep it in: one value, written half a second after the object has woken, then at most once in 10 s
 * of activity or for 100 calls, so that no task costs a row. What dies with the object is what it has counted since: at most 10 s and 100 calls.
 */
export class KeptMeter {
  readonly #kv: SyncKvStorage;
  readonly #meter: CostMeter;
  #also: Record<string, number>;
  #keptAt: Moment = 0;
  #isArmed = false;

  constructor(storage: DurableObjectStorage, rows: RowCounts = { written: 0, read: 0 }) {
    this.#kv = storage.kv;
    this.#meter = new CostMeter(rows);
    const kept = this.#kv.get<Kept>("costs");
    this.#meter.restore(kept?.costs);
    this.#also = { ...kept?.also };
  }

  request(): void {
    this.#meter.request(now());
    this.#keepSoon();
  }

  socketMessage(): void {
    this.#meter.socketMessage(now());
    this.#keepSoon();
  }

  awake(): void {
    this.#meter.awake(now());
    this.#keepSoon();
  }

  alarmSet(): void {
    this.#meter.alarmSet();
  }

  wrote(): void {
    this.#meter.wrote();
  }

  /** Adds to counters that are kept along; they are no costs of this object. */
  add(counts: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(counts)) this.#also[name] = (this.#also[name] ?? 0) + count;
    this.#meter.noted(Object.values(counts).reduce((sum, count) => sum + count, 0));
    this.#keepSoon();
  }

  costs(): ObjectCosts {
    return this.#meter.costs();
  }

  get also(): Readonly<Record<string, number>> {
    return this.#also;
  }

  #keepSoon(): void {
    if (this.#isArmed) return;
    if (this.#meter.unkept >= keepAtLeastEvery) return this.#keep();
    if (now() - this.#keptAt < keepEveryMs) return;
    this.#isArmed = true;
    setTimeout(() => this.#keep(), keepAfterMs);
  }

  #keep(): void {
    this.#isArmed = false;
    this.#keptAt = now();
    this.#meter.wrote();
    this.#kv.put("costs", { costs: this.#meter.keep(), also: this.#also } satisfies Kept);
  }
}

/** Whoever counts by its own methods has its meter here; a field, so that it is not reached by RPC. */
interface Metered {
  readonly meter: KeptMeter;
}

/**
 * Has every call from outside counted: methods by RPC, `fetch` and `alarm` as a request each, `webSocketMessage` as a frame. To be called once,
 * after the class; its public methods must not call one another.
 */
export function countCalls(prototype: Metered): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (name === "constructor" || typeof property?.value !== "function") continue;
    const method = property.value as (this: Metered, ...given: unknown[]) => unknown;
    const counted = function (this: Metered, ...given: unknown[]): unknown {
      if (name === "webSocketMessage") this.meter.socketMessage();
      else if (name.startsWith("webSocket")) this.meter.awake();
      else this.meter.request();
      const answer = method.apply(this, given);
      return answer instanceof Promise ? answer.finally(() => this.meter.awake()) : answer;
    };
    Object.defineProperty(prototype, name, { ...property, value: counted });
  }
}
