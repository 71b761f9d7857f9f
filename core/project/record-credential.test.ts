import { expect, test } from "vitest";
import type { CredentialRecord } from "../credentials/credential.ts";
import { Driver, key, startedAt } from "./project-fixture.ts";

const record = (more: Partial<CredentialRecord> = {}): CredentialRecord => ({
  seq: 7,
  at: startedAt,
  name: "agent",
  version: 2,
  action: "bundle-made",
  by: "runner-1",
  detail: "for attempt 1",
  ...more,
});

test("what the Vault has recorded is journaled as it is, and nobody is told", () => {
  const driver = new Driver();
  driver.configure();
  const change = driver.say({ type: "credential-recorded", record: record(), tellPeople: false });
  expect(change.events).toEqual([{ type: "credential-recorded", data: { ...record() } }]);
  expect(change.outboxAdd).toEqual([]);
});

test.each([
  [{ action: "invalidated", detail: "invalid_grant" }, /no longer renews agent \(invalid_grant\).*mesh credentials push acme\/shop/],
  [{ action: "refresh-failed", detail: "id.example answers 503" }, /could not be renewed several times/],
  [{ action: "refused", detail: "unknown-key" }, /MASTER_KEY_PREVIOUS/],
  [{ action: "refused", detail: "rolled-back" }, /not what was written \(rolled-back\)/],
] as const)("people are told of %j, once, with what to do", (more, said) => {
  const driver = new Driver();
  driver.configure();
  const change = driver.say({ type: "credential-recorded", record: record(more), tellPeople: true });
  expect(change.outboxAdd).toMatchObject([{ kind: "notify", issue: null, run: null, sequenceId: "credential-agent" }]);
  const [notice] = change.outboxAdd;
  expect(notice?.id).toBe(`${key}.vault-7-${startedAt.toString(36)}`);
  expect(notice?.kind === "notify" ? notice.message : "").toMatch(said);
});

test("where nobody is configured to be told, it is journaled all the same", () => {
  const change = new Driver().say({ type: "credential-recorded", record: record({ action: "refused" }), tellPeople: true });
  expect(change.events).toHaveLength(1);
  expect(change.outboxAdd).toEqual([]);
});
