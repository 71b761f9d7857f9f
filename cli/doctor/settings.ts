import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { parseSettings } from "../../platform/config.ts";
import { generatedKeys } from "../deploy/settings.ts";
import { fine, missing, skipped, warning, type Finding, type Subject } from "./finding.ts";

/** Where each setting comes from, by its name: the comments of `.dev.vars.example`. */
export type SettingHints = ReadonlyMap<string, string>;

/**
 * Reads the hints: a setting's are the comment right above it and the one that its paragraph begins with.
 */
export function settingHints(example: string): SettingHints {
  const hints = new Map<string, string>();
  for (const paragraph of example.split(/\n\s*\n/)) {
    let heading: string | undefined;
    let comment: string[] = [];
    let wasSetting = false;
    for (const line of paragraph.split("\n")) {
      const [, name] = /^([A-Z][A-Z0-9_]*)=/.exec(line) ?? [];
      if (line.startsWith("#")) {
        if (wasSetting) comment = [];
        comment.push(line.slice(1).trim());
      } else if (name !== undefined) {
        const own = comment.join(" ");
        heading ??= own;
        hints.set(name, own === heading ? own : `${own} ${heading}`.trim());
      }
      wasSetting = name !== undefined;
    }
  }
  return hints;
}

export function hintsOf(root: string): SettingHints {
  const path = join(root, ".dev.vars.example");
  return existsSync(path) ? settingHints(readFileSync(path, "utf8")) : new Map();
}

export interface SettingsOptions {
  readonly root: string;
  /** In the form of `.dev.vars`. */
  readonly file: string;
  /** The mesh has told that it has all it needs. */
  readonly meshIsReady: boolean;
}

/** The settings that a deployment is made with: each one missing or malformed, with where to get it. Values are never told. */
export function examineSettings({ root, file, meshIsReady }: SettingsOptions): Finding[] {
  const subject: Subject = { name: "settings-file", group: "settings", neededFor: ["deploy"] };
  const hints = hintsOf(root);
  if (!existsSync(file)) {
    if (meshIsReady) return [skipped(subject, `${file} is not there; the mesh has its settings already`)];
    const begin = missing(subject, `${file} is not there`, `cp ${join(root, ".dev.vars.example")} ${file}   and fill it in`);
    return [begin, ...faultsIn({}, hints)];
  }
  const values = parseEnv(readFileSync(file, "utf8"));
  const unknown = Object.keys(values)
    .filter((name) => hints.size > 0 && !hints.has(name))
    .map((name) =>
      warning(
        { ...subject, name: `setting ${name}` },
        "no setting has this name; is it misspelt?",
        `see ${join(root, ".dev.vars.example")}`,
      ),
    );
  const faults = faultsIn(values, hints);
  return [
    ...(faults.every(({ status }) => status !== "missing") ? [fine(subject, `${file} has all that is needed`)] : []),
    ...faults,
    ...unknown,
  ];
}

function faultsIn(values: NodeJS.Dict<string>, hints: SettingHints): Finding[] {
  const settings = parseSettings({ ...values });
  if (settings.ok) return [];
  return settings.error.map(({ path, message }) =>
    !values[path] && generatedKeys.includes(path as (typeof generatedKeys)[number])
      ? warning(
          { name: `setting ${path}`, group: "settings", neededFor: ["deploy"] },
          "not there: mesh deploy makes one",
          "mesh deploy --yes --save-keys <file>",
        )
      : settingFinding("settings", path, message, hints, ["deploy"]),
  );
}

/** A setting that is missing or malformed, with where it comes from. */
export function settingFinding(
  group: Finding["group"],
  name: string,
  message: string,
  hints: SettingHints,
  neededFor: Finding["neededFor"],
  ...fix: readonly string[]
): Finding {
  const hint = hints.get(name);
  return missing({ name: `setting ${name}`, group, neededFor }, message, ...(hint === undefined ? [] : [hint]), ...fix);
}
