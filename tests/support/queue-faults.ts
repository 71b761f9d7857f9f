import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { ProjectInput } from "../../core/inputs.ts";
import type { EffectMessage, TaskMessage } from "../../platform/queue-messages.ts";

/** What is to go wrong between orchestrators and the consumers of their queues. */
export interface QueueFaults {
  /** Each message is delivered so many times. Default 1. */
  readonly copies?: number;
  /** Whether a message is lost on the way. */
  readonly drops?: () => boolean;
  /** Consumers die after they have acted: the first result of each effect and attempt never arrives. */
  readonly kills?: boolean;
}

type Consumed = Partial<EffectMessage & TaskMessage>;
type Callable = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** Numbers in 0–1 that are the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Puts faults between the real queues and this isolate's Worker; works on the bindings that its objects and consumers share. `restore` takes
 * them out again.
 */
export function createQueueFaults({ copies = 1, drops = () => false, kills = false }: QueueFaults) {
  const sent = new Map<string, number>();
  const taken = new Map<string, number>();
  const acting = new Set<string>();
  const killed: string[] = [];
  let dropped = 0;
  const count = (counts: Map<string, number>, name: string, more: number) => counts.set(name, (counts.get(name) ?? 0) + more);
  const nameOf = ({ effect, task, attempt }: Consumed) => effect ?? `${task}:${attempt}`;

  const spies = [env.EFFECTS, env.GITHUB_WRITES, env.TASKS].map((queue) => {
    const send = queue.sendBatch.bind(queue);
    return vi.spyOn(queue, "sendBatch").mockImplementation((messages) => {
      const kept = [...messages].filter(() => !drops() || !(dropped += 1));
      const out = kept.flatMap((message) => Array.from({ length: copies }, () => message));
      for (const { body } of out) count(sent, nameOf(body as Consumed), 1);
      return out.length > 0 ? send(out) : Promise.resolve({} as QueueSendBatchResponse);
    });
  });

  /** A consumer's word on what it did: heard, unless it died before. */
  function report(inputs: readonly ProjectInput[]): void {
    for (const input of inputs) {
      const name =
        input.type === "effect-done" || input.type === "effect-failed"
          ? input.effect
          : input.type === "attempt-ended"
            ? `${input.task}:${input.attempt}`
            : undefined;
      if (name === undefined) continue;
      acting.delete(name);
      if (!kills || input.type === "effect-failed" || killed.includes(name)) continue;
      killed.push(name);
      throw new Error("the consumer was killed");
    }
  }

  const getByName = env.ORCHESTRATORS.getByName.bind(env.ORCHESTRATORS);
  const named = vi.spyOn(env.ORCHESTRATORS, "getByName").mockImplementation((name, options) => {
    const stub = getByName(name, options) as unknown as Callable;
    const claims =
      (method: string) =>
      async (id: unknown, ...rest: unknown[]) => {
        const key = method === "taskWork" ? `${String(id)}:${String(rest[0])}` : String(id);
        try {
          const claimed = await stub[method]?.(id, ...rest);
          if (claimed !== null) acting.add(key);
          return claimed;
        } finally {
          count(taken, key, 1);
        }
      };
    const methods: Record<string, unknown> = {
      claimEffect: claims("claimEffect"),
      taskWork: claims("taskWork"),
      apply: async (input: ProjectInput) => {
        report([input]);
        return stub["apply"]?.(input);
      },
      applyAll: async (inputs: readonly ProjectInput[]) => {
        report(inputs);
        return stub["applyAll"]?.(inputs);
      },
    };
    return new Proxy(stub, {
      get: (target, key) => methods[String(key)] ?? ((...args: unknown[]) => (target[String(key)] as Callable[string])(...args)),
    }) as unknown as ReturnType<typeof getByName>;
  });

  return {
    get dropped() {
      return dropped;
    },
    /** Effects and attempts (`task:attempt`) whose first result was lost with its consumer. */
    get killed(): readonly string[] {
      return killed;
    },
    /** Every message that was sent has reached a consumer, and none is at work. */
    get isQuiet(): boolean {
      return acting.size === 0 && [...sent].every(([name, times]) => (taken.get(name) ?? 0) >= times);
    },
    restore(): void {
      for (const spy of [...spies, named]) spy.mockRestore();
    },
  };
}
