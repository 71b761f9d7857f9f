import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { agentVariables } from "./agent-env.ts";

let dir: string;
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "agent-env-"))));
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("the file is read each time, what was given at the start goes before it, and a file others may read is not used", () => {
  const [file, logged] = [join(dir, "agent.env"), [] as string[]];
  const read = () => agentVariables({ GIVEN: "1" }, file, (_, message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`));
  expect(read()).toEqual({ GIVEN: "1" });
  writeFileSync(file, "GIVEN=2\nCLAUDE_CODE_OAUTH_TOKEN=secret-of-the-test\n# a comment\n", { mode: 0o600 });
  expect(read()).toEqual({ GIVEN: "1", CLAUDE_CODE_OAUTH_TOKEN: "secret-of-the-test" });
  expect(logged).toEqual([]);
  chmodSync(file, 0o644);
  expect(read()).toEqual({ GIVEN: "1" });
  expect(logged.join()).toContain("chmod 600");
  expect(logged.join()).not.toContain("secret-of-the-test");
});
