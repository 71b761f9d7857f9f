import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, isPassing, type ApiFailure, type ApiResult } from "./api.ts";
import { regained } from "./mesh-store.ts";

/** What the API answers to one question, kept with what changes. */
export interface Answer<T> {
  /** undefined until something has come. */
  readonly value: ReadonlySignal<T | undefined>;
  /** Why the last try came to nothing; what was shown before stays. */
  readonly failure: ReadonlySignal<ApiFailure | undefined>;
  readonly again: () => Promise<void>;
  /** Shows what a command has answered. */
  readonly show: (value: T) => void;
}

/** However much changes, it is asked for no more often. */
const togetherMs = 2_000;
/** After a break everybody asks anew; a little apart. */
const regainedWithinMs = 300;
const firstRetryMs = 1_000;
const mostRetryMs = 30_000;

/** Asks for a path with GET, again when `change` counts on, and after the socket was away. */
export function useAnswer<T>(path: string, change = 0): Answer<T> {
  return useAsked<T>(path, change, () => get<T>(path));
}

/** As `useAnswer`, by any way of asking; `key` tells questions apart, and an answer to an earlier one is not shown. */
export function useAsked<T>(key: string, change: number, ask: () => Promise<ApiResult<T>>): Answer<T> {
  const value = useSignal<T | undefined>(undefined);
  const failure = useSignal<ApiFailure | undefined>(undefined);
  const asked = useRef(0);
  async function again(tries = 0): Promise<void> {
    asked.current += 1;
    const number = asked.current;
    const answer = await ask();
    if (number !== asked.current) return;
    failure.value = answer.ok ? undefined : answer.error;
    if (answer.ok) value.value = answer.value;
    else if (isPassing(answer.error)) {
      const waitMs = Math.min(mostRetryMs, firstRetryMs * 2 ** tries);
      setTimeout(() => void (number === asked.current && again(tries + 1)), waitMs);
    }
  }
  useEffect(() => {
    value.value = undefined;
    failure.value = undefined;
    void again();
    return () => (asked.current += 1);
  }, [key]);
  useChange(change, togetherMs, () => void again());
  useChange(regained.value, Math.random() * regainedWithinMs, () => void again());
  return {
    value,
    failure,
    again: () => again(),
    show: (shown) => {
      asked.current += 1;
      value.value = shown;
    },
  };
}

/** Runs a little after `change` is another than at first; many changes in a short time are one. */
function useChange(change: number, withinMs: number, run: () => void): void {
  const last = useRef(change);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (last.current === change) return;
    last.current = change;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      latest.current();
    }, withinMs);
  }, [change]);
  useEffect(() => () => clearTimeout(timer.current), []);
}
