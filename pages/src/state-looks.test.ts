import { expect, test } from "vitest";
import { activePhases, endedPhases } from "../../core/lifecycle/state.ts";
import { lookOfPhase, looks, shapes } from "./state-looks.ts";

test.each(Object.entries(looks))(
  "each state of a %s has a word and a shape of its own: colour is not needed to tell them apart",
  (_, states) => {
    const all = Object.values(states);
    expect(new Set(all.map(({ word }) => word)).size).toBe(all.length);
    expect(new Set(all.map(({ shape }) => shape)).size).toBe(all.length);
  },
);

test("no two shapes are drawn alike, and each is drawn", () => {
  const drawn = Object.values(shapes).map((shape) => JSON.stringify(shape));
  expect(new Set(drawn).size).toBe(drawn.length);
  const used = Object.values(looks).flatMap((states) => Object.values(states).map(({ shape }) => shape as string));
  expect(new Set(used)).toEqual(new Set(Object.keys(shapes)));
});

test("every phase has a look, and one that is not known is shown by its own word", () => {
  for (const phase of [...activePhases, ...endedPhases]) expect(lookOfPhase(phase.toUpperCase()).word).toBe(phase);
  expect(lookOfPhase("ARCHIVED")).toMatchObject({ word: "archived", shape: "ring" });
});
