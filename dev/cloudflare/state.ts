import { createHash, randomUUID } from "node:crypto";

/** A binding of a version, as uploaded; of secrets only that they are there. */
export interface Binding {
  readonly type: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface Version {
  readonly id: string;
  readonly number: number;
  readonly createdAt: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly bindings: readonly Binding[];
  readonly compatibilityDate: string;
  /** The main module and what it imports, by name. */
  readonly modules: ReadonlyMap<string, Uint8Array>;
  readonly mainModule: string;
  readonly exports: Readonly<Record<string, { type?: string; storage?: string }>>;
}

export interface Deployment {
  readonly id: string;
  readonly createdAt: string;
  readonly versions: readonly { readonly version_id: string; readonly percentage: number }[];
  readonly annotations: Readonly<Record<string, string>>;
}

/** A Worker. Its versions and deployments come oldest first. */
export interface Script {
  readonly name: string;
  readonly tag: string;
  readonly createdAt: string;
  tags: readonly string[];
  versions: Version[];
  deployments: Deployment[];
  crons: readonly string[];
  subdomain: { enabled: boolean; previews_enabled: boolean };
}

export interface Consumer {
  readonly consumer_id: string;
  readonly type: string;
  readonly script: string;
  dead_letter_queue?: string;
  settings: Record<string, unknown>;
}

export interface Queue {
  readonly queue_id: string;
  readonly queue_name: string;
  readonly consumers: Consumer[];
}

export interface PagesDeployment {
  readonly id: string;
  readonly createdAt: string;
  readonly branch: string;
  readonly commitMessage: string;
  readonly commitHash: string;
  readonly manifest: Readonly<Record<string, string>>;
  readonly bindings: readonly Binding[];
  /** The functions as uploaded; empty without any. */
  readonly functions: string;
  /** Names and values of the environment's variables when it was made. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A Pages project. Its deployments come oldest first; `canonical` serves production. */
export interface PagesProject {
  readonly name: string;
  readonly subdomain: string;
  readonly createdAt: string;
  readonly productionBranch: string;
  readonly variables: Record<"production" | "preview", Record<string, { type: string; value: string }>>;
  readonly deployments: PagesDeployment[];
  canonical: string | null;
}

/** One account. */
export class Account {
  readonly id: string;
  readonly name: string;
  subdomain: string | null;
  readonly queues = new Map<string, Queue>();
  readonly buckets = new Map<string, { name: string; creation_date: string }>();
  readonly scripts = new Map<string, Script>();
  readonly workflows = new Map<string, { name: string; script_name: string; class_name: string }>();
  readonly projects = new Map<string, PagesProject>();
  /** Files of the dashboard by their hash. */
  readonly assets = new Set<string>();

  constructor(id: string, name: string, subdomain: string | null) {
    this.id = id;
    this.name = name;
    this.subdomain = subdomain;
  }
}

/** The version all or most of a Worker's traffic goes to. */
export function deployedVersion(script: Script): Version | undefined {
  const id = script.deployments.at(-1)?.versions[0]?.version_id;
  return script.versions.find((version) => version.id === id);
}

/** The values of a Worker's secrets and variables, as its code would see them. */
export function variablesOf(version: Version): Record<string, string> {
  const texts = version.bindings.filter(({ type }) => type === "secret_text" || type === "plain_text");
  return Object.fromEntries(texts.map(({ name, text }) => [name, String(text)]));
}

export const now = (): string => new Date().toISOString();
export const newId = (): string => randomUUID();
export const hexId = (): string => randomUUID().replaceAll("-", "");
export const etagOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
