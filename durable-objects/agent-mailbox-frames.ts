import { agentFrame, closeCodes, limits, protocolVersion } from "../core/protocol/frames.ts";
import type { AgentFrame, MeshFrame, Report } from "../core/protocol/frames.ts";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { Moment } from "../core/time.ts";
import type { AttemptRef } from "./agent-mailbox-work.ts";

/** How a socket is closed. The reason is at most 123 bytes (RFC 6455 section 5.5). */
export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** Reads an agent's frame, or says how to close: 4413 too large, 4406 another version, 4400 anything else that is no frame. */
export function parseAgentFrame(message: string | ArrayBuffer): Result<AgentFrame, Closing> {
  if (typeof message !== "string") return refused(badFrame("text frames only"));
  if (isTooLarge(message)) return refused({ code: closeCodes.tooLarge, reason: `a frame has at most ${limits.frameBytes} bytes` });
  const json = parseJson(message);
  if (json === undefined) return refused(badFrame("not JSON"));
  const version = versionOf(json);
  if (version !== undefined && version !== protocolVersion) {
    return refused(otherVersion(version));
  }
  const parsed = agentFrame.safeParse(json);
  if (parsed.success) return ok(message.length > limits.resultBytes ? withSmallResults(parsed.data) : parsed.data);
  const issue = parsed.error.issues[0];
  return refused(badFrame(`${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a frame"}`));
}

const window = { ms: 10_000, frames: 20_000 } as const;

/** Reads an agent's frames as long as they come at a rate that some agent could have work for: 2,000 a second, counted over ten. Else 4429. */
export class FrameGate {
  #since: Moment = 0;
  #frames = 0;

  read(message: string | ArrayBuffer, at: Moment): Result<AgentFrame, Closing> {
    if (at - this.#since >= window.ms) [this.#since, this.#frames] = [at, 0];
    this.#frames += 1;
    if (this.#frames > window.frames) return refused(tooMuch(`over ${window.frames} frames in ${window.ms / 1_000} s`));
    return parseAgentFrame(message);
  }
}

/** Closes with code 4429: the agent comes back later and sends what was not acknowledged. */
export function tooMuch(reason: string): Closing {
  return { code: closeCodes.tooMuch, reason };
}

/** Closes with code 4400. */
export function badFrame(reason: string): Closing {
  // Printable ASCII only, so that characters are bytes.
  return { code: closeCodes.badFrame, reason: reason.replace(/[^ -~]/g, "?").slice(0, 123) };
}

/** Closes with code 4406: which version the agent speaks, which the mesh, and which of the two is behind. */
function otherVersion(version: unknown): Closing {
  const spoken = `this mesh speaks version ${protocolVersion} of the agent protocol`;
  if (typeof version !== "number" || !Number.isSafeInteger(version)) {
    return { code: closeCodes.unknownVersion, reason: `${spoken}; hello has to name it as a whole number` };
  }
  const behind = version > protocolVersion ? "update the mesh, or use an older agent" : "update the agent";
  return { code: closeCodes.unknownVersion, reason: `${spoken}, not ${version}: ${behind}` };
}

function isTooLarge(text: string): boolean {
  if (text.length * 3 <= limits.frameBytes) return false;
  return text.length > limits.frameBytes || new TextEncoder().encode(text).length > limits.frameBytes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function versionOf(frame: unknown): unknown {
  const isHello = typeof frame === "object" && frame !== null && "type" in frame && frame.type === "hello";
  return isHello && "version" in frame ? frame.version : undefined;
}

function withSmallResults(frame: AgentFrame): AgentFrame {
  return frame.type === "reports" ? { ...frame, reports: frame.reports.map(withSmallResult) } : frame;
}

/** A result that is too large is a failure of the attempt: closing would only make the agent send it again. */
export function withSmallResult(report: Report): Report {
  const { body } = report;
  if (body.type !== "task-done" || JSON.stringify(body.result ?? null).length <= limits.resultBytes) return report;
  const message = `the result is larger than ${limits.resultBytes} bytes of JSON; name a file instead`;
  return { ...report, body: { type: "task-failed", taskId: body.taskId, attempt: body.attempt, kind: "work", message } };
}

/** A stop that no effect stands behind; its confirmation is ignored. */
export function stopFrame({ taskId, attempt }: AttemptRef, reason: string): MeshFrame {
  return {
    type: "command",
    command: { commandId: `stop.${taskId}.${attempt}`, taskId, attempt, body: { type: "stop", mode: "now", reason } },
  };
}
