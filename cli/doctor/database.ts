import { fine, missing, skipped, type Finding, type Subject } from "./finding.ts";

const subject: Subject = { name: "database", group: "settings", neededFor: ["deploy"] };
const limitMs = 20_000;

/** Whether the read model's database answers and has every migration; skipped without an address. */
export async function examineDatabase(values: NodeJS.Dict<string>): Promise<Finding> {
  const url = process.env["DATABASE_URL"] || values["DATABASE_URL"];
  const endpoint = process.env["DATABASE_FETCH_ENDPOINT"] || values["DATABASE_FETCH_ENDPOINT"] || undefined;
  if (!url) return skipped(subject, "DATABASE_URL is neither in the environment nor in the settings");
  const { check } = await import("../../drizzle/migrate.ts");
  try {
    const { pending, drift } = await Promise.race([check(url, endpoint), tooLate()]);
    if (pending.length > 0)
      return missing(
        subject,
        `${pending.length} migration${pending.length === 1 ? "" : "s"} not applied: ${pending.join(", ")}`,
        "mesh db migrate",
      );
    return drift.length > 0
      ? missing(subject, `differs from this version: ${drift.join("; ")}`, "mesh db check")
      : fine(subject, "answers, and has every migration");
  } catch (error) {
    // The driver's text may quote the address, which carries a password.
    const code = error instanceof Error ? (error.cause as { code?: unknown } | undefined)?.code : undefined;
    const why = error instanceof TooLate ? "does not answer in time" : `does not answer${typeof code === "string" ? ` (${code})` : ""}`;
    return missing(subject, why, "check DATABASE_URL: Neon console → project → connection string (pooled)");
  }
}

class TooLate extends Error {}

function tooLate(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new TooLate("too late")), limitMs).unref());
}
