import { type NtfyEvent, randomId, shownOnPhone } from "./message.ts";
import { NtfyError } from "./ntfy-error.ts";
import { type Attachment, parseDuration } from "./publication.ts";

export type Subscriber = (event: NtfyEvent) => void;

const epochSeconds = (): number => Math.floor(Date.now() / 1000);

/** All events of all topics, their subscribers, and what the phone has dismissed. Kept in memory. */
export class Topics {
  readonly #events = new Map<string, NtfyEvent[]>();
  readonly #scheduled = new Map<NtfyEvent, NodeJS.Timeout>();
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  readonly #dismissed = new Set<string>();
  readonly #files = new Map<string, string>();

  events(topic: string): NtfyEvent[] {
    return this.#events.get(topic) ?? [];
  }

  names(): string[] {
    return [...this.#events.keys()];
  }

  shown(topic: string): NtfyEvent[] {
    return shownOnPhone(this.events(topic), this.#dismissed);
  }

  file(id: string): string | undefined {
    return this.#files.get(id);
  }

  /** Delivers now, or at the event's time when that is ahead. */
  publish(event: NtfyEvent, attachment?: Attachment): void {
    if (attachment) this.#files.set(attachment.id, attachment.text);
    const aheadMs = event.time * 1000 - Date.now();
    if (aheadMs <= 0) return this.#deliver(event);
    const timer = setTimeout(() => {
      this.#scheduled.delete(event);
      this.#deliver(event);
    }, aheadMs);
    timer.unref();
    this.#scheduled.set(event, timer);
  }

  #deliver(event: NtfyEvent): void {
    this.#events.set(event.topic, [...this.events(event.topic), event]);
    for (const subscriber of this.#subscribers.get(event.topic) ?? []) subscriber(event);
  }

  /** Tells the subscribers to clear or delete a notification; the messages themselves stay, as on the real server. */
  withdraw(topic: string, sequence: string, event: "message_clear" | "message_delete"): NtfyEvent {
    const withdrawal: NtfyEvent = { id: randomId(12), time: epochSeconds(), event, topic, sequence_id: sequence };
    for (const [waiting, timer] of this.#scheduled) {
      if (event !== "message_delete" || waiting.topic !== topic || (waiting.sequence_id ?? waiting.id) !== sequence) continue;
      clearTimeout(timer);
      this.#scheduled.delete(waiting);
    }
    this.#deliver(withdrawal);
    return withdrawal;
  }

  /** The phone no longer shows this message. */
  dismiss(id: string): void {
    this.#dismissed.add(id);
  }

  /** Cached events by ntfy's `since`: `all`, `none`, `latest`, a message id, a unix time or a length. */
  since(topics: readonly string[], since: string, withScheduled: boolean): NtfyEvent[] {
    const waiting = withScheduled ? [...this.#scheduled.keys()].filter((event) => topics.includes(event.topic)) : [];
    const cached = [...topics.flatMap((topic) => this.events(topic)), ...waiting].sort((a, b) => a.time - b.time);
    if (since === "all") return cached;
    if (since === "none") return [];
    if (since === "latest") return topics.flatMap((topic) => this.events(topic).slice(-1));
    const length = parseDuration(since);
    if (length !== undefined) return cached.filter((event) => event.time >= epochSeconds() - length);
    if (/^\d{9,11}$/.test(since)) return cached.filter((event) => event.time >= Number(since));
    if (!/^[A-Za-z0-9]{12}$/.test(since)) throw new NtfyError("since-invalid");
    const index = cached.findIndex((event) => event.id === since);
    return index < 0 ? cached : cached.slice(index + 1);
  }

  /** Returns the function that ends the subscription. */
  subscribe(topics: readonly string[], subscriber: Subscriber): () => void {
    for (const topic of topics) {
      const all = this.#subscribers.get(topic) ?? new Set();
      this.#subscribers.set(topic, all.add(subscriber));
    }
    return () => {
      for (const topic of topics) this.#subscribers.get(topic)?.delete(subscriber);
    };
  }

  close(): void {
    for (const timer of this.#scheduled.values()) clearTimeout(timer);
    this.#scheduled.clear();
    this.#subscribers.clear();
  }
}
