import * as z from "zod";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { SealFault } from "../core/credentials/credential.ts";
import { ConfigurationError } from "./config.ts";
import { base64url, fromBase64url, hex } from "./keys.ts";

/** The secret under which the Vault's data keys are wrapped, and the one before it while rotating. */
export interface MasterKeys {
  readonly current: string;
  readonly previous?: string | undefined;
}

/** Where a sealed value belongs. It opens there and nowhere else. */
export interface SealedPlace {
  readonly project: string;
  readonly name: string;
  readonly version: number;
}

const bytes = z.string().regex(/^[A-Za-z0-9_-]+$/);
const sealedForm = z.object({
  form: z.literal(1),
  place: z.object({ project: z.string(), name: z.string(), version: z.number().int().positive() }),
  nonce: bytes,
  ciphertext: bytes,
  key: z.object({ id: z.string(), nonce: bytes, wrapped: bytes }),
});

/**
 * A value under a data key of its own, and that key under the key of a master key: AES-256-GCM both, each with a fresh nonce, both bound to the place.
 * Bytes are base64url. Stored. Fields are only added, as optional.
 */
export type Sealed = z.output<typeof sealedForm>;

/** The newest version of each secret of one project, whether it holds, and a MAC over all of it: what a row must agree with. Stored. */
export interface SignedHeads extends Heads {
  readonly key: string;
  readonly mac: string;
}

