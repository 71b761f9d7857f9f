import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { lookAtMesh } from "./look-at-mesh.ts";

const endings: (() => void)[] = [];
afterEach(() => endings.splice(0).forEach((end) => end()));

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  endings.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("what the mesh misses is named as it names it", async () => {
  const issues = [{ path: "LLM_API_KEY", message: "missing" }];
  const url = await serving((request, response) => {
    response.writeHead(request.url === "/healthz" ? 200 : 503, { "content-type": "application/problem+json" });
    response.end(JSON.stringify({ reason: "not-configured", issues }));
  });
  expect(await lookAtMesh(url, 0)).toEqual({ alive: true, missing: issues });
});

test("an address that takes its time is waited for", async () => {
  let asked = 0;
  const url = await serving((_request, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 404 : 200).end("{}");
  });
  expect(await lookAtMesh(url, 10_000)).toEqual({ alive: true, missing: [] });
});

test("a mesh that never answers is not alive", async () => {
  const url = await serving((_request, response) => void response.writeHead(404).end());
  expect(await lookAtMesh(url, 0)).toEqual({ alive: false, missing: [] });
});
