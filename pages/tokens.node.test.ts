import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const folder = new URL("src/styles/", import.meta.url);
const sheets = new Map(
  readdirSync(folder)
    .filter((name) => name.endsWith(".css"))
    .map((name) => [name, readFileSync(new URL(name, folder), "utf8").replace(/\/\*.*?\*\//gs, "")]),
);
const tokens = sheets.get("tokens.css") ?? "";
const [light = "", dark = ""] = tokens.split("@media (prefers-color-scheme: dark)");
const defined = (text: string) => new Set(text.match(/--[a-z0-9-]+(?=:)/g));

test.each([...sheets.keys()])("every value that %s names is a token", (name) => {
  const named = sheets.get(name)?.match(/(?<=var\()--[a-z0-9-]+/g) ?? [];
  expect(named.filter((token) => !defined(light).has(token))).toEqual([]);
});

test.each([...sheets.keys()].filter((name) => name !== "tokens.css"))("%s has no colour, size of type or radius of its own", (name) => {
  const own = sheets
    .get(name)
    ?.match(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsl\(|\boklch\(|font-size: [0-9.]+(rem|px)|border-radius: [0-9.]+(rem|px)/gi);
  expect(own ?? []).toEqual([]);
});

test("what the dark theme sets the light one sets, too", () => {
  expect([...defined(dark)].filter((token) => !defined(light).has(token))).toEqual([]);
});

test("whatever moves does so only where motion is not asked to be less", () => {
  for (const [name, text] of sheets) {
    const still = text
      .replace(/@media \(prefers-reduced-motion: no-preference\) \{(?:[^{}]|\{[^{}]*\})*\}/g, "")
      .replace(/@keyframes[^{]*\{(?:[^{}]|\{[^{}]*\})*\}/g, "");
    expect(still.match(/\b(animation|transition)(-[a-z]+)?:/g) ?? [], name).toEqual([]);
  }
});
