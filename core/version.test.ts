import { expect, test } from "vitest";
import manifest from "../package.json" with { type: "json" };
import { meshVersion } from "./version.ts";

test("the mesh's version is the package's", () => {
  expect(meshVersion).toBe(manifest.version);
});
