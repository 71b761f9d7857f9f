import type { Command } from "commander";
import { localVerb, verbGroup } from "./command.ts";
import { databaseOf, type DatabaseFlags } from "./database-flags.ts";
import { exitCodes } from "./exit-codes.ts";
import { Output } from "./output.ts";
import { addReplay } from "./replay.ts";

/** `mesh db migrate|check|replay`: the read model on Neon. */
export function addDatabase(program: Command): void {
  const group = verbGroup(program, "db", "the read model: its schema, and filling it from the archive");
  const verb = (name: string, summary: string): Command =>
    localVerb(group, name, summary)
      .option("--url <postgres url>", "the database; DATABASE_URL when left out")
      .option("--fetch-endpoint <url>", "another HTTP endpoint of the Neon driver; DATABASE_FETCH_ENDPOINT when left out");
  verb("migrate", "apply the migrations that are missing").action(async (flags: DatabaseFlags) => {
    const out = new Output(flags.json === true);
    // The driver is slow to load, and no other verb needs it.
    const { migrate } = await import("../drizzle/migrate.ts");
    const applied = await migrate(...databaseOf(flags));
    out.answer({ applied }, () =>
      out.line(applied === 0 ? "Nothing to do: the schema is up to date." : `${applied} migration${applied === 1 ? "" : "s"} applied.`),
    );
  });
  verb("check", "say what is missing or differs; exit code 1 when anything does").action(async (flags: DatabaseFlags) => {
    const out = new Output(flags.json === true);
    const { check } = await import("../drizzle/migrate.ts");
    const state = await check(...databaseOf(flags));
    const { pending, drift } = state;
    out.answer(state, () => {
      for (const name of pending) out.line(`${out.colours.yellow("pending")}  ${name}`);
      for (const difference of drift) out.line(`${out.colours.red("differs")}  ${difference}`);
      if (pending.length + drift.length === 0) out.line("The schema is up to date.");
      else if (pending.length > 0) out.line("\nmesh db migrate applies what is pending.");
    });
    if (pending.length + drift.length > 0) process.exitCode = exitCodes.failed;
  });
  addReplay(verb("replay", "fill a new read model, or a gap in one, from the journals' archive"));
}
