import type { ClientError } from "../client-error.ts";
import type { ProjectName } from "../../core/ids.ts";
import type { ModelBudget } from "./model-budget.ts";

/** A ModelBudget for tests: keeps one key per project, as a gateway does, and fails when told to. */
export interface InMemoryModelBudget extends ModelBudget {
  /** The key that is valid now; undefined when there is none. */
  keyOf(project: ProjectName): string | undefined;
  spent(project: ProjectName, usd: number): void;
  /** The next calls fail with this, one after the other. */
  failNext(...errors: readonly ClientError[]): void;
}

export function createInMemoryModelBudget(): InMemoryModelBudget {
  const projects = new Map<ProjectName, { limitUsd: number | null; spentUsd: number; key?: string }>();
  const failures: ClientError[] = [];
  let count = 0;
  const acting = () => {
    const failure = failures.shift();
    if (failure) throw failure;
  };
  const stateOf = (project: ProjectName) => {
    const known = projects.get(project);
    return known && { alias: `mesh-six/${project}`, baseUrl: "https://models.test", limitUsd: known.limitUsd, spentUsd: known.spentUsd };
  };
  return {
    kind: "litellm",
    keyOf: (project) => projects.get(project)?.key,
    spent: (project, usd) => void projects.set(project, { limitUsd: null, ...projects.get(project), spentUsd: usd }),
    failNext: (...errors) => void failures.push(...errors),
    async ensure(project, { usd, kept }) {
      acting();
      const before = projects.get(project);
      const made = before?.key === undefined || !kept ? `sk-made-${(count += 1)}` : null;
      const key = made ?? before?.key ?? "";
      const limitUsd = usd ?? before?.limitUsd ?? null;
      projects.set(project, { limitUsd, spentUsd: before?.spentUsd ?? 0, key });
      return {
        alias: `mesh-six/${project}`,
        baseUrl: "https://models.test",
        limitUsd,
        spentUsd: before?.spentUsd ?? 0,
        key: made,
      };
    },
    async limit(project, usd) {
      acting();
      const before = projects.get(project);
      if (before) projects.set(project, { ...before, limitUsd: usd });
    },
    async spend(project) {
      acting();
      return stateOf(project) ?? null;
    },
    async remove(project) {
      acting();
      projects.delete(project);
    },
  };
}
