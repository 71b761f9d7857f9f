import { now } from "../../platform/clock.ts";
import { hex, sha256 } from "../../platform/keys.ts";
import { orderedId } from "../../platform/random-id.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";

const form = /^[\x21-\x7e]{1,255}$/;

/** The id under which a command becomes an input: the same `Idempotency-Key` on the same route gives the same id, else a new one. */
export async function inputIdOf(c: HttpContext): Promise<{ readonly id: string; readonly repeatable: boolean } | Response> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return { id: orderedId(now()), repeatable: false };
  if (!form.test(key)) return problem(400, "invalid-idempotency-key", "An Idempotency-Key is 1 to 255 visible ASCII characters.");
  const named = await sha256(`${c.req.method} ${new URL(c.req.url).pathname}\n${key}`);
  return { id: hex(named).slice(0, 32), repeatable: true };
}
