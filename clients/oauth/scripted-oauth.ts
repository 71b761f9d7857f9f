import type { RefreshedTokens, RefreshGrant } from "../../core/credentials/credential.ts";
import type { ClientError } from "../client-error.ts";
import type { OAuth } from "./oauth.ts";

/** An OAuth for tests: gives what the test has put in, one after the other, and keeps what was asked. */
export interface ScriptedOAuth extends OAuth {
  readonly asked: readonly RefreshGrant[];
  give(...answers: readonly (RefreshedTokens | ClientError | Promise<RefreshedTokens>)[]): void;
}

export function createScriptedOAuth(): ScriptedOAuth {
  const asked: RefreshGrant[] = [];
  const answers: (RefreshedTokens | ClientError | Promise<RefreshedTokens>)[] = [];
  return {
    asked,
    give: (...more) => void answers.push(...more),
    async refresh(grant) {
      asked.push(grant);
      const answer = answers.shift();
      if (answer === undefined) throw new Error("the test has no answer for this refresh");
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}
