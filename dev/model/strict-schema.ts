import { z } from "zod";

type Schema = Record<string, unknown>;
const isSchema = (value: unknown): value is Schema => typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Why a schema is refused with `strict: true`, or undefined: every object names all its properties as required and allows no others
 * (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas).
 */
export function strictSchemaComplaint(schema: unknown, path: readonly string[] = []): string | undefined {
  if (!isSchema(schema)) return undefined;
  const context = `In context=(${path.map((part) => `'${part}'`).join(", ")})`;
  if (schema.type === "object" || isSchema(schema.properties)) {
    const properties = isSchema(schema.properties) ? schema.properties : {};
    if (schema.additionalProperties !== false) return `${context}, 'additionalProperties' is required to be supplied and to be false.`;
    const required = Array.isArray(schema.required) ? schema.required : [];
    const missing = Object.keys(properties).find((key) => !required.includes(key));
    if (missing)
      return `${context}, 'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`;
  } else if (path.length === 0) return `${context}, schema must be a JSON Schema of 'type: "object"'.`;
  const inside: [string, unknown][] = [
    ...Object.entries(isSchema(schema.properties) ? schema.properties : {}).map(([key, value]): [string, unknown] => [key, value]),
    ["items", schema.items],
    ...Object.entries(isSchema(schema.$defs) ? schema.$defs : {}),
    ...(Array.isArray(schema.anyOf) ? schema.anyOf : []).map((value: unknown, i): [string, unknown] => [`anyOf ${i}`, value]),
  ];
  return inside.map(([key, value]) => strictSchemaComplaint(value, [...path, key])).find((complaint) => complaint !== undefined);
}

/** Why a value does not fit the schema, or undefined. */
export function mismatch(schema: unknown, value: unknown): string | undefined {
  const parsed = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  return parsed.success ? undefined : z.prettifyError(parsed.error);
}

/** The plainest value that fits a schema: empty texts, false, the first of an enum. */
export function plainestValue(schema: unknown): unknown {
  if (!isSchema(schema)) return "";
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.anyOf)) return plainestValue(schema.anyOf[0]);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") {
    return Object.fromEntries(Object.entries(isSchema(schema.properties) ? schema.properties : {}).map(([k, v]) => [k, plainestValue(v)]));
  }
  if (type === "array") return [];
  if (type === "number" || type === "integer") return typeof schema.minimum === "number" ? schema.minimum : 0;
  if (type === "boolean") return false;
  return type === "null" ? null : "-".repeat(Math.max(typeof schema.minLength === "number" ? schema.minLength : 0, 1));
}
