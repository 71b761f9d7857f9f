import type { ProjectProfile } from "../../core/inputs.ts";
import type { HookRemoval } from "../../core/pool/departure.ts";
import type { ClientError } from "../client-error.ts";
import type { HookState, ProjectWebhooks } from "./project-webhooks.ts";

/** A webhook of ours as GitHub would have it. */
export interface InMemoryHook {
  readonly number: number;
  readonly kind: HookState["kind"];
  /** The project's key, or the organisation's login. */
  readonly subject: string;
  readonly version: number;
}

type Operation = keyof ProjectWebhooks;

/** For tests of what stands on it: keeps hooks by version, and refuses or fails when told. */
export interface InMemoryWebhooks extends ProjectWebhooks {
  readonly hooks: readonly InMemoryHook[];
  /** Whether hooks of this kind may be made; they may unless told. */
  allow(kind: HookState["kind"], allowed: boolean): void;
  /** The next call of the operation fails; with `after` it is carried out first. */
  failNext(operation: Operation, error: ClientError, options?: { readonly after?: boolean }): void;
}

export function createInMemoryWebhooks(): InMemoryWebhooks {
  let hooks: InMemoryHook[] = [];
  let counter = 0;
  const barred = new Set<HookState["kind"]>();
  const faults: { operation: Operation; error: ClientError; after: boolean }[] = [];

  async function acting<T>(operation: Operation, act: () => T): Promise<T> {
    const at = faults.findIndex((each) => each.operation === operation);
    const [fault] = at < 0 ? [] : faults.splice(at, 1);
    if (fault && !fault.after) throw fault.error;
    const result = act();
    if (fault) throw fault.error;
    return result;
  }

  function wantedOf(profile: ProjectProfile): Omit<InMemoryHook, "number">[] {
    const repository = { kind: "repository", subject: profile.key, version: profile.hookVersion ?? 1 } as const;
    if (profile.board?.ownerKind !== "organization") return [repository];
    const version = profile.organizationHookVersion ?? 1;
    return [repository, { kind: "organization", subject: profile.board.owner.toLowerCase(), version }];
  }

  const find = (wanted: Omit<InMemoryHook, "number">): InMemoryHook | undefined =>
    hooks.find(({ kind, subject, version }) => kind === wanted.kind && subject === wanted.subject && version === wanted.version);

  function take(which: (hook: InMemoryHook) => boolean): number {
    const before = hooks.length;
    hooks = hooks.filter((hook) => !which(hook));
    return before - hooks.length;
  }

  const of = (profile: ProjectProfile, kind: HookState["kind"]): InMemoryHook | undefined =>
    wantedOf(profile)
      .filter((wanted) => wanted.kind === kind)
      .map(find)[0];

  return {
    get hooks() {
      return hooks;
    },
    allow: (kind, allowed) => void (allowed ? barred.delete(kind) : barred.add(kind)),
    failNext: (operation, error, { after = false } = {}) => void faults.push({ operation, error, after }),
    ensure: (profile) =>
      acting("ensure", () =>
        wantedOf(profile).map((wanted): HookState => {
          const state = { kind: wanted.kind, url: `https://mesh.test/hooks/${wanted.kind}${wanted.version}`, events: [] };
          if (barred.has(wanted.kind)) return { ...state, state: "not-allowed", number: null };
          const there = find(wanted);
          if (there) return { ...state, state: "present", number: there.number };
          const hook = { ...wanted, number: (counter += 1) };
          hooks.push(hook);
          return { ...state, state: "made", number: hook.number };
        }),
      ),
    removeOlder: (profile) =>
      acting("removeOlder", () =>
        take((hook) =>
          wantedOf(profile).some(({ kind, subject, version }) => hook.kind === kind && hook.subject === subject && hook.version < version),
        ),
      ),
    remove: (profile, { organization }) =>
      acting("remove", () =>
        wantedOf(profile).map(({ kind, subject }): HookRemoval => {
          if (kind === "organization" && !organization) return { kind, state: "shared", url: null };
          return { kind, state: take((hook) => hook.kind === kind && hook.subject === subject) > 0 ? "removed" : "absent", url: null };
        }),
      ),
    repositoryHook: (profile) => acting("repositoryHook", () => of(profile, "repository")?.number),
    organizationHook: (profile) => acting("organizationHook", () => of(profile, "organization")?.number),
  };
}
