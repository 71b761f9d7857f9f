import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { createProgram } from "./program.ts";

const docs = readFileSync(new URL("../docs/cli.md", import.meta.url), "utf8");

/** `mesh agents list`, … with the flags of each. */
function verbsOf(command: Command, before: string): { verb: string; flags: string[] }[] {
  return command.commands
    .filter((one) => !["help", "complete"].includes(one.name()))
    .flatMap((one) => {
      const verb = `${before} ${one.name()}`;
      const own = one.commands.length === 0 || one.options.length > 0 ? [{ verb, flags: one.options.map(({ long }) => long ?? "") }] : [];
      return [...own, ...verbsOf(one, verb)];
    });
}

test("docs/cli.md tells every verb, every flag and every exit code", async () => {
  const verbs = verbsOf(await createProgram(() => undefined), "mesh");
  expect(verbs.length).toBeGreaterThan(60);
  const common = ["--json", "--url", "--token-file", "--profile", "--limit", "--cursor", "--all"];
  const untold = verbs.flatMap(({ verb, flags }) => [
    ...(docs.includes(`\`${verb}`) ? [] : [verb]),
    ...flags.filter((flag) => !common.includes(flag) && !docs.includes(flag)).map((flag) => `${verb} ${flag}`),
  ]);
  expect(untold).toEqual([]);
  for (const flag of common) expect(docs).toContain(`\`${flag}`);
  for (const code of Object.values(exitCodes)) expect(docs).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
});
