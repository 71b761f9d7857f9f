import type { Effect, EffectResult } from "../../core/effects.ts";
import type { CardObservation, PullRequestObservation } from "../../core/inputs.ts";
import { cardAt } from "./scripted-run.ts";

export interface SimulatedPull {
  readonly number: number;
  readonly branch: string;
  state: "open" | "closed";
  merged: boolean;
  mergedSha: string | null;
  checks: "none" | "pending" | "green" | "red";
  reviews: string[];
  readonly issue: number;
}

/** A board with its issues, branches and pull requests, as far as the mesh sees them. Everything it is told is done at once. */
export class SimulatedGitHub {
  readonly cards = new Map<number, CardObservation>();
  readonly branches = new Map<string, { sha: string; commits: number }>();
  readonly pulls: SimulatedPull[] = [];
  readonly comments: { issue: number; marker: string }[] = [];
  healthy = true;
  #numbers = 100;

  constructor(issues: readonly number[]) {
    for (const issue of issues) this.cards.set(issue, cardAt("Todo", { issue, itemId: `PVTI_${issue}`, observedAt: 0 }));
  }

  card(issue: number): CardObservation {
    const card = this.cards.get(issue);
    if (!card) throw new Error(`no card ${issue}`);
    return card;
  }

  change(issue: number, change: Partial<CardObservation>): void {
    this.cards.set(issue, { ...this.card(issue), ...change });
  }

  openPulls(issue: number): SimulatedPull[] {
    return this.pulls.filter((pull) => pull.issue === issue && pull.state === "open");
  }

  headOf(pull: SimulatedPull): string {
    return this.branches.get(pull.branch)?.sha ?? "0".repeat(40);
  }

  observe(pull: SimulatedPull, at: number): PullRequestObservation {
    return {
      number: pull.number,
      url: `https://github.test/pull/${pull.number}`,
      branch: pull.branch,
      state: pull.state,
      merged: pull.merged,
      mergedBy: pull.merged ? "ann" : null,
      mergeCommit: pull.mergedSha,
      headSha: this.headOf(pull),
      commits: this.branches.get(pull.branch)?.commits ?? 0,
      mergeable: "yes",
      checks: pull.checks,
      failingChecks: pull.checks === "red" ? [{ name: "ci", summary: "broken" }] : [],
      changesRequested: pull.reviews.map((id) => ({ id, author: "bob", body: "name it better" })),
      observedAt: at,
    };
  }

  merge(pull: SimulatedPull): void {
    if (pull.state === "closed") return;
    Object.assign(pull, { state: "closed", merged: true, mergedSha: this.headOf(pull) });
  }

  push(branch: string, sha: string): void {
    const before = this.branches.get(branch);
    if (before?.sha !== sha) this.branches.set(branch, { sha, commits: (before?.commits ?? 0) + 1 });
    for (const pull of this.pulls) if (pull.branch === branch && pull.state === "open" && pull.checks !== "none") pull.checks = "pending";
  }

  /** Carries out an effect; twice makes nothing twice. `refusal` picks another answer where GitHub has one. */
  perform(effect: Effect, refusal: number): EffectResult {
    switch (effect.kind) {
      case "move-card":
        for (const [issue, card] of this.cards) {
          if (card.itemId !== effect.itemId) continue;
          if (card.column !== effect.columnName && !effect.from.includes(card.column))
            return { kind: "card-elsewhere", column: card.column };
          this.cards.set(issue, { ...card, column: effect.columnName });
        }
        return { kind: "card-moved" };
      case "comment":
        if (!this.comments.some(({ marker }) => marker === effect.marker))
          this.comments.push({ issue: effect.issue, marker: effect.marker });
        return { kind: "commented", url: "https://github.test/c" };
      case "open-pull-request": {
        if (refusal === 1) return { kind: "pull-request-refused", because: "refused", message: "no" };
        const head = this.branches.get(effect.branch);
        if (!head) return { kind: "pull-request-refused", because: "branch-missing", message: "no branch" };
        let pull = this.pulls.find((one) => one.branch === effect.branch && one.state === "open");
        if (!pull) {
          pull = {
            number: ++this.#numbers,
            branch: effect.branch,
            state: "open",
            merged: false,
            mergedSha: null,
            checks: "pending",
            reviews: [],
            issue: effect.issue ?? 0,
          };
          this.pulls.push(pull);
        }
        return { kind: "pull-request-open", number: pull.number, url: "https://github.test/p", headSha: head.sha };
      }
      case "close-pull-request":
        for (const pull of this.pulls) if (pull.branch === effect.branch && pull.state === "open") pull.state = "closed";
        return { kind: "done" };
      case "merge-pull-request": {
        const pull = this.pulls.find(({ number }) => number === effect.number);
        if (pull?.merged) return { kind: "merged", sha: pull.mergedSha ?? "" };
        if (!pull || pull.state === "closed") return { kind: "merge-refused", because: "closed", message: "closed" };
        if (this.headOf(pull) !== effect.sha) return { kind: "merge-refused", because: "head-moved", message: "moved" };
        const refused = ([undefined, "conflict", "protected", "base-moved"] as const)[refusal];
        if (refused) return { kind: "merge-refused", because: refused, message: "no" };
        this.merge(pull);
        return { kind: "merged", sha: pull.mergedSha ?? "" };
      }
      case "open-bug-issue":
        return { kind: "issue-open", number: ++this.#numbers, url: "https://github.test/i" };
      case "close-issue":
        this.change(effect.issue, { state: "closed" });
        return { kind: "done" };
      case "check-health":
        return { kind: "health", healthy: this.healthy && refusal !== 1, detail: "" };
      default:
        return { kind: "done" };
    }
  }
}
