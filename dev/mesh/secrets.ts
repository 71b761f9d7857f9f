import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** Secrets a local mesh makes for itself, kept between starts. */
export interface LocalSecrets {
  readonly operatorToken: string;
  readonly signingKey: string;
  readonly masterKey: string;
  /** The demonstration's GitHub App; PKCS#8 and SPKI PEM. */
  readonly appPrivateKey: string;
  readonly appPublicKey: string;
  readonly boardToken: string;
}

/** Reads the secrets of a data directory, or makes them; only this user can read the file. */
export function localSecrets(dir: string): LocalSecrets {
  const path = join(dir, "secrets.json");
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as LocalSecrets) : {};
  const secrets: LocalSecrets = { ...makeSecrets(), ...kept };
  writeFileSync(path, JSON.stringify(secrets), { mode: 0o600 });
  return secrets;
}

function makeSecrets(): LocalSecrets {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    operatorToken: randomBytes(24).toString("base64url"),
    signingKey: randomBytes(32).toString("hex"),
    masterKey: randomBytes(32).toString("hex"),
    appPrivateKey: createPrivateKey(privateKey.export({ type: "pkcs8", format: "pem" }))
      .export({ type: "pkcs8", format: "pem" })
      .toString(),
    appPublicKey: createPublicKey(publicKey.export({ type: "spki", format: "pem" }))
      .export({ type: "spki", format: "pem" })
      .toString(),
    boardToken: `ghp_${randomBytes(18).toString("hex")}`,
  };
}

/** Each of them that must be found nowhere but where it was put, under its name; of the private key a line of its middle. */
export function madeSecrets(secrets: LocalSecrets): { name: string; value: string }[] {
  const lines = secrets.appPrivateKey.split("\n");
  return [
    ...(["operatorToken", "signingKey", "masterKey", "boardToken"] as const).map((name) => ({ name, value: secrets[name] })),
    { name: "appPrivateKey", value: lines[Math.floor(lines.length / 2)] ?? secrets.appPrivateKey },
  ];
}

/** A developer's own `.dev.vars`: what is set there takes the place of a stand-in. */
export function ownSettings(root: string): Record<string, string> {
  const path = join(root, ".dev.vars");
  const set = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  return Object.fromEntries(Object.entries(set).flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value]])));
}
