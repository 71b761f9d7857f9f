import { Parser } from "tap-parser";
import { failureNamed, type TestReport } from "../core/inbound/test-report.ts";

/** Reads the Test Anything Protocol (https://testanything.org) out of a program's output; undefined when there is none in it. Subtests count, their parents do not. */
export function parseTap(output: string): TestReport | undefined {
  if (!/^(?:TAP version 1[34]|1\.\.\d+)\s*$/m.test(output) || !/^\s*(?:not )?ok\b/m.test(output)) return undefined;
  let [passed, failed, skipped] = [0, 0, 0];
  const failures: ReturnType<typeof failureNamed>[] = [];
  const parser = new Parser({ flat: true });
  parser.on("assert", (test: { ok: boolean; name: string; fullname?: string; skip?: unknown; todo?: unknown; diag?: unknown }) => {
    if (test.skip !== undefined && test.skip !== false) skipped += 1;
    else if (test.ok || (test.todo !== undefined && test.todo !== false)) passed += 1;
    else {
      failed += 1;
      const diagnosis = typeof test.diag === "object" && test.diag !== null ? (test.diag as Record<string, unknown>) : {};
      const message = diagnosis["error"] ?? diagnosis["message"] ?? "";
      if (failures.length < 50) failures.push(failureNamed(test.name, typeof message === "string" ? message : JSON.stringify(message)));
    }
  });
  parser.end(output);
  if (passed + failed + skipped === 0) return undefined;
  return { format: "tap", counts: { passed, failed, skipped }, failures };
}
