import type { ProjectKey, ProjectName } from "../../core/ids.ts";
import type { BoardRef, ProjectProfile } from "../../core/inputs.ts";
import { ClientError } from "../client-error.ts";
import { permissionChecks } from "./repository-preparation.ts";
import type { PermissionCheckName, PreparedBoard, RepositoryPreparation, RepositoryProbe } from "./repository-preparation.ts";

type Operation = keyof RepositoryPreparation;

/** A board as the tests may find or change it. */
export interface InMemoryBoard {
  readonly ref: BoardRef;
  /** The repository the mesh made it for; null when a person made it. */
  readonly madeFor: ProjectKey | null;
  columns: string[];
  fields: string[];
  automations: string[];
}

/** A repository before and while it is prepared; a test changes what it likes. */
export interface InMemoryPreparedRepository {
  profile: ProjectProfile;
  ownerKind: "organization" | "user";
  private: boolean;
  archived: boolean;
  hasIssues: boolean;
  /** Paths on the default branch. */
  readonly files: Set<string>;
  /** Branch → its pull request and the files it brings. */
  readonly proposals: Map<string, { number: number; url: string; files: Readonly<Record<string, string>> }>;
}

/** For tests of what stands on it: keeps repositories and boards, makes any check fail when told, counts writes. */
export interface InMemoryPreparation extends RepositoryPreparation {
  addRepository(
    profile: ProjectProfile,
    facts?: Partial<Pick<InMemoryPreparedRepository, "ownerKind" | "private" | "archived" | "hasIssues">>,
  ): InMemoryPreparedRepository;
  /** A board that a person made, for adopting. */
  addBoard(owner: string, board: { columns: readonly string[]; automations?: readonly string[] }): InMemoryBoard;
  readonly boards: readonly InMemoryBoard[];
  /** The check comes out so from now on; `works` mends it. */
  setCheck(name: PermissionCheckName, result: "works" | "degraded" | "missing"): void;
  /** What was really changed, oldest first. */
  readonly writes: readonly { readonly operation: Operation; readonly about: string }[];
  /** The next calls of the operation fail, one by one; with `after` they are carried out first and only the answer is lost. */
  failNext(operation: Operation, error: ClientError, options?: { readonly after?: boolean; readonly times?: number }): void;
}

const boardFields = ["Session", "Agent", "Run", "Priority"];

