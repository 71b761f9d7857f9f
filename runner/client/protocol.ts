import type * as frames from "../../core/protocol/frames.ts";

// Written out, so that zod is not needed to run; their types are those of the protocol, so that they cannot differ from it.

/** The version of the agent protocol that is spoken here. */
export const protocolVersion: typeof frames.protocolVersion = 1;

/** Close codes after which the same connection again would end the same way. */
export const closeCodes: Pick<typeof frames.closeCodes, "badFrame" | "unauthorized" | "unknownVersion" | "replaced" | "tooLarge"> = {
  badFrame: 4400,
  unauthorized: 4401,
  unknownVersion: 4406,
  replaced: 4409,
  tooLarge: 4413,
};

export const limits: typeof frames.limits = { frameBytes: 1_048_576, outputBytes: 65_536, resultBytes: 262_144, reportsPerFrame: 100 };

/** To the byte what the mesh answers without waking anything. */
export const heartbeatRequest: typeof frames.heartbeatRequest = '{"type":"heartbeat"}';

/** The platform's WebSocket sends no headers: the token goes as a subprotocol, beside the one that the mesh selects. */
export const socketProtocol: typeof frames.socketProtocol = "mesh-agent.v1";
export const tokenProtocolPrefix: typeof frames.tokenProtocolPrefix = "mesh-agent.token.";

const encoder = new TextEncoder();

/** Reports in frames of at most 100 and well under 1 MiB, in order. */
export function* batched(reports: readonly frames.Report[]): Generator<frames.Report[]> {
  let batch: frames.Report[] = [];
  let bytes = 0;
  for (const report of reports) {
    const size = encoder.encode(JSON.stringify(report)).length + 1;
    if (batch.length > 0 && (batch.length === limits.reportsPerFrame || bytes + size > limits.frameBytes - 1_024)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(report);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
