import type { SocketEvent, SocketLike } from "../../runner/client/agent-link.ts";

type Request = (path: string, init?: RequestInit & { readonly token?: string | null }) => Promise<Response>;

/** The platform's WebSocket and fetch as a client has them, over a Worker in the same process; and a network that can be cut. */
export class MeshNetwork {
  readonly #request: Request;
  readonly #open = new Map<WebSocket, () => void>();
  /** Lets frames of the mesh through to the client, or loses them. */
  heard: (text: string) => boolean = () => true;
  /** No socket comes up while it is set. */
  withoutSockets = false;
  /** Subprotocols that the Worker selected, one a connection. */
  readonly selected: (string | null)[] = [];

  constructor(request: Request) {
    this.#request = request;
  }

  readonly fetch = ((input: string, init: RequestInit) => {
    const { pathname, search } = new URL(input);
    return this.#request(`${pathname}${search}`, { ...init, token: null });
  }) as typeof fetch;

  readonly connect = (url: string, protocols: string[]): SocketLike => {
    const listeners: [string, (event: SocketEvent) => void][] = [];
    const tell = (type: string, event: SocketEvent) => {
      for (const [of, listener] of listeners) if (of === type) listener(event);
    };
    let socket: WebSocket | null = null;
    const begin = async () => {
      const headers = { upgrade: "websocket", "sec-websocket-protocol": protocols.join(", ") };
      const init = { headers, token: null };
      const response = await (this.withoutSockets
        ? Promise.resolve(new Response(null, { status: 502 }))
        : this.#request(new URL(url).pathname, init));
      socket = response.webSocket;
      if (socket === null) {
        tell("error", {});
        return tell("close", { code: 1006 });
      }
      this.selected.push(response.headers.get("sec-websocket-protocol"));
      this.#open.set(socket, () => tell("close", { code: 1006 }));
      socket.addEventListener("message", ({ data }) => this.heard(String(data)) && tell("message", { data }));
      socket.addEventListener("close", ({ code, reason }) => tell("close", { code, reason }));
      socket.accept();
      tell("open", {});
    };
    void begin();
    return {
      get readyState() {
        return socket?.readyState ?? 0;
      },
      send: (text) => socket?.send(text),
      close: (code, reason) => {
        if (socket !== null && socket.readyState === WebSocket.OPEN) socket.close(code, reason);
      },
      addEventListener: (type, listener) => void listeners.push([type, listener]),
    };
  };

  /** Ends every connection. */
  cut(): void {
    for (const [socket, lost] of this.#open) {
      lost();
      if (socket.readyState === WebSocket.OPEN) socket.close(1000, "cut");
    }
    this.#open.clear();
  }
}
