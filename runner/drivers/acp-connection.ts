import { Readable, Writable } from "node:stream";
import * as acp from "@agentclientprotocol/sdk";
import type { AgentProcess } from "./agent-process.ts";

const longestLine = 16 * 1024 * 1024;
const mostGarbage = 10_000;

/** What a client of the protocol does for its agent. */
export interface AcpHandlers {
  readonly update: (notification: acp.SessionNotification) => void;
  readonly permission: (request: acp.RequestPermissionRequest) => Promise<acp.RequestPermissionResponse>;
  readonly elicitation: (request: unknown) => Promise<acp.CreateElicitationResponse>;
  readonly readFile: (request: acp.ReadTextFileRequest) => Promise<acp.ReadTextFileResponse>;
  readonly writeFile: (request: acp.WriteTextFileRequest) => Promise<acp.WriteTextFileResponse>;
  /** It said too much that is none of the protocol. */
  readonly garbage: (why: string) => void;
}

/** A connection over an agent's standard input and output. What is no message of the protocol is passed over, up to 10,000 lines of it. */
export function connectAcp(process: AgentProcess, handlers: AcpHandlers): acp.ClientConnection {
  const input = Readable.toWeb(process.stdout) as ReadableStream<Uint8Array>;
  const stream = acp.ndJsonStream(
    Writable.toWeb(process.stdin) as WritableStream<Uint8Array>,
    input.pipeThrough(onlyMessages(handlers.garbage)),
  );
  return acp
    .client({ name: "mesh-six runner" })
    .onNotification(acp.methods.client.session.update, ({ params }) => handlers.update(params))
    .onRequest(acp.methods.client.session.requestPermission, ({ params }) => handlers.permission(params))
    .onRequest(acp.methods.client.elicitation.create, ({ params }) => handlers.elicitation(params))
    .onRequest(acp.methods.client.fs.readTextFile, ({ params }) => handlers.readFile(params))
    .onRequest(acp.methods.client.fs.writeTextFile, ({ params }) => handlers.writeFile(params))
    .connect(stream);
}

/** Lets only lines through that are JSON objects of JSON-RPC; agents print banners, warnings and worse on the same pipe. */
function onlyMessages(garbage: (why: string) => void): TransformStream<Uint8Array, Uint8Array> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let skipped = 0;
  let skipping = false;
  const pass = (line: Buffer, to: TransformStreamDefaultController<Uint8Array>) => {
    if (isMessage(line)) to.enqueue(Buffer.concat([line, Buffer.from("\n")]));
    else if (line.length > 0 && ++skipped === mostGarbage) garbage(`it printed ${mostGarbage} lines that are none of the protocol`);
  };
  return new TransformStream({
    transform(chunk, to) {
      let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
        const line = Buffer.concat([...held, rest.subarray(0, at)]);
        [held, heldBytes, rest] = [[], 0, rest.subarray(at + 1)];
        if (!skipping) pass(line, to);
        skipping = false;
      }
      if (skipping) return;
      held.push(Buffer.from(rest));
      heldBytes += rest.length;
      if (heldBytes <= longestLine) return;
      [held, heldBytes, skipping] = [[], 0, true];
      garbage("it sent a line of more than 16 MiB");
    },
  });
}

function isMessage(line: Buffer): boolean {
  const text = line.toString().trim();
  if (!text.startsWith("{")) return false;
  try {
    return (JSON.parse(text) as { jsonrpc?: unknown }).jsonrpc === "2.0";
  } catch {
    return false;
  }
}
