import type { Context } from "hono";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { NtfyError } from "./ntfy-error.ts";

/** Who may use which topics. Without tokens everyone may use every topic, as on a fresh ntfy server. */
export interface Access {
  tokens?: readonly string[];
  /** With tokens: the topics they may use; all when left out. */
  topics?: readonly string[];
}

function givenToken(c: Context<StandInEnv>): string | undefined {
  const asked = c.req.query("auth");
  const header = c.req.header("authorization") ?? (asked ? Buffer.from(asked, "base64url").toString() : undefined);
  const [scheme, value] = header?.split(" ") ?? [];
  if (scheme?.toLowerCase() === "bearer") return value;
  if (scheme?.toLowerCase() !== "basic" || !value) return header === undefined ? undefined : "";
  return Buffer.from(value, "base64").toString().split(":").slice(1).join(":"); // an access token may stand in for the password
}

/** Refuses as ntfy with `auth-default-access: deny-all`: no token or a foreign topic is 403, a wrong token 401. */
export function checkAccess(c: Context<StandInEnv>, access: Access, topics: readonly string[]): void {
  if (!access.tokens) return;
  const token = givenToken(c);
  if (token === undefined) throw new NtfyError("forbidden");
  if (!access.tokens.includes(token)) throw new NtfyError("unauthorized");
  if (access.topics && topics.some((topic) => !access.topics?.includes(topic))) throw new NtfyError("forbidden");
}
