import * as z from "zod";
import type { ProjectKey } from "../../core/ids.ts";
import { projectKeyOf } from "../registry.ts";
import { problem } from "./errors.ts";

export const capabilityName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);

/** What a token may be allowed, as people write it. */
export const grantedCapabilities = z.union([z.literal("any"), z.array(capabilityName).min(1).max(50)]);
export const grantedProjects = z
  .union([z.literal("all"), z.array(z.string().min(1).max(200)).min(1).max(200)])
  .describe("all, or owner/name of each");

/** The keys of the projects named, or a refusal that names each unknown one. */
export async function grantedKeys(env: Env, projects: z.output<typeof grantedProjects>): Promise<"all" | ProjectKey[] | Response> {
  if (projects === "all") return "all";
  const keys = await Promise.all(projects.map((name) => projectKeyOf(env, name)));
  const unknown = keys.flatMap((key, index) => (key ? [] : [{ path: `projects[${index}]`, message: "unknown project" }]));
  if (unknown.length > 0) return problem(400, "unknown-project", "There is no such project.", unknown);
  return keys.flatMap((key) => key ?? []);
}
