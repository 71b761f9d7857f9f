/** Names of files that hold keys, passwords and tokens, in lower case. */
const names = new Set([
  ".netrc",
  "_netrc",
  ".npmrc",
  ".yarnrc",
  ".yarnrc.yml",
  ".pypirc",
  ".pgpass",
  ".my.cnf",
  ".git-credentials",
  ".htpasswd",
  ".dockercfg",
  ".dockerconfigjson",
  ".dev.vars",
  ".vault-token",
  ".boto",
  ".s3cfg",
  "credentials",
  "credentials.json",
  ".credentials.json",
  "credentials.toml",
  "credentials.yml.enc",
  "client_secret.json",
  "service-account.json",
  "secrets.json",
  "secrets.yml",
  "secrets.yaml",
  "master.key",
  "auth.json",
  "kubeconfig",
  "shadow",
  "gshadow",
  "agent.env",
]);
const folders = new Set([".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker"]);
const endings = [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".ppk", ".asc.key", ".env"];
/** Public halves, and examples that are there to be read. */
const harmless = /\.(?:example|sample|template|dist|pub)$/;

/** Whether a file holds credentials, told by its path alone. */
export function isCredentialFile(path: string): boolean {
  const parts = path
    .toLowerCase()
    .split("/")
    .filter((part) => part !== "");
  const name = parts.at(-1) ?? "";
  if (harmless.test(name)) return false;
  if (parts.slice(0, -1).some((part) => folders.has(part)) || folders.has(name)) return true;
  if (parts.includes("gcloud") && parts.includes(".config")) return true;
  if (parts.includes(".config") && parts.includes("gh") && name.startsWith("hosts")) return true;
  return (
    names.has(name) ||
    /^\.env(?:[.-].*|rc)?$/.test(name) ||
    /^id_(?:rsa|dsa|ecdsa|ed25519)/.test(name) ||
    endings.some((end) => name.endsWith(end))
  );
}

/** Names that a pattern of the shell is tried on when nothing tells what it will match. */
export const credentialSamples = [
  ".env",
  ".env.local",
  ".env.production",
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".pgpass",
  ".git-credentials",
  ".dev.vars",
  ".envrc",
  ".ssh",
  ".aws",
  "id_rsa",
  "id_ed25519",
  "server.pem",
  "server.key",
  "master.key",
  "credentials",
  "credentials.json",
  "secrets.yml",
  "service-account.json",
] as const;
