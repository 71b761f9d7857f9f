import { expect, test } from "vitest";
import { bearerOf, createAgentToken, hashToken, isAgentToken, roleOfToken } from "./tokens.ts";

test("agent tokens differ, have a form, and are kept as SHA-256", async () => {
  const [one, other] = [createAgentToken(), createAgentToken()];
  expect(one).not.toBe(other);
  expect([isAgentToken(one), isAgentToken("mesh_agent_short"), isAgentToken("operator")]).toEqual([true, false, false]);
  expect(await hashToken("mesh_agent_x")).toBe("023b356674891ab4eddd171e9ed928d61a8e68731dacbb560f48b8f22212508c");
});

test("roles are told by the token; an absent viewer token lets nobody in", async () => {
  const settings = { OPERATOR_TOKEN: "operator-token-of-test", VIEWER_TOKEN: "viewer-token-of-the-test" };
  expect(await roleOfToken(settings, "operator-token-of-test")).toBe("operator");
  expect(await roleOfToken(settings, "viewer-token-of-the-test")).toBe("viewer");
  expect(await roleOfToken(settings, "")).toBeUndefined();
  expect(await roleOfToken({ OPERATOR_TOKEN: "operator-token-of-test" }, "viewer-token-of-the-test")).toBeUndefined();
});

test.each([
  ["Bearer abc.DEF-1_2~3+4/5==", "abc.DEF-1_2~3+4/5=="],
  ["bearer abc", "abc"],
  ["Basic abc", undefined],
  ["Bearer", undefined],
  ["Bearer a b", undefined],
  [undefined, undefined],
])("the bearer of %j is %j", (header, token) => {
  expect(bearerOf(header)).toBe(token);
});
