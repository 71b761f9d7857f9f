import { base64url, hex, sameText, sha256 } from "./keys.ts";

const tokenForm = /^mesh_agent_[A-Za-z0-9_-]{43}$/;

/** SHA-256 of a token, as hex: the only form in which an agent's token is kept. Tokens have 256 random bits, so no salt is needed. */
export async function hashToken(token: string): Promise<string> {
  return hex(await sha256(token));
}

/** A new agent token, shown once. */
export function createAgentToken(): string {
  return `mesh_agent_${base64url(crypto.getRandomValues(new Uint8Array(32)))}`;
}

/** Whether a text has the form of an agent token at all. */
export function isAgentToken(text: string): boolean {
  return tokenForm.test(text);
}

/** What the bearer of an operator or viewer token may do; undefined when it is neither. */
export async function roleOfToken(
  settings: { readonly OPERATOR_TOKEN: string; readonly VIEWER_TOKEN?: string | undefined },
  token: string,
): Promise<Role | undefined> {
  if (await sameText(settings.OPERATOR_TOKEN, token)) return "operator";
  if (settings.VIEWER_TOKEN && (await sameText(settings.VIEWER_TOKEN, token))) return "viewer";
  return undefined;
}

/** A viewer reads; an operator also commands. */
export type Role = "operator" | "viewer";

/** The token of an `Authorization: Bearer` header. https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export function bearerOf(header: string | null | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(header ?? "")?.[1];
}
