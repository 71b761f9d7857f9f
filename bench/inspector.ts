import { WebSocket } from "ws";

interface Target {
  readonly id: string;
  readonly title: string;
  readonly webSocketDebuggerUrl: string;
}

/** Bytes of JavaScript heap in use by a Worker's isolate, after a collection of garbage. https://chromedevtools.github.io/devtools-protocol/v8/ */
export async function heapUsed(inspector: URL, worker: string): Promise<number> {
  const list = new URL("/json", inspector);
  list.protocol = "http:";
  const targets = (await (await fetch(list)).json()) as readonly Target[];
  const target = targets.find(({ id, title }) => `${id} ${title}`.includes(worker));
  if (target === undefined) throw new Error(`the inspector knows no ${worker}`);
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  try {
    await call(socket, 1, "HeapProfiler.enable");
    await call(socket, 2, "HeapProfiler.collectGarbage");
    const { usedSize } = await call<{ usedSize: number }>(socket, 3, "Runtime.getHeapUsage");
    return usedSize;
  } finally {
    socket.close();
  }
}

function call<T>(socket: WebSocket, id: number, method: string): Promise<T> {
  return new Promise((resolve, reject) => {
    socket.on("message", (data) => {
      const answer = JSON.parse(String(data)) as { id?: number; result?: T; error?: { message: string } };
      if (answer.id !== id) return;
      if (answer.result === undefined) reject(new Error(`${method}: ${answer.error?.message}`));
      else resolve(answer.result);
    });
    socket.send(JSON.stringify({ id, method }));
  });
}
