import { expect } from "vitest";
import type { Notification } from "../../clients/ntfy/ntfy.ts";
import type { InMemoryIssue } from "../../clients/github/in-memory-github.ts";
import type { QuestionId } from "../../core/ids.ts";
import type { QuestionView } from "../../core/project/views.ts";
import type { QuestionItem } from "../../core/protocol/frames.ts";
import { until } from "./scenario.ts";
import type { createScenario, Story } from "./scenario.ts";

type Mesh = ReturnType<typeof createScenario>["mesh"];
export type Item = Pick<QuestionItem, "text"> & Partial<QuestionItem>;

export const colours: Item = {
  text: "Which colour?",
  options: [{ label: "Blue", description: "as the logo" }, { label: "Red" }, { label: "Green" }],
};

/** A question that a session has asked and the architect was not sure of, with what came to the phone. */
export interface Asked {
  readonly issue: InMemoryIssue;
  readonly id: QuestionId;
  /** What the session was answered. */
  readonly heard: readonly string[];
  readonly notification: Notification;
  /** Path of the reply page. */
  readonly page: string;
  /** The token of each button. */
  readonly taps: readonly string[];
  question(): Promise<QuestionView>;
}

/** Brings a session's question before a person. */
export async function askPerson(mesh: Mesh, it: Story, runnerId: string, ...items: readonly Item[]): Promise<Asked> {
  mesh.model.answer("architect_answer", {
    value: { confident: false, answers: items.map(() => "Red"), confidence: 0.4, reason: "a matter of taste" },
  });
  const heard: string[] = [];
  const runner = await it.runner(runnerId);
  const { implement } = runner.scripts;
  runner.scripts.implement = async (work) => {
    heard.push(...(await work.ask("ask-1", ...items)));
    await implement(work);
  };
  const issue = await it.begins({ title: "Colours" });
  const open = await until(async () => {
    const question = (await it.run(issue)).questions.find(({ status }) => status === "with-human");
    if (!question) throw new Error("not with a person");
    return question;
  });
  await it.settled();
  const notification = notificationOf(mesh, open.id);
  return {
    issue,
    id: open.id,
    heard,
    notification,
    ...linksOf(notification),
    async question() {
      const found = (await it.run(issue)).questions.find(({ id }) => id === open.id);
      if (!found) throw new Error("the question is gone");
      return found;
    },
  };
}

/** What the phone shows of the question now. */
export function notificationOf(mesh: Mesh, id: QuestionId, topic = "mesh"): Notification {
  const sequence = id.replaceAll(/[^A-Za-z0-9_-]/g, "-");
  const [shown, another] = mesh.ntfy.shown(topic).filter(({ sequenceId }) => sequenceId === sequence);
  expect(another).toBeUndefined();
  if (!shown) throw new Error("no notification");
  return shown;
}

export function linksOf({ click, actions = [] }: Notification): { page: string; taps: readonly string[] } {
  return {
    page: new URL(click ?? "").pathname,
    taps: actions.flatMap((action) => (action.action === "http" ? [(JSON.parse(action.body ?? "") as { token: string }).token] : [])),
  };
}

let addresses = 0;

/** What a phone and its browser send: no login, each from an address of its own. */
export function phone(mesh: Mesh) {
  const from = () => {
    addresses += 1;
    return { "cf-connecting-ip": `2001:db8::${addresses.toString(16)}` };
  };
  return {
    tap: (token: unknown) =>
      mesh.request("/ntfy-reply", {
        method: "POST",
        token: null,
        headers: { ...from(), "content-type": "application/json" },
        body: JSON.stringify({ token }),
      }),
    open: (page: string) => mesh.request(page, { token: null, headers: from() }),
    send: (page: string, fields: Readonly<Record<string, string>>) =>
      mesh.request(page, { method: "POST", token: null, headers: from(), body: new URLSearchParams(fields) }),
  };
}
