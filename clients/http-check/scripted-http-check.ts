import type { CheckRequest, CheckResult, HttpCheck } from "./http-check.ts";

/** An HttpCheck for tests: answers from its table by address, and keeps what was asked. */
export interface ScriptedHttpCheck extends HttpCheck {
  readonly asked: readonly CheckRequest[];
  /** The next answers for an address; the last one stays. */
  answer(url: string, ...results: readonly CheckResult[]): void;
}

export function createScriptedHttpCheck(): ScriptedHttpCheck {
  const asked: CheckRequest[] = [];
  const answers = new Map<string, CheckResult[]>();
  return {
    asked,
    answer(url, ...results) {
      answers.set(url, [...results]);
    },
    async check(request) {
      asked.push(request);
      const [next, ...later] = answers.get(request.url) ?? [];
      if (!next) return { healthy: false, detail: "cannot be reached" };
      if (later.length > 0) answers.set(request.url, later);
      return next;
    },
  };
}
