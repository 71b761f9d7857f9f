import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import { macs, signingKeys } from "../../platform/keys.ts";
import { settings } from "../../durable-objects/remote.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { inputIdOf } from "./idempotency.ts";

const answerChars = 65_536;

/**
 * Carries a command out once per `Idempotency-Key`: the same key with the same request gives the first answer again, for a day; with another request it
 * is refused (422). A command that was refused may be tried again under its key. Without a key nothing is remembered.
 */
export async function onceByKey(
  c: HttpContext,
  asked: { readonly given: unknown; readonly secretAnswer: boolean },
  act: () => Response | Promise<Response>,
): Promise<Response> {
  if (c.req.header("idempotency-key") === undefined) return act();
  const input = await inputIdOf(c);
  if (input instanceof Response) return input;
  const kept = settings(c.env);
  // What is asked may hold a key, and a short one could be guessed from a plain hash.
  const said = await macs(signingKeys(settingsOf(c.env)), "command", `${input.id}\n${JSON.stringify(asked.given)}`);
  const before = await kept.callBegins(input.id, said, now());
  if (before.known === "other-call") return problem(422, "idempotency-key-reused", "This Idempotency-Key was used for another request.");
  if (before.known === "under-way") {
    return problem(409, "under-way", "The request with this Idempotency-Key is being carried out.", undefined, { "retry-after": "1" });
  }
  if (before.known === "answered") return before.answer === null ? notKept(before.status) : again(before.status, before.answer);
  try {
    const response = await act();
    if (response.ok) {
      const text = await response.clone().text();
      await kept.callAnswered(input.id, response.status, asked.secretAnswer || text.length > answerChars ? null : text);
    } else await kept.callDropped(input.id);
    return response;
  } catch (thrown) {
    await kept.callDropped(input.id);
    throw thrown;
  }
}

function again(status: number, text: string): Response {
  const headers = { "content-type": "application/json", "idempotent-replayed": "true" };
  return new Response(text === "" ? null : text, { status, headers });
}

function notKept(status: number): Response {
  return problem(
    409,
    "answer-not-kept",
    `The request was carried out (${status}); its answer held a secret or was too long, and is not kept.`,
  );
}
