import type { SealFault } from "../core/credentials/credential.ts";
import { ok, refused } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { hourMs, minuteMs } from "../core/time.ts";
import type { Moment } from "../core/time.ts";
import { now } from "../platform/clock.ts";
import { orderedId } from "../platform/random-id.ts";
import type { NewRecord } from "./vault-history.ts";
import { VaultPart } from "./vault-part.ts";
import { plain } from "./vault-store.ts";
import type { Bundle, SecretKey, SecretRow } from "./vault-store.ts";

/** Whom a bundle is for. */
export interface BundleHolder {
  readonly agent: string;
  readonly task: string;
  readonly attempt: number;
}

/** What a runner is told. `current`: the bundle it has still holds, until `expiresAt`; `provisioned`: one is to be opened until then. */
export type Provision =
  | { readonly status: "current" | "provisioned"; readonly bundleId: string; readonly expiresAt: Moment }
  | { readonly status: "no_credentials" };

const openWithinMs = 2 * minuteMs;
/** A runner asks anew at least this often. */
const holdsMostMs = 12 * hourMs;

/** The variables of all live credentials of a project, handed to one attempt of one agent, once, within two minutes. */
export class VaultBundles extends VaultPart {
  /** `have`: the bundle that the runner opened last and still keeps in memory. The same attempt that asks again gets the same bundle while it is unopened. */
  provision(holder: BundleHolder, have: string | null): Provision {
    const at = now();
    const live = this.#live(at);
    if (live.length === 0) return { status: "no_credentials" };
    const held = have === null ? undefined : this.store.bundle(have);
    if (held?.agent === holder.agent && this.#isActive(held, live, at)) {
      return { status: "current", bundleId: held.id, expiresAt: held.holdsUntil };
    }
    const waiting = this.store
      .bundles()
      .find((bundle) => isFor(bundle, holder) && bundle.openedAt === null && bundle.openBy > at && isOf(bundle, live));
    if (waiting !== undefined) return { status: "provisioned", bundleId: waiting.id, expiresAt: waiting.openBy };
    const bundle: Bundle = {
      id: `b${orderedId(at)}`,
      ...holder,
      versions: Object.fromEntries(live.map(({ name, version }) => [name, version])),
      openBy: at + openWithinMs,
      openedAt: null,
      holdsUntil: 0,
    };
    this.store.together(() => {
      this.store.dropBundles(at);
      this.store.putBundle(bundle);
      this.history.add(...live.map((row) => recordOf(row, "bundle-made", bundle)));
    });
    return { status: "provisioned", bundleId: bundle.id, expiresAt: bundle.openBy };
  }

  /**
   * The variables, once, in the newest versions of the credentials the bundle was made for. `bundle-over`: used, expired, ended with one of its
   * credentials, or another's.
   */
  async open(
    id: string,
    holder: BundleHolder,
  ): Promise<Result<{ variables: Record<string, string>; expiresAt: Moment }, SealFault | "bundle-over">> {
    for (;;) {
      const asked = this.#waiting(id, holder);
      if (asked === undefined) return refused("bundle-over");
      const variables: Record<string, string> = {};
      const versions: Record<string, number> = {};
      for (const name of Object.keys(asked.bundle.versions).toSorted(agentLast)) {
        const opened = await this.secrets.open(name as SecretKey, holder.agent);
        if (!opened.ok) return refused(isFault(opened.error) ? opened.error : "bundle-over");
        const { row, text } = opened.value;
        versions[name] = row.version;
        Object.assign(variables, (JSON.parse(text) as { variables: Record<string, string> }).variables);
      }
      // Meanwhile someone else may have opened it, or a credential have been ended or renewed.
      const still = this.#waiting(id, holder);
      if (still === undefined) return refused("bundle-over");
      if (still.rows.some(({ name, version }) => versions[name] !== version)) continue;
      const at = now();
      const ends = still.rows.flatMap(({ facts }) => facts.expiresAt ?? []);
      const opened: Bundle = { ...still.bundle, versions, openedAt: at, holdsUntil: Math.min(at + holdsMostMs, ...ends) };
      this.store.together(() => {
        this.store.putBundle(opened);
        this.history.add(...still.rows.map((row) => recordOf(row, "bundle-opened", opened)));
      });
      return ok({ variables, expiresAt: opened.holdsUntil });
    }
  }

  /** The last opened bundle whose variables still hold. */
  get activeId(): string | null {
    const at = now();
    const live = this.#live(at);
    const active = this.store.bundles().filter((bundle) => this.#isActive(bundle, live, at));
    return active.toSorted((one, other) => (other.openedAt ?? 0) - (one.openedAt ?? 0))[0]?.id ?? null;
  }

  #live(at: Moment): SecretRow[] {
    return this.store
      .secrets()
      .filter(
        ({ name, sealed, facts }) =>
          name.startsWith("credential/") && sealed !== null && (facts.expiresAt ?? Number.POSITIVE_INFINITY) > at,
      );
  }

  /** The bundle and its credentials, while this holder may open it and all of them are live. */
  #waiting(id: string, holder: BundleHolder): { readonly bundle: Bundle; readonly rows: readonly SecretRow[] } | undefined {
    const at = now();
    const bundle = this.store.bundle(id);
    if (bundle === undefined || !isFor(bundle, holder) || bundle.openedAt !== null || bundle.openBy <= at) return undefined;
    const rows = this.#live(at).filter(({ name }) => name in bundle.versions);
    return rows.length === Object.keys(bundle.versions).length ? { bundle, rows } : undefined;
  }

  #isActive(bundle: Bundle, live: readonly SecretRow[], at: Moment): boolean {
    return bundle.openedAt !== null && bundle.holdsUntil > at && isOf(bundle, live);
  }
}

/** Whether it holds exactly the credentials that are live, in these versions. */
function isOf({ versions }: Bundle, live: readonly SecretRow[]): boolean {
  return live.length === Object.keys(versions).length && live.every(({ name, version }) => versions[name] === version);
}

function isFor(bundle: Bundle, { agent, task, attempt }: BundleHolder): boolean {
  return bundle.agent === agent && bundle.task === task && bundle.attempt === attempt;
}

/** Where two set the same variable, the agent's own credential counts. */
function agentLast(one: string, other: string): number {
  const [first, second] = [one, other].map((name) => (name === "credential/agent" ? "~" : name));
  return (first ?? "") < (second ?? "") ? -1 : 1;
}

function recordOf({ name, version }: SecretRow, action: "bundle-made" | "bundle-opened", { agent, task, attempt }: Bundle): NewRecord {
  return { name: plain(name), version, action, by: agent, detail: `for attempt ${attempt} of ${task}` };
}

function isFault(reason: string): reason is SealFault {
  return reason !== "unknown-credential" && reason !== "invalidated" && reason !== "too-many";
}
