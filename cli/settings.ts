import type { Command } from "commander";
import { meshVerb, onMesh, verbGroup, collect } from "./command.ts";
import { usage } from "./failure.ts";
import type { Output } from "./output.ts";
import { changesOf } from "./setting-changes.ts";

/** One setting: its path, and its value as JSON. */
export interface SettingRow {
  readonly path: string;
  readonly value: unknown;
}

/** Settings one by one, in their order: `budget.perIssueUsd`. */
export function settingRows(settings: object, under = ""): SettingRow[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const path = under === "" ? key : `${under}.${key}`;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? settingRows(value, path) : [{ path, value }];
  });
}

/** What was set, or with `policy` everything that holds and which of it was set here. */
export function showSettings(out: Output, overrides: object, nothing: string, policy?: object): void {
  const set = settingRows(overrides);
  const paths = new Set(set.map(({ path }) => path));
  const isSet = ({ path }: SettingRow): boolean => paths.has(path);
  out.table(
    policy === undefined ? set : settingRows(policy),
    [
      { head: "setting", of: ({ path }) => path, paint: (text, row) => (isSet(row) ? out.colours.bold(text) : text) },
      { head: "value", of: ({ value }) => (typeof value === "string" ? value : JSON.stringify(value)), least: 16 },
      ...(policy === undefined ? [] : [{ head: "set", of: (row: SettingRow) => (isSet(row) ? "here" : "") }]),
    ],
    nothing,
  );
}

/** `mesh settings`: what holds for every project that sets nothing of its own. */
export function addSettings(program: Command): void {
  const group = verbGroup(program, "settings", "settings for every project that has none of its own");
  meshVerb(group, "show", "every setting with its value; those set here are marked")
    .argument("[section]", "only those whose path begins with this")
    .option("--set-only", "only what was set")
    .action(
      onMesh(async ({ api, out }, section: string | undefined, flags: { setOnly?: true }) => {
        const shown = await api.settings();
        out.answer(shown, () => {
          const within = (settings: object): object =>
            section === undefined
              ? settings
              : Object.fromEntries(Object.entries(settings).filter(([key]) => key.startsWith(section.split(".")[0] ?? "")));
          const policy = within(shown.policy ?? {});
          if (section !== undefined && Object.keys(policy).length === 0)
            throw usage(`No setting begins with ${section}.`, "mesh settings show");
          showSettings(out, within(shown.overrides), "Nothing is set: every default holds.", flags.setOnly ? undefined : policy);
        });
      }),
    );
  meshVerb(group, "set", "change settings: merge=auto budget.perIssueUsd=2; setting= goes back to the default")
    .argument("[setting=value...]")
    .option("--unset <setting>", "go back to the default (repeatable)", collect)
    .option("--file <file>", "a JSON object of settings, @file or -")
    .action(
      onMesh(async ({ api, out }, pairs: readonly string[], flags: { unset?: string[]; file?: string }) => {
        const shown = await api.setSettings(changesOf(pairs, flags));
        out.answer(shown, () => showSettings(out, shown.overrides, "Nothing is set: every default holds."));
      }),
    );
}
