import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import * as frames from "../../core/protocol/frames.ts";
import * as probe from "../../core/protocol/probe-work.ts";
import { probeCapability } from "./answer-probe.ts";
import * as protocol from "./protocol.ts";

test("the client is one file without imports, for any platform", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL("agent-client.ts", import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "neutral",
  });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((path) => !path.startsWith("runner/client/"))).toEqual([]);
  const [bundled] = outputFiles;
  expect(bundled?.text).not.toMatch(/\b(import|require)\s*\(|^import\b|\bprocess\.|\bBuffer\b/m);
  expect(bundled?.contents.length).toBeLessThan(40_000);
});

test("what it has written out is what the protocol says", () => {
  const { batched: _, ...said } = protocol;
  expect(frames).toMatchObject(said);
  expect(probeCapability).toBe(probe.probeCapability);
});
