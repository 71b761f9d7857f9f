/** A refusal by the mesh; its message carries the problem's reason and detail. */
export class MeshRefused extends Error {
  override name = "MeshRefused";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Speaks to the mesh as an operator. Calls that fail for the network's sake are repeated for a while: the Worker may be restarting. */
export class MeshClient {
  readonly #base: string;
  readonly #token: string;
  readonly #patienceMs: number;

  constructor(base: string, token: string, patienceMs = 60_000) {
    this.#base = base;
    this.#token = token;
    this.#patienceMs = patienceMs;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>("GET", path);
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>("POST", path, body);
  }

  patch<T>(path: string, body: unknown): Promise<T> {
    return this.#call<T>("PATCH", path, body);
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const end = Date.now() + this.#patienceMs;
    for (;;) {
      try {
        return await this.#once<T>(method, path, body);
      } catch (error) {
        const final = error instanceof MeshRefused && error.status < 500;
        if (final || Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    }
  }

  async #once<T>(method: string, path: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(6_000),
    });
    const text = await response.text();
    if (!response.ok) throw new MeshRefused(response.status, `${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }
}
