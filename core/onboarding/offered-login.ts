import { vendorPages } from "./device-login.ts";
import type { LoginVendor } from "./device-login.ts";
import { ok, refused } from "../result.ts";
import type { Result } from "../result.ts";

export interface OfferedLogin {
  readonly vendor: LoginVendor;
  readonly url: string;
  readonly code: string;
}

const longestUrl = 2_000;
/**
 * The whole text, in the form that reads the same to every parser and to every eye: https, a lower-case host, no user, no port, no fragment,
 * nothing escaped in the host, and of ASCII only what RFC 3986 allows in a path and a query.
 */
const plainUrl =
  /^https:\/\/([a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+)((?:\/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*)(\?[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?$/;
/** Which vendor's page this is; undefined when it is none of theirs, or not written plainly. */
export function vendorOf(url: string): LoginVendor | undefined {
  const host = url.length <= longestUrl ? plainUrl.exec(url)?.[1] : undefined;
  if (host === undefined) return undefined;
  const vendors = Object.keys(vendorPages) as LoginVendor[];
  return vendors.find((vendor) => vendorPages[vendor].hosts.includes(host));
}

/**
 * Checks what a runner says its agent's device flow shows (RFC 8628), before a person sees it: whoever controls that text could otherwise send
 * people anywhere.
 */
export function parseOfferedLogin(said: {
  readonly url: string;
  readonly code: string;
}): Result<OfferedLogin, "foreign-host" | "malformed-code"> {
  const vendor = vendorOf(said.url);
  if (vendor === undefined) return refused("foreign-host");
  if (!vendorPages[vendor].code.test(said.code)) return refused("malformed-code");
  return ok({ vendor, url: said.url, code: said.code });
}
