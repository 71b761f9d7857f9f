import { z } from "zod";
import { type NtfyAction, randomId } from "./message.ts";
import { NtfyError } from "./ntfy-error.ts";

const MAX_ACTIONS = 3;

/** An action as given; which fields it needs is checked by {@link checkedActions}, as ntfy does. */
export const givenActionSchema = z.object({
  action: z.string().default(""),
  label: z.string().default(""),
  clear: z.boolean().default(false),
  url: z.string().optional(),
  method: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  intent: z.string().optional(),
  extras: z.record(z.string(), z.string()).optional(),
  value: z.string().optional(),
});
export type GivenAction = z.infer<typeof givenActionSchema>;

const KINDS = ["view", "broadcast", "http", "copy"] as const;

function complaint(action: GivenAction): string | undefined {
  const kind = action.action.toLowerCase();
  if (!KINDS.some((known) => known === kind)) return `action '${action.action}' unknown`;
  if (action.label === "") return "parameter 'label' is required";
  if ((kind === "view" || kind === "http") && !action.url) return `parameter 'url' is required for action '${kind}'`;
  if (kind === "copy" && !action.value) return "parameter 'value' is required for action 'copy'";
  const method = action.method?.toUpperCase() ?? "";
  if (kind === "http" && (method === "GET" || method === "HEAD") && action.body)
    return `parameter 'body' cannot be set if method is ${method}`;
  return undefined;
}

/**
 * Gives each action its id, or refuses all of them with 40018, by the rules of
 * https://github.com/binwiederhier/ntfy/blob/main/server/actions.go
 */
export function checkedActions(given: readonly GivenAction[]): NtfyAction[] {
  if (given.length > MAX_ACTIONS) throw new NtfyError("actions-invalid", `only ${MAX_ACTIONS} actions allowed`);
  return given.map((action) => {
    const wrong = complaint(action);
    if (wrong) throw new NtfyError("actions-invalid", wrong);
    const kind = KINDS.find((known) => known === action.action.toLowerCase()) ?? "view";
    return { ...action, id: randomId(10), action: kind, ...(action.method ? { method: action.method.toUpperCase() } : {}) };
  });
}

/** The sections of one action in the short form; commas inside quotes do not separate. */
function sectionsOf(text: string): string[] {
  return [...text.matchAll(/\s*((?:[^,"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+)\s*(?:,|$)/g)].map((match) => (match[1] ?? "").trim());
}

const unquoted = (text: string): string => /^(["'])(.*)\1$/s.exec(text)?.[2] ?? text;

function shortAction(text: string): GivenAction {
  const fields: Record<string, unknown> = {};
  const maps: Record<string, Record<string, string>> = {};
  sectionsOf(text).forEach((section, index) => {
    const pair = /^([-.\w]+)\s*=\s*(.*)$/s.exec(section);
    const key = pair?.[1] ?? ["action", "label", "url"][index];
    if (key === undefined) throw new NtfyError("actions-invalid", `term '${section}' unknown`);
    const value = unquoted(pair?.[2] ?? section);
    const [map, name] = key.split(/\.(.*)/s);
    if ((map === "headers" || map === "extras") && name) maps[map] = { ...maps[map], [name]: value };
    else if (key === "clear") fields.clear = ["true", "yes", "1"].includes(value.toLowerCase());
    else if (Object.hasOwn(givenActionSchema.shape, key)) fields[key] = value;
    else throw new NtfyError("actions-invalid", `key '${key}' unknown`);
  });
  return givenActionSchema.parse({ ...fields, ...maps });
}

/** The `Actions` header: a JSON array, or the short form `view, Label, url; http, …`. */
export function parseActionsHeader(header: string): GivenAction[] {
  if (!header.trim().startsWith("[")) {
    const parts = header.match(/(?:[^;"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+/g) ?? [];
    return parts.filter((part) => part.trim() !== "").map(shortAction);
  }
  const parsed = z.array(givenActionSchema).safeParse(jsonOf(header));
  if (!parsed.success) throw new NtfyError("actions-invalid", "invalid JSON");
  return parsed.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema
  }
}
