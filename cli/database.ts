import type { Command } from "commander";
import { localVerb, verbGroup } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { usage } from "./failure.ts";
import { Output } from "./output.ts";

interface Flags {
  url?: string;
  fetchEndpoint?: string;
  json?: true;
}

/** `mesh db migrate|check`: the read model's schema on Neon. */
export function addDatabase(program: Command): void {
  const group = verbGroup(program, "db", "the read model's schema");
  const verb = (name: string, summary: string): Command =>
    localVerb(group, name, summary)
      .option("--url <postgres url>", "the database; DATABASE_URL when left out")
      .option("--fetch-endpoint <url>", "another HTTP endpoint of the Neon driver; DATABASE_FETCH_ENDPOINT when left out");
  verb("migrate", "apply the migrations that are missing").action(async (flags: Flags) => {
    const out = new Output(flags.json === true);
    // The driver is slow to load, and no other verb needs it.
    const { migrate } = await import("../drizzle/migrate.ts");
    const applied = await migrate(...target(flags));
    out.answer({ applied }, () =>
      out.line(applied === 0 ? "Nothing to do: the schema is up to date." : `${applied} migration${applied === 1 ? "" : "s"} applied.`),
    );
  });
  verb("check", "say what is missing or differs; exit code 1 when anything does").action(async (flags: Flags) => {
    const out = new Output(flags.json === true);
    const { check } = await import("../drizzle/migrate.ts");
    const state = await check(...target(flags));
    const { pending, drift } = state;
    out.answer(state, () => {
      for (const name of pending) out.line(`${out.colours.yellow("pending")}  ${name}`);
      for (const difference of drift) out.line(`${out.colours.red("differs")}  ${difference}`);
      if (pending.length + drift.length === 0) out.line("The schema is up to date.");
      else if (pending.length > 0) out.line("\nmesh db migrate applies what is pending.");
    });
    if (pending.length + drift.length > 0) process.exitCode = exitCodes.failed;
  });
}

function target(flags: Flags): [string, string | undefined] {
  const url = flags.url ?? process.env["DATABASE_URL"];
  if (!url) throw usage("No database: give --url, or set DATABASE_URL.");
  return [url, flags.fetchEndpoint ?? process.env["DATABASE_FETCH_ENDPOINT"]];
}