export function createInMemoryPreparation(): InMemoryPreparation {
  const repositories = new Map<ProjectName, InMemoryPreparedRepository>();
  const boards: InMemoryBoard[] = [];
  const checks = new Map<PermissionCheckName, "degraded" | "missing">();
  const writes: { operation: Operation; about: string }[] = [];
  const faults: { operation: Operation; error: ClientError; after: boolean; left: number }[] = [];

  async function acting<T>(operation: Operation, act: () => T): Promise<T> {
    const fault = faults.find((each) => each.operation === operation && each.left > 0);
    if (fault) fault.left -= 1;
    if (fault && !fault.after) throw fault.error;
    const result = act();
    if (fault) throw fault.error;
    return result;
  }

  function repositoryOf(name: ProjectName): InMemoryPreparedRepository {
    return repositories.get(name) ?? missing(`repository ${name}`);
  }

  function boardAt({ owner, number }: { owner: string; number: number }): InMemoryBoard {
    const found = boards.find(({ ref }) => ref.owner.toLowerCase() === owner.toLowerCase() && ref.number === number);
    return found ?? missing(`board ${owner}/${number}`);
  }

  function makeBoard(
    owner: string,
    ownerKind: BoardRef["ownerKind"],
    madeFor: ProjectKey | null,
    columns: readonly string[],
  ): InMemoryBoard {
    const number = boards.filter(({ ref }) => ref.owner === owner).length + 1;
    const url = `https://github.test/${ownerKind === "organization" ? "orgs" : "users"}/${owner}/projects/${number}`;
    const observedBy = ownerKind === "organization" ? "webhook" : "poll";
    const ref: BoardRef = { id: `PVT_${owner}_${number}`, number, url, owner, ownerKind, observedBy };
    const board: InMemoryBoard = { ref, madeFor, columns: [...columns], fields: [], automations: [] };
    boards.push(board);
    return board;
  }

  function checkOf(name: PermissionCheckName, repository: InMemoryPreparedRepository): RepositoryProbe["checks"][number] {
    const facts = { "repository-not-archived": !repository.archived, "issues-enabled": repository.hasIssues };
    const known = Object.entries(facts).find(([fact]) => fact === name)?.[1] ?? true;
    const result = checks.get(name) ?? (known ? "works" : "missing");
    const detail = `${name} ${result}`;
    return result === "works" ? { name, result, detail } : { name, result, detail, fix: `mend ${name}` };
  }

  return {
    boards,
    writes,
    setCheck: (name, result) => void (result === "works" ? checks.delete(name) : checks.set(name, result)),
    failNext: (operation, error, { after = false, times = 1 } = {}) => void faults.push({ operation, error, after, left: times }),
    addRepository(profile, facts = {}) {
      const ownerKind = profile.board?.ownerKind ?? "organization";
      const repository: InMemoryPreparedRepository = {
        profile,
        ownerKind,
        private: false,
        archived: false,
        hasIssues: true,
        ...facts,
        files: new Set(["README.md"]),
        proposals: new Map(),
      };
      repositories.set(profile.name, repository);
      return repository;
    },
    addBoard(owner, { columns, automations = [] }) {
      const ownerKind = [...repositories.values()].find(({ profile }) => profile.name.startsWith(`${owner}/`))?.ownerKind ?? "organization";
      const board = makeBoard(owner, ownerKind, null, columns);
      board.automations = [...automations];
      return board;
    },

    probe: (name, named) =>
      acting("probe", () => {
        const repository = repositoryOf(name);
        const board = named ? boardAt(named) : boards.find(({ madeFor }) => madeFor === repository.profile.key);
        const observable = !checks.has("organization-webhooks-write") && repository.ownerKind === "organization";
        return {
          profile: { ...repository.profile, board: board?.ref ?? null },
          ownerKind: repository.ownerKind,
          private: repository.private,
          archived: repository.archived,
          hasIssues: repository.hasIssues,
          checks: permissionChecks
            .filter((check) => check !== "organization-webhooks-write" || repository.ownerKind === "organization")
            .map((check) => checkOf(check, repository)),
          observedBy: observable ? "webhook" : "poll",
        } satisfies RepositoryProbe;
      }),
    rootFiles: (profile) => acting("rootFiles", () => namesInRoot(repositoryOf(profile.name).files)),
    ensureBoard: (profile, { board: named, columns }) =>
      acting("ensureBoard", () => {
        const repository = repositoryOf(profile.name);
        const [owner = ""] = profile.name.split("/");
        const earlier = named ? boardAt(named) : boards.find(({ madeFor }) => madeFor === profile.key);
        const board = earlier ?? makeBoard(owner, repository.ownerKind, profile.key, columns);
        if (!earlier) writes.push({ operation: "ensureBoard", about: `board ${board.ref.owner}/${board.ref.number}` });
        const madeFields = boardFields.filter((field) => !board.fields.includes(field));
        for (const field of madeFields) writes.push({ operation: "ensureBoard", about: `field ${field}` });
        board.fields.push(...madeFields);
        const made = board.madeFor !== null;
        const automations = [...board.automations];
        if (made) board.automations = [];
        const there = new Set(board.columns.map((column) => column.toLowerCase()));
        return {
          board: board.ref,
          made,
          missingColumns: columns.filter((column) => !there.has(column.toLowerCase())),
          columns: [...board.columns],
          madeFields,
          automations,
        } satisfies PreparedBoard;
      }),
    proposeFiles: (profile, { branch, decides, files }) =>
      acting("proposeFiles", () => {
        const repository = repositoryOf(profile.name);
        if (repository.files.size === 0) throw fault("refused", `${profile.name} is empty; push a first commit`);
        if (repository.files.has(decides)) return { state: "present" as const, pullRequest: null, path: decides };
        const earlier = repository.proposals.get(branch);
        if (earlier) return { state: "proposed" as const, pullRequest: { number: earlier.number, url: earlier.url }, path: decides };
        const number = 100 + repository.proposals.size;
        const url = `https://github.test/${profile.name}/pull/${number}`;
        repository.proposals.set(branch, { number, url, files });
        writes.push({ operation: "proposeFiles", about: branch });
        return { state: "proposed" as const, pullRequest: { number, url }, path: decides };
      }),
  };
}

function namesInRoot(files: ReadonlySet<string>): string[] {
  const names = [...files].map((path) => (path.includes("/") ? path.slice(0, path.indexOf("/") + 1) : path));
  return [...new Set(names)].toSorted();
}

function fault(code: ClientError["code"], message: string): ClientError {
  return new ClientError("GitHub", message, { code, retryable: false });
}

function missing(what: string): never {
  throw fault("not-found", `there is no ${what}`);
}
