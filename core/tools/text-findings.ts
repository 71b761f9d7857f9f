import { isCredentialFile } from "./credential-files.ts";
import { destructive, networkPrograms } from "./programs.ts";
import type { ToolFinding, ToolScene } from "./tool-use.ts";

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal)$/;

export function isLoopback(host: string): boolean {
  return loopback.test(host.toLowerCase());
}

/** The host of an address like `https://user@host:1/x` or `host:1/x`; undefined when it is none. */
export function hostOf(address: string): string | undefined {
  const [, host] = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@\s]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(?::\d+)?(?:[/?#]|$)/i.exec(address) ?? [];
  return host?.toLowerCase();
}

/** All that a text which is not understood could mean: names of credentials, programs of the network, paths elsewhere. */
export function textFindings(text: string, { tree, home, tmp }: ToolScene): ToolFinding[] {
  const found: ToolFinding[] = [];
  for (const token of text.split(/[\s'"`()<>|;&=,:{}[\]$\\+]+/)) {
    if (token === "") continue;
    const about = token.slice(0, 200);
    const name = token.slice(token.lastIndexOf("/") + 1);
    // Words of code end like files do: `process.env`, `config.key`.
    const isWord = /^[\w]+(?:\.[\w]+)+$/.test(token) && !token.startsWith(".");
    if ((isCredentialFile(token) && !isWord) || /(?:^|\/)environ$/.test(token) || token.startsWith("/proc/"))
      found.push({ subject: "credentials", about });
    if (networkPrograms.has(name)) found.push({ subject: "network", about });
    if (destructive.has(name)) found.push({ subject: "destructive", about });
    if (/(?:^|\/)\.\.(?:\/|$)/.test(token)) found.push({ subject: "outside", about });
    else if (
      /^\/(?:root|home|Users|var|tmp|mnt|srv|etc\/shadow)(?:\/|$)/.test(token) &&
      ![tree, home, tmp].some((folder) => token.startsWith(folder))
    )
      found.push({ subject: "outside", about });
  }
  for (const [, host = ""] of text.matchAll(/\b(?:https?|wss?|ftp|ssh|git):\/\/(?:[^/@\s'"]*@)?([A-Za-z0-9._-]+)/g)) {
    if (!isLoopback(host)) found.push({ subject: "network", about: host.toLowerCase() });
  }
  return found;
}
