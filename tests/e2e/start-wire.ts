import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A network of its own between one program and a port of this machine. */
export interface Wire {
  /** In place of the far end's. */
  readonly url: string;
  /** From now on every byte is lost, both ways; connections stay open and hear nothing, new ones too. */
  cut(): void;
  /** Bytes go through again, on new connections: those that have lost some break. */
  mend(): void;
  close(): Promise<void>;
}

/** Lays a wire to the host and port of `url`; its path is kept. */
export async function startWire(url: string): Promise<Wire> {
  const far = new URL(url);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const beyond = connect(Number(far.port), far.hostname);
    for (const [from, to] of [
      [near, beyond],
      [beyond, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => void (isCut || to.write(bytes)));
      from.on("error", () => from.destroy());
      from.on("close", () => {
        sockets.delete(from);
        // The end of a connection does not get through either.
        if (!isCut) to.destroySoon();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const here = new URL(url);
  here.port = String((server.address() as AddressInfo).port);
  return {
    url: here.href.replace(/\/$/, ""),
    cut: () => void (isCut = true),
    mend() {
      isCut = false;
      destroyAll();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      destroyAll();
      await closed;
    },
  };
}
