import { parseLength, renderLength } from "./length-text.ts";

/** The part of JSON Schema that the policy's schema (`GET /settings/schema`) is made of. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** How a setting is put down: `length` is a length of time, `names` a list by commas, `topics` one `person: topic` a line. */
export type FieldKind = "number" | "length" | "choice" | "flag" | "text" | "time" | "names" | "topics";

/** One setting of the form. */
export interface Field {
  /** `budget.perIssueUsd` */
  readonly path: string;
  readonly label: string;
  readonly kind: FieldKind;
  readonly about: string;
  readonly choices: readonly string[];
  readonly whole: boolean;
  readonly least: number | undefined;
  readonly most: number | undefined;
  /** Nothing put down means null. */
  readonly nullable: boolean;
  /** What holds where nobody has set it. */
  readonly fallback: unknown;
}

export interface Section {
  /** Empty for settings that are in no section. */
  readonly name: string;
  readonly title: string;
  readonly fields: readonly Field[];
}

/** The form's sections in the schema's order, those without a section first. */
export function sectionsOf(schema: Schema): readonly Section[] {
  const entries = Object.entries(schema.properties ?? {});
  const isSection = ({ type }: Schema) => type === "object";
  const general = entries.filter(([, one]) => !isSection(one)).map(([key, one]) => fieldOf(key, key, one));
  const named = entries
    .filter(([, one]) => isSection(one))
    .map(([name, one]) => ({
      name,
      title: words(name),
      fields: Object.entries(one.properties ?? {}).map(([key, field]) => fieldOf(`${name}.${key}`, key, field)),
    }));
  return [{ name: "", title: "General", fields: general }, ...named];
}

function fieldOf(path: string, key: string, given: Schema): Field {
  const schema = given.anyOf?.find(({ type }) => type !== "null") ?? given;
  const kind = kindOf(key, schema);
  return {
    path,
    label: words(kind === "length" ? key.replace(/Ms$/, "") : key),
    kind,
    about: given.description ?? "",
    choices: schema.enum ?? [],
    whole: schema.type === "integer",
    least: schema.minimum,
    most: schema.maximum,
    nullable: given.anyOf !== undefined,
    fallback: given.default ?? null,
  };
}

function kindOf(key: string, { type, enum: choices, pattern, items }: Schema): FieldKind {
  if (choices) return "choice";
  if (type === "boolean") return "flag";
  if (type === "integer" && key.endsWith("Ms")) return "length";
  if (type === "integer" || type === "number") return "number";
  if (type === "array") return items?.type === "object" ? "topics" : "names";
  return pattern?.includes("[01]\\d") ? "time" : "text";
}

const acronyms: Readonly<Record<string, string>> = { qa: "QA", usd: "(US $)", url: "URL", utc: "UTC", github: "GitHub" };

/** `perIssueUsd` → `Per issue (US $)`. */
export function words(key: string): string {
  const text = key
    .replaceAll(/([A-Z])/g, " $1")
    .toLowerCase()
    .split(" ")
    .map((word) => acronyms[word] ?? word)
    .join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A setting's value as it is put down in the form. */
export function renderValue({ kind }: Pick<Field, "kind">, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (kind === "length") return renderLength(Number(value));
  if (kind === "names") return (value as readonly string[]).join(", ");
  if (kind === "topics") return (value as readonly Topic[]).map(({ person, topic }) => `${person}: ${topic}`).join("\n");
  return String(value);
}

/** A setting's value as people read it; `none` when there is nothing. */
export function sayValue(field: Pick<Field, "kind">, value: unknown): string {
  if (field.kind === "flag") return value === true ? "yes" : "no";
  const text = renderValue(field, value).replaceAll("-", " ");
  return text === "" ? "none" : text;
}

interface Topic {
  readonly person: string;
  readonly topic: string;
}

/** What was put down as a value; a string says what is wrong with it. Ranges are the mesh's to check. */
export function parseValue(field: Field, text: string): { readonly value: unknown } | string {
  const put = text.trim();
  switch (field.kind) {
    case "flag":
      return { value: put === "true" };
    case "number": {
      if (put === "" && field.nullable) return { value: null };
      const number = Number(put);
      if (put === "" || !Number.isFinite(number)) return "a number is needed";
      return field.whole && !Number.isInteger(number) ? "a whole number is needed" : { value: number };
    }
    case "length": {
      const ms = parseLength(put);
      return ms === undefined ? "a length of time is needed, like 10 min or 1.5 h" : { value: ms };
    }
    case "names":
      return { value: put.split(/[,\n]/).flatMap((name) => name.trim() || []) };
    case "topics":
      return topicsOf(put);
    default:
      return { value: put === "" && field.nullable ? null : put };
  }
}

function topicsOf(text: string): { readonly value: readonly Topic[] } | string {
  const lines = text.split("\n").flatMap((line) => line.trim() || []);
  const topics = lines.map((line) => /^(.+?)\s*:\s*(\S+)$/.exec(line));
  if (topics.includes(null)) return "one “person: topic” a line is needed";
  return { value: topics.flatMap((found) => (found ? [{ person: found[1] ?? "", topic: found[2] ?? "" }] : [])) };
}

/** The value at a path like `budget.perIssueUsd`; undefined where nothing is set. */
export function valueAt(values: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], values);
}

/** A change of settings as the API takes it, section by section. */
export function patchOf(changes: readonly (readonly [path: string, value: unknown])[]): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const [path, value] of changes) {
    const [name = "", key] = path.split(".");
    if (key === undefined) patch[name] = value;
    else patch[name] = { ...(patch[name] as object | undefined), [key]: value };
  }
  return patch;
}

/** What a setting may be, in words: `1 – 100`, `1 min – 7 d`; empty when anything may. */
export function rangeOf({ kind, least, most }: Field): string {
  if (least === undefined || most === undefined || (kind !== "number" && kind !== "length")) return "";
  const render = kind === "length" ? renderLength : (value: number) => value.toLocaleString("en");
  return `${render(least)} – ${render(most)}`;
}