/** `n` is raised with each change. */
export interface Heads {
  readonly n: number;
  readonly secrets: Readonly<Record<string, { readonly version: number; readonly state: "live" | "ended" }>>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const keyBits = 256;
/** As NIST SP 800-38D recommends for GCM; random, and each key serves one project or one value. */
const nonceBytes = 12;
const derived = new Map<string, Promise<CryptoKey>>();
const remembered = 1_000;
const cipher = { name: "AES-GCM", length: keyBits } as const;

/** The master keys among the environment; throws a ConfigurationError when there is none. */
export function masterKeys(env: object): MasterKeys {
  const [current, previous]: unknown[] = [Reflect.get(env, "MASTER_KEY"), Reflect.get(env, "MASTER_KEY_PREVIOUS")];
  if (typeof current !== "string" || current === "") throw new ConfigurationError([{ path: "MASTER_KEY", message: "missing" }]);
  return { current, previous: typeof previous === "string" && previous !== "" ? previous : undefined };
}

/** Seals a text for one place. */
export async function seal(keys: MasterKeys, place: SealedPlace, text: string): Promise<Sealed> {
  const dataKey = (await crypto.subtle.generateKey(cipher, true, ["encrypt", "decrypt"])) as CryptoKey;
  const nonce = freshNonce();
  const ciphertext = await crypto.subtle.encrypt(gcm(nonce, "value", place), dataKey, encoder.encode(text));
  const { project, name, version } = place;
  return {
    form: 1,
    place: { project, name, version },
    nonce: base64url(nonce),
    ciphertext: base64url(new Uint8Array(ciphertext)),
    key: await wrap(keys.current, place, dataKey),
  };
}

/** Opens what was sealed for this place under the present master key or the one before; else says why not, and nothing of the value. */
export async function unseal(keys: MasterKeys, place: SealedPlace, stored: unknown): Promise<Result<string, SealFault>> {
  const unwrapped = await unwrap(keys, place, stored);
  if (!unwrapped.ok) return unwrapped;
  const { sealed, dataKey } = unwrapped.value;
  const [nonce, ciphertext] = [fromBase64url(sealed.nonce), fromBase64url(sealed.ciphertext)];
  if (nonce === undefined || ciphertext === undefined) return refused("malformed");
  try {
    return ok(decoder.decode(await crypto.subtle.decrypt(gcm(nonce, "value", place), dataKey, ciphertext)));
  } catch {
    return refused("tampered");
  }
}

/** The same sealed value with its data key wrapped under the present master key; unchanged when it is so already. */
export async function rewrapped(keys: MasterKeys, place: SealedPlace, stored: unknown): Promise<Result<Sealed, SealFault>> {
  const unwrapped = await unwrap(keys, place, stored);
  if (!unwrapped.ok) return unwrapped;
  const { sealed, dataKey } = unwrapped.value;
  if (sealed.key.id === (await masterKeyId(keys.current))) return ok(sealed);
  return ok({ ...sealed, key: await wrap(keys.current, place, dataKey) });
}

/** Names a master key without telling anything of it: 8 bytes derived from it for this alone, as hex. */
export async function masterKeyId(masterKey: string): Promise<string> {
  const bits = await crypto.subtle.deriveBits(hkdf("key-id", ""), await material(masterKey), 64);
  return hex(new Uint8Array(bits));
}

/** Signs the versions of a project's secrets. */
export async function signHeads(keys: MasterKeys, project: string, { n, secrets }: Heads): Promise<SignedHeads> {
  const signature = await crypto.subtle.sign("HMAC", await headKey(keys.current, project), headText(project, { n, secrets }));
  return { n, secrets, key: await masterKeyId(keys.current), mac: base64url(new Uint8Array(signature)) };
}

/** The versions, when we signed them. */
export async function readHeads(keys: MasterKeys, project: string, signed: SignedHeads): Promise<Result<Heads, SealFault>> {
  const masterKey = await keyNamed(keys, signed.key);
  if (masterKey === undefined) return refused("unknown-key");
  const given = fromBase64url(signed.mac);
  if (given === undefined) return refused("malformed");
  const isOurs = await crypto.subtle.verify("HMAC", await headKey(masterKey, project), given, headText(project, signed));
  return isOurs ? ok({ n: signed.n, secrets: signed.secrets }) : refused("tampered");
}

async function unwrap(
  keys: MasterKeys,
  place: SealedPlace,
  stored: unknown,
): Promise<Result<{ readonly sealed: Sealed; readonly dataKey: CryptoKey }, SealFault>> {
  const parsed = sealedForm.safeParse(stored);
  if (!parsed.success) return refused("malformed");
  const sealed = parsed.data;
  const { project, name, version } = sealed.place;
  if (project !== place.project || name !== place.name) return refused("moved");
  if (version !== place.version) return refused("rolled-back");
  const masterKey = await keyNamed(keys, sealed.key.id);
  if (masterKey === undefined) return refused("unknown-key");
  const [nonce, wrapped] = [fromBase64url(sealed.key.nonce), fromBase64url(sealed.key.wrapped)];
  if (nonce === undefined || wrapped === undefined) return refused("malformed");
  const under = await wrappingKey(masterKey, project);
  try {
    // Extractable, since another master key may have to wrap it.
    const dataKey = await crypto.subtle.unwrapKey("raw", wrapped, under, gcm(nonce, "key", place), cipher, true, ["encrypt", "decrypt"]);
    return ok({ sealed, dataKey });
  } catch {
    return refused("tampered");
  }
}

async function wrap(masterKey: string, place: SealedPlace, dataKey: CryptoKey): Promise<Sealed["key"]> {
  const nonce = freshNonce();
  const wrapped = await crypto.subtle.wrapKey("raw", dataKey, await wrappingKey(masterKey, place.project), gcm(nonce, "key", place));
  return { id: await masterKeyId(masterKey), nonce: base64url(nonce), wrapped: base64url(new Uint8Array(wrapped)) };
}

/** Bound to what is sealed and where: a JSON array of these has one reading only. */
function gcm(iv: Uint8Array<ArrayBuffer>, what: "value" | "key", { project, name, version }: SealedPlace) {
  const additionalData = encoder.encode(JSON.stringify(["mesh-six vault", 1, what, project, name, version]));
  return { name: "AES-GCM", iv, additionalData, tagLength: 128 };
}

function headText(project: string, { n, secrets }: Heads): Uint8Array {
  const entries = Object.entries(secrets)
    .map(([name, { version, state }]) => [name, version, state] as const)
    .toSorted(([one], [other]) => (one < other ? -1 : 1));
  return encoder.encode(JSON.stringify(["mesh-six vault heads", 1, project, n, entries]));
}

async function keyNamed(keys: MasterKeys, id: string): Promise<string | undefined> {
  if ((await masterKeyId(keys.current)) === id) return keys.current;
  return keys.previous !== undefined && (await masterKeyId(keys.previous)) === id ? keys.previous : undefined;
}

function wrappingKey(masterKey: string, project: string): Promise<CryptoKey> {
  return once(`wrap\n${project}\n${masterKey}`, async () =>
    crypto.subtle.deriveKey(hkdf("wrap", project), await material(masterKey), cipher, false, ["wrapKey", "unwrapKey"]),
  );
}

function headKey(masterKey: string, project: string): Promise<CryptoKey> {
  const how = { name: "HMAC", hash: "SHA-256", length: keyBits } as const;
  return once(`heads\n${project}\n${masterKey}`, async () =>
    crypto.subtle.deriveKey(hkdf("heads", project), await material(masterKey), how, false, ["sign", "verify"]),
  );
}

function material(masterKey: string): Promise<CryptoKey> {
  return once(`material\n${masterKey}`, () =>
    crypto.subtle.importKey("raw", encoder.encode(masterKey), "HKDF", false, ["deriveBits", "deriveKey"]),
  );
}

/** https://www.rfc-editor.org/rfc/rfc5869 */
function hkdf(purpose: string, context: string) {
  const info = encoder.encode(JSON.stringify(["mesh-six vault", purpose, context]));
  return { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
}

/** Derived keys are kept per isolate. */
function once(name: string, derive: () => Promise<CryptoKey>): Promise<CryptoKey> {
  const known = derived.get(name);
  if (known) return known;
  if (derived.size >= remembered) derived.clear();
  const key = derive();
  derived.set(name, key);
  return key;
}

function freshNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(nonceBytes));
}
