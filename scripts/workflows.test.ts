import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), ".github/workflows");
const workflows = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);

test.each(workflows)("%s pins its actions, keeps no credentials and may only read", (_name, text) => {
  const actions = [...text.matchAll(/uses: (\S+)(.*)/g)].filter(([, action]) => !action?.startsWith("./"));
  for (const [line] of actions) expect(line).toMatch(/@[0-9a-f]{40} # v\d/);
  expect(actions.length).toBeGreaterThan(0);
  expect(text.match(/actions\/checkout@/g)).toHaveLength(text.match(/persist-credentials: false/g)?.length ?? 0);
  expect([...text.matchAll(/^ *permissions:\n((?: +\S+: \S+\n)+)/gm)].map(([, granted]) => granted?.trim())).toContain("contents: read");
  expect(text).not.toMatch(/: write$/m);
  // What people type reaches a shell only through the environment.
  for (const [command] of text.matchAll(/run: .*/g)) expect(command).not.toContain("${{");
});

test("nothing is deployed before the tests have passed", () => {
  const deploy = workflows.find(([name]) => name === "deploy.yml")?.[1] ?? "";
  expect(deploy).toMatch(/ {2}test:\n {4}uses: \.\/\.github\/workflows\/ci\.yml/);
  expect(deploy).toMatch(/ {2}deploy:\n {4}needs: test/);
});
