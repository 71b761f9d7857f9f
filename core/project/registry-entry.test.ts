import { expect, test } from "vitest";
import type { ProjectKey, ProjectName } from "../ids.ts";
import type { ProjectProfile } from "../inputs.ts";
import { currentVersion } from "./hook-versions.ts";
import { nameAt, projectCalled, registryEntry } from "./registry-entry.ts";

const board = {
  id: "PVT_1",
  number: 1,
  url: "https://github.test/1",
  owner: "Acme",
  ownerKind: "organization",
  observedBy: "webhook",
} as const;

function project(key: string, name: string, more: Partial<ProjectProfile> = {}): ProjectProfile {
  const urls = { repositoryUrl: "https://github.test", cloneUrl: "https://github.test", defaultBranch: "main" };
  return { key: key as ProjectKey, name: name as ProjectName, ...urls, board, credential: { kind: "token" }, overrides: {}, ...more };
}

const name = (text: string) => text as ProjectName;

test("a new name keeps the old ones, and each moment has its own", () => {
  const first = registryEntry([], project("R_1", "acme/shop"), 10);
  expect(first.formerNames).toBeUndefined();
  const second = registryEntry([first], project("R_1", "acme/store"), 20);
  const third = registryEntry([second], project("R_1", "other/store"), 30);
  expect(registryEntry([third], project("R_1", "other/store"), 40)).toEqual(third);
  expect(third.formerNames).toEqual([
    { name: "acme/shop", until: 20 },
    { name: "acme/store", until: 30 },
  ]);
  expect([5, 19, 20, 29, 30, 99].map((at) => nameAt(third, at))).toEqual([
    "acme/shop",
    "acme/shop",
    "acme/store",
    "acme/store",
    "other/store",
    "other/store",
  ]);
});

test("an old name leads to its project until another is called so; of two that had it, to the later", () => {
  const renamed = project("R_1", "acme/store", { formerNames: [{ name: name("acme/shop"), until: 20 }] });
  const later = project("R_2", "acme/mall", { formerNames: [{ name: name("acme/shop"), until: 30 }] });
  expect(projectCalled([renamed], name("acme/shop"))).toBe(renamed);
  expect(projectCalled([renamed, later], name("acme/shop"))).toBe(later);
  const fresh = project("R_3", "acme/shop");
  expect(projectCalled([renamed, later, fresh], name("acme/shop"))).toBe(fresh);
  expect(projectCalled([renamed], name("acme/none"))).toBeUndefined();
});

test("versions of webhooks never go back, and a new project of the organisation has the organisation's", () => {
  const rotated = registryEntry([], project("R_1", "acme/shop", { hookVersion: 3, organizationHookVersion: 2 }), 1);
  expect(registryEntry([rotated], project("R_1", "acme/shop"), 2)).toMatchObject({ hookVersion: 3, organizationHookVersion: 2 });
  const second = registryEntry([rotated], project("R_2", "acme/toys"), 3);
  expect([second.hookVersion, second.organizationHookVersion]).toEqual([undefined, 2]);
  expect(currentVersion([rotated, second], { kind: "organization", subject: "acme" })).toBe(2);
  expect(currentVersion([rotated], { kind: "repository", subject: "R_unknown" })).toBe(1);
  expect(currentVersion([rotated], { kind: "app", subject: "app" })).toBe(1);
});
