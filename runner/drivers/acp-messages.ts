import type {
  CreateElicitationResponse,
  RequestPermissionRequest,
  RequestPermissionResponse,
  ToolCallUpdate,
} from "@agentclientprotocol/sdk";
import * as z from "zod";
import type { QuestionItem } from "../../core/protocol/frames.ts";
import type { ToolUse } from "../../core/tools/tool-use.ts";
import { failureOfWords, type AgentFailure } from "./agent-failures.ts";

/** Modes that ask before they act, by the names agents have for them, the most usual first. */
const asking = ["default", "ask", "manual", "normal", "code", "agent", "auto", "read-only"];
const neverAsking = /bypass|yolo|full.?access|dont.?ask|never|autopilot|unrestricted/i;

/** The mode in which an agent asks before it uses tools; null: it has no modes, or none that is known to ask. */
export function askingMode(modes: readonly { readonly id: string }[]): string | null {
  const known = asking.find((id) => modes.some((mode) => mode.id === id));
  return known ?? modes.find(({ id }) => !neverAsking.test(id))?.id ?? null;
}

const option = z.object({ const: z.string(), title: z.string().optional(), description: z.string().nullish() });
const choices = z.object({ oneOf: z.array(option), anyOf: z.array(option), enum: z.array(z.string()) }).partial();
const property = choices.extend({
  type: z.string(),
  title: z.string().nullish(),
  description: z.string().nullish(),
  items: choices.nullish(),
});
const form = z.object({
  mode: z.literal("form"),
  message: z.string(),
  requestedSchema: z.object({ properties: z.record(z.string(), property).default({}), required: z.array(z.string()).nullish() }),
});
type Property = z.output<typeof property>;

/** A form that an agent wants filled in, as questions; `respond` makes its answer of one text per question. */
export interface AskedForm {
  readonly questions: QuestionItem[];
  readonly respond: (answers: readonly string[]) => CreateElicitationResponse;
}

/** Undefined when it has no form that can be put to people: an address to visit, more than four fields. */
export function parseForm(request: unknown): AskedForm | undefined {
  const parsed = form.safeParse(request);
  if (!parsed.success) return undefined;
  const { message, requestedSchema } = parsed.data;
  const { properties } = requestedSchema;
  // A field for words of one's own beside another one, as claude-agent-acp makes them: https://github.com/agentclientprotocol/claude-agent-acp
  const isCompanion = (name: string) => name.endsWith("_custom") && name.slice(0, -7) in properties;
  const fields = Object.entries(properties).filter(([name]) => !isCompanion(name));
  if (fields.length === 0 || fields.length > 4) return undefined;
  const [first] = fields;
  return {
    questions: fields.map(([, field]) => questionOf(field, fields.length === 1 ? message : "")),
    respond(answers) {
      const content: Record<string, string | number | boolean | string[]> = {};
      for (const [at, [name, field]] of fields.entries()) {
        const said = answers[at] ?? (first?.[0] === name ? (answers[0] ?? "") : "");
        const value = valueOf(field, said);
        if (value !== undefined) content[name] = value;
        else if (`${name}_custom` in properties) content[`${name}_custom`] = said;
        else content[name] = said;
      }
      return { action: "accept", content };
    },
  };
}

function optionsOf(field: Property): z.output<typeof option>[] {
  if (field.type === "boolean") return [{ const: "Yes" }, { const: "No" }];
  const from = field.type === "array" ? (field.items ?? {}) : field;
  return from.oneOf ?? from.anyOf ?? (from.enum ?? []).map((each) => ({ const: each }));
}

/** `message` is the whole form's, and the question where the form has one field. */
function questionOf(field: Property, message: string): QuestionItem {
  const title = field.title ?? "";
  const words = field.description || message || title || "The agent asks for a word.";
  const whole = message !== "" && !words.includes(message) ? `${message}\n${words}` : words;
  return {
    text: whole.slice(0, 20_000),
    ...(title === "" || title === whole ? {} : { header: title.slice(0, 100) }),
    multiple: field.type === "array",
    options: optionsOf(field)
      .slice(0, 10)
      .map(({ const: value, title: label, description }) => ({
        label: (label ?? value).slice(0, 500) || "(empty)",
        ...(description ? { description: description.slice(0, 5_000) } : {}),
      })),
  };
}

