import ipaddr from "ipaddr.js";
import { ClientError } from "../client-error.ts";

/** Names that never leave the machine or the local network (RFC 6761, RFC 6762, RFC 8375, RFC 9476). */
const localNames = /(^|\.)(localhost|local|internal|home\.arpa|lan|intranet|test|invalid|alt)$/;

/**
 * Refuses addresses through which a check could reach what only the checker can see: loopback, private, link-local (metadata services),
 * carrier-grade NAT, multicast, reserved, and IPv6 forms that wrap one of them. Names are judged as written, and by `resolve` where
 * the platform offers one; a Worker on Cloudflare has no route to private addresses in any case.
 */
export async function refusePrivateAddress(url: URL, resolve?: (host: string) => Promise<readonly string[]>): Promise<void> {
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refused(url, "only http and https addresses are checked");
  if (url.username !== "" || url.password !== "") throw refused(url, "the address holds a password");
  const host = url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (ipaddr.isValid(host)) {
    if (!isPublic(host)) throw refused(url, "the address is private");
    return;
  }
  if (localNames.test(host) || !host.includes(".")) throw refused(url, "the name is local");
  for (const address of (await resolve?.(host)) ?? []) if (!isPublic(address)) throw refused(url, "the name leads to a private address");
}

function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  return parsed.range() === "unicast";
}

function refused(url: URL, because: string): ClientError {
  return new ClientError(
    "http-check",
    `${url.host || url.protocol} is not checked: ${because}; allow private addresses in the settings if it is meant`,
    {
      code: "refused",
      retryable: false,
    },
  );
}
