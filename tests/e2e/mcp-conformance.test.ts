import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { own } from "../../dev/mesh/processes.ts";
import { meshForTest, root } from "./mesh-fixture.ts";

const suite = join(dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json")), "dist/index.js");
const results = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
let mesh: Awaited<ReturnType<typeof meshForTest>>;
let gate: Server;

beforeAll(async () => {
  mesh = await meshForTest({ runner: false });
  gate = await withToken(`${mesh.url}/api/mcp`, mesh.operatorToken);
});
afterAll(async () => {
  gate?.close();
  await mesh?.end();
  rmSync(results, { recursive: true, force: true });
});

/** The suite sends no token, so this adds one; Host, Origin and everything else go through as they are. */
async function withToken(url: string, token: string): Promise<Server> {
  const server = createServer((asked, answer) => {
    const headers = { ...asked.headers, authorization: `Bearer ${token}` };
    const passed = request(url, { method: asked.method ?? "GET", headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    passed.once("error", () => answer.destroy());
    answer.once("close", () => passed.destroy());
    asked.pipe(passed);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

for (const revision of ["2026-07-28", "2025-11-25"]) {
  test(`the server conforms to ${revision}, but for what does not apply`, async () => {
    const { port } = gate.address() as AddressInfo;
    const said: string[] = [];
    const run = own(
      process.execPath,
      [
        suite,
        "server",
        ...["--url", `http://127.0.0.1:${port}/mcp`],
        ...["--requirements", revision],
        ...["--expected-failures", join(root, "tests/e2e/mcp-conformance-expected.yml")],
        ...["--output-dir", join(results, revision)],
      ],
      { cwd: root, env: { PATH: process.env.PATH, NO_COLOR: "1" }, onLine: (line) => said.push(line) },
    );
    const code = await run.ended;
    const summary = said.slice(said.findIndex((line) => line.includes("SUMMARY"))).join("\n");
    expect(code, summary).toBe(0);
    expect(summary).toMatch(/✓ tools-list: \d+ passed, 0 failed/);
    expect(summary).toMatch(/✓ dns-rebinding-protection: 2 passed, 0 failed/);
  });
}
