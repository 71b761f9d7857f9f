import type { ProbeWork, probeCapability as meshProbeCapability } from "../../core/protocol/probe-work.ts";

/** Tasks of this capability come from `mesh agents test`: they cost nothing and touch nothing. */
export const probeCapability: typeof meshProbeCapability = "mesh.probe";

/** Does what a probe asks: gives its value back, or lasts until it is stopped or its time is over. */
export function answerProbe({ payload, signal }: { readonly payload: unknown; readonly signal: AbortSignal }): Promise<{ value: string }> {
  const { value, holdMs } = payload as ProbeWork;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve({ value }), holdMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("the probe was stopped"));
    });
  });
}
