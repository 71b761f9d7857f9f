/** What a parser or a check answers: a value, or why there is none. Never thrown. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function refused<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** One fault of bad input: where (`path` like `agents[0].slots`) and what is wrong with it. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}
