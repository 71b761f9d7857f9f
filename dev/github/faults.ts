import { z } from "zod";

const Fault = z.object({
  match: z
    .object({
      method: z.string().optional(),
      /** The start of the path; a regular expression when it begins with `^`. */
      path: z.string().optional(),
      /** The name of a GraphQL operation. */
      operation: z.string().optional(),
    })
    .default({}),
  status: z.number().int().min(200).max(599).optional(),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.unknown().optional(),
  delayMs: z.number().min(0).default(0),
  /** Closes the connection without an answer. */
  drop: z.boolean().default(false),
  /** With `true` the call is carried out and only its answer is lost or replaced; git calls are always struck before. */
  after: z.boolean().default(false),
  /** How many calls it strikes; without it, all of them until faults are cleared. */
  times: z.number().int().positive().optional(),
});

/** A failure to be shown instead of, or after, what a call would do. */
export type Fault = z.infer<typeof Fault>;

export interface FaultedCall {
  method: string;
  path: string;
  operation?: string | undefined;
}

export interface Faults {
  /** @throws ZodError when it is not a fault. */
  add(fault: unknown): void;
  clear(): void;
  /** The fault that strikes this call; counted as used. */
  strike(call: FaultedCall): Fault | undefined;
}

export function createFaults(): Faults {
  let faults: { fault: Fault; left: number }[] = [];
  return {
    add(fault) {
      const parsed = Fault.parse(fault);
      faults.push({ fault: parsed, left: parsed.times ?? Number.POSITIVE_INFINITY });
    },
    clear() {
      faults = [];
    },
    strike(call) {
      const found = faults.find(({ fault }) => matches(fault.match, call));
      if (!found) return undefined;
      found.left -= 1;
      faults = faults.filter(({ left }) => left > 0);
      return found.fault;
    },
  };
}

function matches(match: Fault["match"], call: FaultedCall): boolean {
  if (match.method !== undefined && match.method.toUpperCase() !== call.method) return false;
  if (match.operation !== undefined && match.operation !== call.operation) return false;
  if (match.path === undefined) return true;
  return match.path.startsWith("^") ? new RegExp(match.path).test(call.path) : call.path.startsWith(match.path);
}
