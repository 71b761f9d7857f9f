import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { agentFrame, closeCodes, commandBody, limits, meshFrame, protocolVersion, registration, reportBody } from "./frames.ts";
import { protocolSchema } from "./protocol-schema.ts";

const doc = readFileSync(new URL("../../docs/agent-protocol.md", import.meta.url), "utf8");
const typesOf = (union: { options: readonly { shape: { type: { value: string } } }[] }) =>
  union.options.map(({ shape }) => shape.type.value);

/** The code blocks of a language, in order. */
function blocks(language: string): string[] {
  return doc
    .split(/^```/m)
    .filter((text, index) => index % 2 === 1 && text.startsWith(`${language}\n`))
    .map((text) => text.slice(language.length + 1));
}

describe("the protocol's page", () => {
  test.each([...typesOf(agentFrame), ...typesOf(meshFrame), ...typesOf(reportBody), ...typesOf(commandBody)])("names %s", (type) => {
    expect(new RegExp(`\`${type}[\` ]`).test(doc)).toBe(true);
  });

  test("has every close code of the protocol, and the version", () => {
    const named = [...doc.matchAll(/^\| (4\d{3}) \|/gm)].map(([, code]) => Number(code));
    expect(named).toEqual(Object.values(closeCodes));
    expect(doc).toContain(`Version ${protocolVersion}.`);
  });

  test("has the limits", () => {
    const shown =
      /^\| a frame \| (\d+) MiB[^\n]*\n\| output in a frame \| (\d+) KiB[^\n]*\n\| a result \| (\d+) KiB[^\n]*\n\| reports in a frame \| (\d+) /m.exec(
        doc,
      );
    const [frame, output, result, reports] = (shown ?? []).slice(1).map(Number);
    expect([(frame ?? 0) * 1_048_576, (output ?? 0) * 1_024, (result ?? 0) * 1_024, reports]).toEqual(Object.values(limits));
  });

  test("its examples are frames as they go over the wire", () => {
    expect(registration.safeParse(JSON.parse(blocks("json")[0] ?? "")).error).toBeUndefined();
    const story = blocks("").find((text) => text.includes('"hello"')) ?? "";
    const frames = story
      .replaceAll(/\n {2,}/g, "")
      .trim()
      .split("\n");
    expect(frames.length).toBeGreaterThanOrEqual(6);
    for (const line of frames) {
      const [direction, text] = [line.slice(0, 1), line.slice(2)];
      expect((direction === "→" ? agentFrame : meshFrame).safeParse(JSON.parse(text)).error, line).toBeUndefined();
    }
  });
});

test("the schema is JSON and has every frame, report and command by its type", () => {
  const schema = JSON.parse(JSON.stringify(protocolSchema())) as Record<string, Record<string, { required: string[]; properties: object }>>;
  expect(Object.keys(schema["agentFrames"] ?? {})).toEqual(typesOf(agentFrame));
  expect(Object.keys(schema["meshFrames"] ?? {})).toEqual(typesOf(meshFrame));
  expect(Object.keys(schema["reports"] ?? {})).toEqual(typesOf(reportBody));
  expect(Object.keys(schema["commands"] ?? {})).toEqual(typesOf(commandBody));
  expect(schema["agentFrames"]?.["hello"]?.required).toEqual(["type", "version", "journal", "lastAck"]);
  expect(schema["reports"]?.["ask"]?.properties).toMatchObject({ questions: { type: "array", maxItems: 4 } });
});
