import type { Command } from "commander";
import pc from "picocolors";
import { check, migrate } from "../drizzle/migrate.ts";

interface Flags {
  url?: string;
  fetchEndpoint?: string;
}

/** `mesh db migrate|check`: the read model's schema on Neon. */
export function addDatabase(program: Command): void {
  const database = program.command("db").description("the read model's schema");
  const withDatabase = (name: string, description: string): Command =>
    database
      .command(name)
      .description(description)
      .option("--url <postgres url>", "the database; DATABASE_URL when left out")
      .option("--fetch-endpoint <url>", "another HTTP endpoint of the Neon driver; DATABASE_FETCH_ENDPOINT when left out");
  withDatabase("migrate", "apply the migrations that are missing").action(async (flags: Flags) => {
    const applied = await migrate(...target(flags));
    console.log(applied === 0 ? "Nothing to do: the schema is up to date." : `${applied} migration${applied === 1 ? "" : "s"} applied.`);
  });
  withDatabase("check", "say what is missing or differs; exit code 1 when anything does").action(async (flags: Flags) => {
    const { pending, drift } = await check(...target(flags));
    for (const name of pending) console.log(`${pc.yellow("pending")}  ${name}`);
    for (const difference of drift) console.log(`${pc.red("differs")}  ${difference}`);
    if (pending.length + drift.length === 0) console.log("The schema is up to date.");
    else {
      if (pending.length > 0) console.log("\nmesh db migrate applies what is pending.");
      process.exitCode = 1;
    }
  });
}

function target(flags: Flags): [string, string | undefined] {
  const url = flags.url ?? process.env.DATABASE_URL;
  if (!url) throw new Error("no database: give --url or set DATABASE_URL");
  return [url, flags.fetchEndpoint ?? process.env.DATABASE_FETCH_ENDPOINT];
}
