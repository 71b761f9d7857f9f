/** The secret from which every other key is derived, and the one before it while rotating. */
export interface SigningKeys {
  readonly current: string;
  readonly previous?: string | undefined;
}

/** One key for one use: a MAC made for one purpose is worth nothing for another. */
export type KeyPurpose = "hook-id" | "hook-secret" | "cookie" | "login-link" | "reply-link" | "command";

const encoder = new TextEncoder();
const macKeys = new Map<string, CryptoKey>();
const remembered = 1_000;

/** The signing keys among the Worker's settings. */
export function signingKeys(settings: { readonly SIGNING_KEY: string; readonly SIGNING_KEY_PREVIOUS?: string | undefined }): SigningKeys {
  return { current: settings.SIGNING_KEY, previous: settings.SIGNING_KEY_PREVIOUS };
}

/** 32 bytes for one purpose and context by HKDF-SHA-256, as hex. https://www.rfc-editor.org/rfc/rfc5869 */
export async function derivedSecret(signingKey: string, purpose: KeyPurpose, context = ""): Promise<string> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(signingKey), "HKDF", false, ["deriveBits"]);
  const info = encoder.encode(`mesh-six ${purpose}\n${context}`);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info }, material, 256);
  return hex(new Uint8Array(bits));
}

/** An HMAC-SHA-256 key whose secret is the derived secret's text. Kept per isolate. */
export async function derivedMacKey(signingKey: string, purpose: KeyPurpose, context = ""): Promise<CryptoKey> {
  const name = `${purpose}\n${context}\n${signingKey}`;
  const known = macKeys.get(name);
  if (known) return known;
  const key = await macKey(await derivedSecret(signingKey, purpose, context));
  if (macKeys.size >= remembered) macKeys.clear();
  macKeys.set(name, key);
  return key;
}

/** An HMAC-SHA-256 key from a secret's text. */
export function macKey(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", encoder.encode(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

/** HMAC-SHA-256 cut to 16 bytes, base64url. */
export async function mac(signingKey: string, purpose: KeyPurpose, text: string): Promise<string> {
  const whole = await crypto.subtle.sign("HMAC", await derivedMacKey(signingKey, purpose), encoder.encode(text));
  return base64url(new Uint8Array(whole, 0, 16));
}

/** The text's MAC under the present signing key, and while rotating under the one before. */
export function macs(keys: SigningKeys, purpose: KeyPurpose, text: string): Promise<string[]> {
  return Promise.all(allOf(keys).map((key) => mac(key, purpose, text)));
}

/** The signing key under which `given` is the text's MAC; undefined when under none. Compared in constant time. */
export async function signingKeyOf(keys: SigningKeys, purpose: KeyPurpose, text: string, given: string): Promise<string | undefined> {
  for (const key of allOf(keys)) {
    if (await sameText(await mac(key, purpose, text), given)) return key;
  }
  return undefined;
}

function allOf({ current, previous }: SigningKeys): string[] {
  return previous ? [current, previous] : [current];
}

/** Whether two texts are equal, in a time that tells nothing of where they differ: their digests are compared, every byte. */
export async function sameText(one: string, other: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(one), sha256(other)]);
  let difference = 0;
  for (let index = 0; index < left.length; index += 1) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}

/** SHA-256 of a text's UTF-8. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

export function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Without padding. https://www.rfc-editor.org/rfc/rfc4648#section-5 */
export function base64url(bytes: Uint8Array): string {
  let text = "";
  // By portions: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The bytes of a base64url text without padding; undefined when it is none. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined;
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
