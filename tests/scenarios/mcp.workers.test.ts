import { expect, test } from "vitest";
import { connectClient } from "../../workers/mcp/test-client.ts";
import { askPerson, colours } from "../support/asking.ts";
import { createScenario } from "../support/scenario.ts";

const { mesh, story } = createScenario();

interface Run {
  readonly phase: string;
  readonly questions: readonly { readonly id: string }[];
}

test("a model reads why a run waits, brings a person's answer, and the same conversation goes on", async () => {
  const it = await story("acme/by-mcp");
  const { use } = await connectClient(mesh);
  const asked = await askPerson(mesh, it, "laptop", colours);
  const issue = `acme/by-mcp#${asked.issue.number}`;

  const open = await use("list-questions", { project: "acme/by-mcp" });
  expect(open.value).toMatchObject({
    items: [{ id: asked.id, project: "acme/by-mcp", status: "with-human", title: "Colours", guess: { answers: ["Red"], confidence: 0.4 } }],
  });
  expect(open.text).toContain("  Which colour?\n  * Blue: as the logo\n  * Red\n  * Green\n  The architect would say: Red (40 % sure)");
  const why = await use("explain-run", { issue });
  expect(why.text).toMatch(/^acme\/by-mcp#\d+ \(IMPLEMENTATION\): .*answer/);
  expect((await use("get-run", { issue })).text).toContain(`Open questions: ${asked.id}.`);

  expect((await use("answer-question", { question: asked.id, answers: ["Blue"] })).text).toBe("Accepted; the agent is told.");
  // The answer was lost on its way back and the client asks again: no late answer comes of it.
  expect((await use("answer-question", { question: asked.id, answers: ["Blue"] })).value).toEqual({ status: "accepted" });
  expect(await use("answer-question", { question: asked.id, answers: ["Red"] })).toMatchObject({
    value: { status: "already-answered" },
    text: expect.stringMatching(/^It had been answered already.*Blue.*late/s),
  });
  await it.reaches(asked.issue, { phase: "ACCEPTED" });
  expect(asked.heard).toEqual(["Blue"]);
  const settled = await asked.question();
  expect([settled.answer, settled.late.length]).toMatchObject([{ answers: ["Blue"], by: "operator", via: "api" }, 1]);

  const { value, text } = await use("get-run", { issue });
  expect((value as Run).phase).toBe("ACCEPTED");
  expect(text).toMatch(/Pull request \S+, merged\..*Ended /);
  expect((await use("list-questions", { project: "acme/by-mcp" })).value).toEqual({ items: [] });
  expect((await use("list-questions", { project: "acme/by-mcp", open: false })).text).toContain("Answered by operator: Blue");
});

test("commands are taken, and refused with the reason when they do not apply", async () => {
  const it = await story("acme/commanded");
  const { use } = await connectClient(mesh);
  const asked = await askPerson(mesh, it, "laptop-2", colours);
  const issue = `acme/commanded#${asked.issue.number}`;
  expect((await use("control-run", { issue, command: "pause", reason: "lunch" })).value).toMatchObject({
    status: "accepted",
    run: { awaiting: "paused" },
  });
  expect(await use("control-run", { issue, command: "pause" })).toMatchObject({
    refused: "already-paused",
    text: "Refused (already-paused): The command pause does not apply now: it is paused already.",
  });
  expect((await use("control-run", { issue, command: "resume" })).refused).toBeUndefined();
  expect((await use("control-run", { issue, command: "explode" })).refused).toBe("invalid");
  expect((await use("control-run", { issue: "acme/commanded#999", command: "cancel" })).refused).toBe("not-found");
  expect((await use("control-run", { issue, command: "cancel" })).text).toMatch(/^Taken\. .* is in CANCELLED/);
  expect((await use("explain-run", { issue: "acme/commanded#998" })).text).toContain("No card of this issue was seen");
  expect((await use("get-run", { issue: "acme/../1" })).refused).toBe("invalid");
});
