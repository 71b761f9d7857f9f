import { subscriptionAdvice } from "../core/credentials/agent-variables.ts";

const anthropicHosts = ["anthropic.com", "claude.ai", "claude.com"] as const;

/** Why tokens may not be renewed at this address; undefined when they may. Private addresses are for the caller to judge. */
export function tokenUrlFault(text: string, allowHttp = false): string | undefined {
  if (!URL.canParse(text)) return "not an address";
  const url = new URL(text);
  if (url.protocol !== "https:" && !(allowHttp && url.protocol === "http:")) return "must be https";
  if (url.username !== "" || url.password !== "") return "holds a user name or password";
  if (url.hash !== "") return "holds a fragment";
  const host = url.hostname.replace(/\.$/, "").toLowerCase();
  const isAnthropic = anthropicHosts.some((name) => host === name || host.endsWith(`.${name}`));
  return isAnthropic ? `a host of Anthropic's: ${subscriptionAdvice}` : undefined;
}
