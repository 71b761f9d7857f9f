import type { Assignment } from "../../core/protocol/frames.ts";
import type { ProbeWork, probeCapability as meshProbeCapability } from "../../core/protocol/probe-work.ts";

/** Tasks of this capability come from `mesh agents test`: they cost nothing and touch nothing. */
export const probeCapability: typeof meshProbeCapability = "mesh.probe";

/** Does what a probe asks: gives its value back, or lasts until it is stopped or its time is over. */
export function answerProbe({ payload, signal }: Assignment & { readonly signal: AbortSignal }): Promise<unknown> {
  const { value, holdMs } = payload as unknown as ProbeWork;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve({ value }), holdMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("the probe was stopped"));
    });
  });
}
