/** What became of one input of a group. */
type Outcome<O> = { readonly ok: true; readonly value: O } | { readonly ok: false; readonly error: unknown };

interface Waiting<I, O> {
  readonly inputs: readonly I[];
  readonly resolve: (values: O[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects what arrives at an object while its last commit is being made durable and commits it together, since a commit costs an fsync and the inputs
 * next to nothing. Members share the commit, not their fate: when one throws, nothing of the group is kept and each is committed by
 * itself, so that only the offender's caller gets the error. The answers leave the object when the commit is durable.
 */
export class GroupCommit<I, O> {
  readonly #commit: (inputs: readonly I[]) => O[];
  readonly #putAside: (input: I, error: unknown) => void;
  readonly #after: () => void;
  readonly #settled: () => Promise<void>;
  #waiting: Waiting<I, O>[] = [];

  /**
   * `commit` is one transaction and throws as a whole; `putAside` notes an input that threw by itself; `after` is called once when all of
   * a group is committed. `settled` resolves when what was written before is durable: who arrives until then shares the next commit, and
   * nobody waits when nothing is being written (a timer of 0 ms would cost everyone a millisecond).
   */
  constructor(deps: {
    commit: (inputs: readonly I[]) => O[];
    putAside: (input: I, error: unknown) => void;
    after: () => void;
    settled: () => Promise<void>;
  }) {
    this.#commit = deps.commit;
    this.#putAside = deps.putAside;
    this.#after = deps.after;
    this.#settled = deps.settled;
  }

  /** Joins the next commit; one outcome per input, in their order. Rejects with the first error among its own inputs. */
  join(inputs: readonly I[]): Promise<O[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ inputs, resolve, reject });
      if (this.#waiting.length > 1) return;
      const turn = (): void => this.#turn();
      void this.#settled().then(turn, turn);
    });
  }

  #turn(): void {
    const group = this.#waiting;
    this.#waiting = [];
    const outcomes = this.#together(group.flatMap(({ inputs }) => inputs));
    let from = 0;
    for (const { inputs, resolve, reject } of group) {
      const own = outcomes.slice(from, from + inputs.length);
      from += inputs.length;
      const failure = own.find((outcome) => !outcome.ok);
      if (failure?.ok === false) reject(failure.error);
      else resolve(own.flatMap((outcome) => (outcome.ok ? [outcome.value] : [])));
    }
    this.#after();
  }

  #together(inputs: readonly I[]): Outcome<O>[] {
    try {
      return this.#commit(inputs).map((value) => ({ ok: true, value }));
    } catch (error) {
      if (inputs.length === 1 && inputs[0] !== undefined) return [this.#refuse(inputs[0], error)];
      return inputs.map((input) => this.#alone(input));
    }
  }

  #alone(input: I): Outcome<O> {
    try {
      const [value] = this.#commit([input]);
      return { ok: true, value: value as O };
    } catch (error) {
      return this.#refuse(input, error);
    }
  }

  #refuse(input: I, error: unknown): Outcome<O> {
    this.#putAside(input, error);
    return { ok: false, error };
  }
}