/** Undefined: the words fit none of the field's choices. */
function valueOf(field: Property, said: string): string | number | boolean | string[] | undefined {
  const options = optionsOf(field);
  const pick = (text: string) =>
    options.find(({ const: value, title }) => [value, title].some((name) => name?.toLowerCase() === text.trim().toLowerCase()))?.const;
  switch (field.type) {
    case "boolean":
      return /^(?:yes|true|y|1)$/i.test(said.trim());
    case "number":
    case "integer":
      return Number.isFinite(Number(said)) ? Number(said) : 0;
    case "array": {
      const picked = [pick(said) ?? said.split(",").map((each) => pick(each))].flat();
      return picked.every((each) => each !== undefined) ? picked : undefined;
    }
    default:
      return options.length === 0 ? said : pick(said);
  }
}

const raw = z
  .object({
    command: z.union([z.string(), z.array(z.string())]),
    cmd: z.string(),
    url: z.string(),
    file_path: z.string(),
    path: z.string(),
    notebook_path: z.string(),
    plan: z.string(),
  })
  .partial();

/** What a tool call does, from its kind, its raw input and its locations. What tells nothing of itself is taken by its title. */
export function acpToolUse(call: Partial<ToolCallUpdate>): ToolUse {
  const input = raw.safeParse(call.rawInput).data ?? {};
  const tool = (call.name ?? call.title ?? call.kind ?? "tool").slice(0, 200);
  const named = [input.file_path, input.path, input.notebook_path, ...(call.locations ?? []).map(({ path }) => path)];
  const paths = [...new Set(named.filter((path) => path !== undefined))];
  const given = input.command ?? input.cmd;
  const command = Array.isArray(given) ? given.map(quoted).join(" ") : given;
  switch (call.kind) {
    case "execute":
      return { tool, kind: "run", command: command ?? call.title ?? "" };
    case "edit":
    case "delete":
    case "move":
      return { tool, kind: "write", paths };
    case "read":
      return { tool, kind: "read", paths };
    case "search":
      return { tool, kind: "search", paths: paths.length === 0 ? ["."] : paths };
    case "fetch":
      return { tool, kind: "fetch", url: input.url ?? call.title ?? "" };
    case "think":
    case "switch_mode":
      return { tool, kind: "other" };
    default:
      // Of another kind, or none: what its input names.
      if (command !== undefined) return { tool, kind: "run", command };
      if (input.url !== undefined) return { tool, kind: "fetch", url: input.url };
      return paths.length === 0 ? { tool, kind: "other" } : { tool, kind: "write", paths };
  }
}

function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The plan in a tool call that wants to leave the planning mode. */
export function planOf(call: Partial<ToolCallUpdate>): string | undefined {
  const plan = call.kind === "switch_mode" ? raw.safeParse(call.rawInput).data?.plan?.trim() : undefined;
  return plan === "" ? undefined : plan;
}

/** For this once wherever the agent offers it: what holds for longer is the mesh's to keep. */
export function choose({ options }: RequestPermissionRequest, allowed: boolean): RequestPermissionResponse {
  const wanted = allowed ? (["allow_once", "allow_always"] as const) : (["reject_once", "reject_always"] as const);
  const found = wanted.flatMap((kind) => options.find((each) => each.kind === kind) ?? [])[0];
  return { outcome: found === undefined ? { outcome: "cancelled" } : { outcome: "selected", optionId: found.optionId } };
}

const rpcError = z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() });

/** What an agent's error answer means. https://agentclientprotocol.com/protocol/v1/schema: -32000 asks for a login. */
export function failureOfAnswer(error: unknown, at: number): AgentFailure {
  const parsed = rpcError.safeParse(error);
  if (!parsed.success) return failureOfWords(error instanceof Error ? error.message : String(error), at);
  const { code, message, data } = parsed.data;
  const details = data === undefined ? "" : ` ${JSON.stringify(data)}`;
  const said = `the agent answered: ${message}${details}`.slice(0, 4_000);
  if (code === -32_000) return { kind: "authentication", message: said };
  if (code === -32_601 || code === -32_602) return { kind: "configuration", message: said };
  const { errorKind } = z.object({ errorKind: z.string() }).safeParse(data).data ?? {};
  return failureOfWords(`${said} ${errorKind?.replaceAll("_", " ") ?? ""}`, at);
}
