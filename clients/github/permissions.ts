import * as z from "zod";
import type { Moment } from "../../core/time.ts";
import { minuteMs } from "../../core/time.ts";
import { absentAsNull } from "./absence.ts";
import type { GitHub, Permission } from "./github.ts";
import { connectRepository, repositoryPath } from "./github-connection.ts";
import type { GitHubParts } from "./github-connection.ts";

const answer = z.object({ permission: z.enum(["admin", "write", "read", "none"]).catch("none") });
const keptForMs = 5 * minuteMs;
const keptAtMost = 2_000;

/** https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user (maintain reads as write, triage as read). */
export function createPermissionOperations(parts: GitHubParts): Pick<GitHub, "permissionOf"> {
  const known = new Map<string, { permission: Permission; until: Moment }>();
  return {
    async permissionOf(profile, login) {
      if (login === "ghost" || login.endsWith("[bot]")) return "none";
      const key = `${profile.key} ${login.toLowerCase()}`;
      const cached = known.get(key);
      if (cached && cached.until > parts.now()) return cached.permission;
      const connection = await connectRepository(parts, profile);
      const path = `${repositoryPath(profile)}/collaborators/${encodeURIComponent(login)}/permission`;
      const permission = (await absentAsNull(connection.get(path, answer)))?.value.permission ?? "none";
      if (known.size >= keptAtMost) known.clear();
      known.set(key, { permission, until: parts.now() + keptForMs });
      return permission;
    },
  };
}
