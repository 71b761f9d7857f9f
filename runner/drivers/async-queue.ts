/** Values handed from callbacks to one `for await`; ends when told to. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  readonly #values: T[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  get ended(): boolean {
    return this.#ended;
  }

  push(value: T): boolean {
    if (this.#ended) return false;
    this.#values.push(value);
    this.#wake();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    while (true) {
      for (let value = this.#values.shift(); value !== undefined; value = this.#values.shift()) yield value;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
