/**
 * What a machine answers to an input: it moved (new state, events, effects), or it ignored the input and says why.
 * `ignored` is journaled and is no error.
 */
export type Transition<S, E, F> =
  | { readonly type: "moved"; readonly state: S; readonly events: readonly E[]; readonly effects: readonly F[] }
  | { readonly type: "ignored"; readonly reason: string };

export type Moved<S, E, F> = Extract<Transition<S, E, F>, { type: "moved" }>;

export function moved<S, E, F>(state: S, events: readonly E[] = [], effects: readonly F[] = []): Moved<S, E, F> {
  return { type: "moved", state, events, effects };
}

export function ignored(reason: string): { readonly type: "ignored"; readonly reason: string } {
  return { type: "ignored", reason };
}
