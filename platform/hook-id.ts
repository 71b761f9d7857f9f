import { derivedMacKey, derivedSecret, mac, signingKeyOf } from "./keys.ts";
import type { SigningKeys } from "./keys.ts";

/** Whose webhook it is: a repository's (subject: project key), an organisation's (its login) or the App's (`app`). */
export interface Hook {
  readonly kind: "repository" | "organization" | "app";
  readonly subject: string;
  /** Raised to change the hook's secret. */
  readonly version: number;
}

const letters = { repository: "r", organization: "o", app: "a" } as const;
const kinds = { r: "repository", o: "organization", a: "app" } as const;
const form = /^([roa])([1-9]\d{0,5})\.([A-Za-z0-9_=-]{1,100})\.([A-Za-z0-9_-]{22})$/;

/**
 * The last part of a hook's address: what it names and a MAC over it, so that an unknown hook is refused without asking anything.
 * Form: `<r|o|a><version>.<subject>.<mac>`.
 */
export async function hookId(keys: SigningKeys, hook: Hook): Promise<string> {
  const named = nameOf(hook);
  return `${named}.${await mac(keys.current, "hook-id", named)}`;
}

/** A hook and the signing key its id was made with. */
export interface KnownHook extends Hook {
  readonly signingKey: string;
}

/** Ids whose MAC was found right, so that a busy hook is not reckoned anew each time. Kept per isolate. */
const knownHooks = new Map<string, KnownHook>();
const remembered = 1_000;

/** The hook that an id names; undefined when we did not make the id. */
export async function readHookId(keys: SigningKeys, text: string): Promise<KnownHook | undefined> {
  const name = `${text}\n${keys.current}\n${keys.previous ?? ""}`;
  const known = knownHooks.get(name);
  if (known) return known;
  const [, letter, version, subject, given] = form.exec(text) ?? [];
  if (!letter || !version || !subject || !given) return undefined;
  const hook: Hook = { kind: kinds[letter as keyof typeof kinds], subject, version: Number(version) };
  const signingKey = await signingKeyOf(keys, "hook-id", nameOf(hook), given);
  if (signingKey === undefined) return undefined;
  if (knownHooks.size >= remembered) knownHooks.clear();
  const found = { ...hook, signingKey };
  knownHooks.set(name, found);
  return found;
}

/** The secret to set at GitHub for a hook made with the current signing key. */
export function hookSecret(keys: SigningKeys, hook: Hook): Promise<string> {
  return derivedSecret(keys.current, "hook-secret", nameOf(hook));
}

/** The key that checks the signatures of a known hook. */
export function hookVerifier(hook: KnownHook): Promise<CryptoKey> {
  return derivedMacKey(hook.signingKey, "hook-secret", nameOf(hook));
}

function nameOf(hook: Hook): string {
  return `${letters[hook.kind]}${hook.version}.${hook.subject}`;
}
