import * as z from "zod";
import { projectOf } from "../core/ids.ts";
import type { QuestionId } from "../core/ids.ts";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { Moment } from "../core/time.ts";
import { base64url, derivedMacKey, sameText } from "./keys.ts";
import type { SigningKeys } from "./keys.ts";

/** What a link or a button of a notification may do: open the question's page and answer there, or give one choice as the answer. */
export type ReplyGrant =
  | { readonly purpose: "page"; readonly question: QuestionId; readonly recipient: string; readonly expiresAt: Moment }
  | {
      readonly purpose: "choice";
      readonly question: QuestionId;
      /** The choice's place among the first item's options, from 0. */
      readonly choice: number;
      readonly recipient: string;
      readonly expiresAt: Moment;
    };

/** Only an expired token was ours once. */
export type ReplyTokenFault = "malformed" | "bad-signature" | "expired";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** `<payload>.<HMAC-SHA-256>`, both base64url; the MAC whole: 32 bytes. */
const form = /^([A-Za-z0-9_-]{1,1500})\.([A-Za-z0-9_-]{43})$/;
/** Short names, since a push carries about 4 KB with all its buttons. */
const payload = z.tuple([
  z.enum(["page", "choice"]),
  z.string().max(200),
  z.number().int().min(-1).max(9),
  z.string().min(1).max(100),
  z.number().int(),
]);

/** A token that lets its bearer do one thing with one question, in the name of its recipient, until `expiresAt`. */
export async function createReplyToken(keys: SigningKeys, grant: ReplyGrant): Promise<string> {
  const { purpose, question, recipient, expiresAt } = grant;
  const said = JSON.stringify([purpose, question, purpose === "choice" ? grant.choice : -1, recipient, Math.floor(expiresAt / 1_000)]);
  const text = base64url(encoder.encode(said));
  return `${text}.${await wholeMac(keys.current, text)}`;
}

/** What a token grants, found without asking anything. The MAC is compared in constant time and as text, so that no second spelling of a token passes. */
export async function readReplyToken(keys: SigningKeys, token: string, at: Moment): Promise<Result<ReplyGrant, ReplyTokenFault>> {
  const [, text, given] = form.exec(token) ?? [];
  if (text === undefined || given === undefined) return refused("malformed");
  if (!(await isOurs(keys, text, given))) return refused("bad-signature");
  const grant = readPayload(text);
  if (grant === undefined) return refused("malformed");
  return grant.expiresAt <= at ? refused("expired") : ok(grant);
}

async function isOurs(keys: SigningKeys, text: string, given: string): Promise<boolean> {
  for (const key of keys.previous ? [keys.current, keys.previous] : [keys.current]) {
    if (await sameText(await wholeMac(key, text), given)) return true;
  }
  return false;
}

async function wholeMac(signingKey: string, text: string): Promise<string> {
  const mac = await crypto.subtle.sign("HMAC", await derivedMacKey(signingKey, "reply-link"), encoder.encode(text));
  return base64url(new Uint8Array(mac));
}

function readPayload(text: string): ReplyGrant | undefined {
  const read = payload.safeParse(decoded(text));
  if (!read.success || projectOf(read.data[1]) === undefined) return undefined;
  const [purpose, id, choice, recipient, seconds] = read.data;
  const about = { question: id as QuestionId, recipient, expiresAt: seconds * 1_000 };
  if (purpose === "page") return { purpose, ...about };
  return choice < 0 ? undefined : { purpose, choice, ...about };
}

function decoded(text: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined; // refused by the schema
  }
}
