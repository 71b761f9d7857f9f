/** One call the stand-in answered. The token is never in it, only its kind and login. */
export interface Call {
  at: string;
  method: string;
  path: string;
  query: string;
  operation?: string;
  variables?: Record<string, unknown>;
  status: number;
  tokenKind: string;
  login: string;
  durationMs: number;
  /** A fault answered. */
  faulted?: true;
}

const KEPT = 5000;

export interface CallLog {
  add(call: Call): void;
  all(): readonly Call[];
  clear(): void;
}

/** The last 5,000 calls, oldest first. */
export function createCallLog(): CallLog {
  let calls: Call[] = [];
  return {
    add(call) {
      calls.push(call);
      if (calls.length > KEPT * 1.1) calls = calls.slice(-KEPT);
    },
    all: () => calls,
    clear() {
      calls = [];
    },
  };
}
