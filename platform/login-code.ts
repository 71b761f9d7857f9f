import { jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import { minuteMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { derivedSecret } from "./keys.ts";
import type { SigningKeys } from "./keys.ts";
import type { Role } from "./tokens.ts";

/** How long a login link is good for. */
export const loginCodeLifetimeMs = 5 * minuteMs;

const claims = z.object({ role: z.enum(["operator", "viewer"]), jti: z.string().min(8) });

/** A short-lived signed code for `GET /login?code=`, so that a person need not paste a token. */
export async function createLoginCode(keys: SigningKeys, role: Role, id: string, at: Moment): Promise<string> {
  const seconds = Math.floor(at / 1_000);
  return new SignJWT({ role })
    .setProtectedHeader({ alg: "HS256" })
    .setAudience("login")
    .setJti(id)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + loginCodeLifetimeMs / 1_000)
    .sign(await secretOf(keys.current));
}

/** Who a login code lets in, and the code's id; undefined when it is not ours or too old. */
export async function readLoginCode(keys: SigningKeys, code: string, at: Moment): Promise<{ role: Role; id: string } | undefined> {
  for (const key of keys.previous ? [keys.current, keys.previous] : [keys.current]) {
    const verified = await jwtVerify(code, await secretOf(key), {
      audience: "login",
      algorithms: ["HS256"],
      currentDate: new Date(at),
    }).catch(() => undefined);
    const said = claims.safeParse(verified?.payload);
    if (said.success) return { role: said.data.role, id: said.data.jti };
  }
  return undefined;
}

async function secretOf(signingKey: string): Promise<Uint8Array> {
  return new TextEncoder().encode(await derivedSecret(signingKey, "login-link"));
}
