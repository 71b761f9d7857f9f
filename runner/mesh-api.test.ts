import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { askMesh } from "./mesh-api.ts";

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test("an answer that breaks off is no answer: it is asked for again", async () => {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"bundle":', () => response.destroy());
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = await askMesh({ url, id: "ann", token: "token" }, "credentials/bundle", {});
  expect(asked).toMatchObject({ ok: false, error: { reason: "unreachable", message: expect.stringMatching(/^credentials\/bundle: .+/) } });
});
