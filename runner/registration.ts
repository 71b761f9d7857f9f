import { hostname } from "node:os";
import type { Registration } from "../core/protocol/frames.ts";
import { meshVersion } from "../core/version.ts";
import type { Isolation } from "./isolation.ts";

export const runnerVersion: string = meshVersion;

/** What a runner offers: the three capabilities of a session's steps, and beside them, with slots of their own, what it does for an onboarding. */
export function registrationOf(slots: number, isolation: Isolation, own: Readonly<Record<string, number>>, agent: string): Registration {
  const capability = (name: string) => ({ name, weight: 1, preferred: false, requirements: [] });
  return {
    capabilities: [
      ...["planning", "implementation", "qa"].map(capability),
      ...Object.entries(own).map(([name, each]) => ({ ...capability(name), slots: each })),
    ],
    healthChecks: [],
    slots,
    metadata: {
      version: runnerVersion,
      os: `${process.platform}-${process.arch}`,
      host: hostname(),
      node: process.version,
      isolation: isolation.kind,
      agent,
    },
  };
}
