import { secondMs } from "../../core/time.ts";
import type { Database } from "../../drizzle/database.ts";
import { bestLearnings } from "../../drizzle/queries/best-learnings.ts";
import { errorText, log } from "../../platform/log.ts";
import type { BuiltInTools } from "./work-built-in.ts";

const timeLimitMs = 1.5 * secondMs;

/** The architect's memory over the read model. With the database away, not migrated or slower than 1.5 s it remembers nothing. */
export function createRecall(openDatabase: () => Database): BuiltInTools["recall"] {
  return async (project, text) => {
    const { promise: tooLate, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`no answer within ${timeLimitMs} ms`)), timeLimitMs);
    try {
      return await Promise.race([bestLearnings(openDatabase(), { project, text }), tooLate]);
    } catch (error) {
      log("warn", "the architect does without what was learned", { project, error: errorText(error) });
      return [];
    } finally {
      clearTimeout(timer);
    }
  };
}
