import fc from "fast-check";
import { expect, test } from "vitest";
import { submitTask } from "../task/transition.ts";
import { defaultPolicy } from "../policy.ts";
import type { Task } from "../task/state.ts";
import { key, taskOf } from "./project-fixture.ts";
import { WaitingQueue } from "./waiting-queue.ts";

test("gives the same order as sorting by priority and age, whatever was added and taken out", () => {
  const step = fc.record({ name: fc.integer({ min: 0, max: 20 }), priority: fc.integer({ min: 0, max: 3 }), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new WaitingQueue();
      const model = new Map<string, Task>();
      for (const [at, { name, priority, remove }] of steps.entries()) {
        const known = model.get(`${name}`);
        if (remove && known) {
          queue.remove(known);
          model.delete(`${name}`);
        } else if (!known) {
          const task = submitTask(taskOf(`${name}`, { priority }), key, at, defaultPolicy);
          queue.add(task);
          model.set(`${name}`, task);
        }
      }
      const sorted = [...model.values()].sort((a, b) => b.priority - a.priority || a.submittedAt - b.submittedAt);
      expect([...queue.of("general")].map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
      expect(queue.size).toBe(model.size);
      expect([...queue.capabilities()]).toEqual(model.size > 0 ? ["general"] : []);
    }),
  );
});
