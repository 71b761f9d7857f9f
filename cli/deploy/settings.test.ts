import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generatedKeys, generateKey, readSettings, settingFaults } from "./settings.ts";

const complete = {
  OPERATOR_TOKEN: generateKey(),
  SIGNING_KEY: generateKey(),
  MASTER_KEY: generateKey(),
  DATABASE_URL: "postgresql://user:password@host.neon.tech/mesh",
  PUBLIC_URL: "https://mesh.acme.dev",
  GITHUB_TOKEN: "ghp_0123456789",
  NTFY_URL: "https://ntfy.sh",
  NTFY_TOPIC: "mesh",
  LLM_BASE_URL: "https://llm.acme.dev/v1",
  LLM_API_KEY: "key",
  LLM_MODEL: "model",
};
const without = (...names: string[]) => Object.fromEntries(Object.entries(complete).filter(([name]) => !names.includes(name)));

test("lines left empty do not count, and a file that is not there holds nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "mesh-six-settings-"));
  try {
    writeFileSync(join(folder, "vars"), 'LLM_MODEL=\nNTFY_TOPIC=mesh\nGITHUB_PRIVATE_KEY="one\ntwo"\n');
    expect(readSettings(join(folder, "vars"))).toEqual({ NTFY_TOPIC: "mesh", GITHUB_PRIVATE_KEY: "one\ntwo" });
    expect(readSettings(join(folder, "none"))).toEqual({});
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is neither given nor there is named, without its value", () => {
  expect(settingFaults(complete, new Set())).toEqual([]);
  expect(settingFaults(without("LLM_MODEL", "NTFY_TOPIC"), new Set())).toEqual([
    { path: "NTFY_TOPIC", message: "missing" },
    { path: "LLM_MODEL", message: "missing" },
  ]);
  expect(settingFaults(without("LLM_MODEL"), new Set(["LLM_MODEL"]))).toEqual([]);
  expect(settingFaults(without("GITHUB_TOKEN"), new Set(["GITHUB_APP_ID", "GITHUB_PRIVATE_KEY"]))).toEqual([]);
  const [fault] = settingFaults({ ...complete, MASTER_KEY: "too short for it" }, new Set(["MASTER_KEY"]));
  expect(fault).toEqual({ path: "MASTER_KEY", message: "at least 32 characters" });
});

test("an address of the example is not taken for one's own", () => {
  expect(settingFaults({ ...complete, PUBLIC_URL: "https://mesh.example.com" }, new Set())).toEqual([
    { path: "PUBLIC_URL", message: "is still the example's; leave it out to use Cloudflare's address" },
  ]);
});

test("generated keys fit what the Worker asks of them, and differ", () => {
  expect(settingFaults({ ...complete, ...Object.fromEntries(generatedKeys.map((name) => [name, generateKey()])) }, new Set())).toEqual([]);
  expect(generateKey()).not.toBe(generateKey());
});
