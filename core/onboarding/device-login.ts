import { minuteMs, secondMs } from "../time.ts";

/** Whose device flow it is (RFC 8628). */
export type LoginVendor = "claude" | "openai" | "github";

interface VendorPages {
  /** The only hosts a person may be sent to. */
  readonly hosts: readonly string[];
  /** What its codes look like, as a whole. */
  readonly code: RegExp;
}

const usualCode = /^[A-Z0-9]{4}-[A-Z0-9]{4}$/;

/** Each vendor's own pages, and what its codes look like. */
export const vendorPages: Readonly<Record<LoginVendor, VendorPages>> = {
  claude: { hosts: ["claude.ai", "console.anthropic.com", "platform.claude.com"], code: usualCode },
  // The Codex command line prints five characters after the dash: codex-rs/login/src/device_code_auth.rs
  openai: { hosts: ["auth.openai.com", "chatgpt.com"], code: /^[A-Z0-9]{4}-[A-Z0-9]{4,5}$/ },
  github: { hosts: ["github.com"], code: usualCode },
};

const longestAddress = 2_000;

/** How a device flow is begun: address and code within the limit, else again after 1 s, then 2 s. Codes are good for 15 min with all of these vendors. */
export const deviceLogin = { tries: 3, firstPauseMs: secondMs, timeLimitMs: 15 * secondMs, codeLastsMs: 15 * minuteMs } as const;

/** The pause before the next try, `failed` tries having failed. */
export function devicePauseMs(failed: number): number {
  return deviceLogin.firstPauseMs * 2 ** (failed - 1);
}

/** What the output of a device flow says so far. `ambiguous`: two different addresses or codes, so that neither may be shown. */
export type DeviceOutput =
  | { readonly status: "incomplete" }
  | { readonly status: "found"; readonly url: string; readonly code: string }
  | { readonly status: "ambiguous"; readonly what: "url" | "code" };

/**
 * Looks for the one address and the one code in what a login command printed. The chunks may be cut anywhere; a word that nothing follows yet
 * is not looked at. An address counts only when it is https, its host is exactly one of the vendor's, with neither user nor port, and all of it
 * is plain URL characters; everything else in the output is never given out.
 */
export function parseDeviceOutput(chunks: readonly string[], vendor: LoginVendor): DeviceOutput {
  const { hosts, code } = vendorPages[vendor];
  const words = wordsIn(withoutEscapes(chunks.join("")));
  const urls = new Set(words.flatMap((word) => addressIn(word, hosts) ?? []));
  const codes = new Set(words.filter((word) => code.test(word)));
  if (urls.size > 1) return { status: "ambiguous", what: "url" };
  if (codes.size > 1) return { status: "ambiguous", what: "code" };
  const [[url], [found]] = [[...urls], [...codes]];
  return url === undefined || found === undefined ? { status: "incomplete" } : { status: "found", url, code: found };
}

/** The address with its host in lower case, when the vendor's page is what it leads to. */
function addressIn(word: string, hosts: readonly string[]): string | undefined {
  // Letters, digits, and what RFC 3986 allows in path and query.
  const match = /^https:\/\/([a-z0-9.-]+)([/?][a-z0-9\-._~:/?@!$&'()*+,;=%]*)?$/i.exec(word);
  const host = word.length <= longestAddress ? match?.[1]?.toLowerCase() : undefined;
  return host !== undefined && hosts.includes(host) ? `https://${host}${match?.[2] ?? ""}` : undefined;
}

/** Words that something follows, without quotes and punctuation around them. */
function wordsIn(text: string): string[] {
  return text
    .split(/\s/)
    .slice(0, -1)
    .map((word) => word.replace(/^[("'<`[]+/, "").replace(/[)"'>`\].,;:!]+$/, ""));
}

/** Without colours and hidden links; other terminal commands part words. From an escape sequence that is not over yet nothing is taken. */
function withoutEscapes(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex -- removing them is the purpose
      .replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, "")
      // oxlint-disable-next-line no-control-regex -- removing them is the purpose
      .replace(/(?:\u001b\[|\u009b)[0-9;:]*m/g, "")
      // oxlint-disable-next-line no-control-regex -- removing them is the purpose
      .replace(/(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]/g, " ")
      // oxlint-disable-next-line no-control-regex -- removing them is the purpose
      .replace(/[\u001b\u009b].*$/s, "")
  );
}
