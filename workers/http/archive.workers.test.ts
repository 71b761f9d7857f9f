import { expect, test } from "vitest";
import { reconcile } from "../scheduled/reconcile.ts";
import { createTestMesh, viewerToken } from "../test-mesh.ts";

const mesh = createTestMesh();

interface Listed {
  readonly items: readonly { readonly project: string; readonly place: string; readonly bytes: number; readonly archivedAt: number }[];
  readonly cursor: string | null;
}

test("archived journals are listed page by page and given out entry by entry, to operators alone", async () => {
  await mesh.addProject("acme/archived");
  await mesh.addProject("acme/archived-too");
  await reconcile(mesh.env, mesh.clients, "now");
  await mesh.env.ARCHIVE.put("journal/stray.txt", "not an archive's");
  const list = async (query: string): Promise<Listed> => (await mesh.request(`/ops/archive${query}`)).json();
  const all = await list("");
  const projects = all.items.map(({ project }) => project);
  expect(new Set(projects).size).toBeGreaterThanOrEqual(2);
  expect(projects).toEqual(projects.toSorted());
  const first = await list("?limit=1");
  expect(first.items).toEqual(all.items.slice(0, 1));
  expect((await list(`?limit=1&cursor=${encodeURIComponent(first.cursor ?? "")}`)).items).toEqual(all.items.slice(1, 2));

  const [item] = all.items;
  const path = `/ops/archive/${item?.project}/${item?.place}`;
  const response = await mesh.request(path);
  expect(response.headers.get("content-type")).toBe("application/jsonl");
  const [entry] = (await response.text()).trim().split("\n");
  expect(JSON.parse(entry ?? "")).toMatchObject({ seq: 1, events: [{ seq: 1, project: item?.project }] });
  expect((await mesh.request(path, { token: viewerToken })).status).toBe(403);
  expect((await mesh.request(path, { token: null })).status).toBe(401);
  for (const none of ["0000000000009999", "1", "..%2F..%2Fpolls"])
    expect((await mesh.request(`/ops/archive/${item?.project}/${none}`)).status).toBe(404);
});
