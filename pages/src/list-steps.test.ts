// @vitest-environment happy-dom
import { beforeEach, expect, test } from "vitest";
import { stepThroughRows } from "./list-steps.ts";

beforeEach(() => {
  document.body.innerHTML = `
    <main>
      <a href="#/up">up</a>
      <ul class="past">
        <li><a href="#/1" id="one">1</a> <a href="#/more">more</a></li>
        <li>without a link</li>
        <li hidden><a href="#/2" id="hidden">2</a></li>
      </ul>
      <article class="question" id="question" tabindex="-1">a question</article>
      <button data-row id="row">a row of its own</button>
    </main>`;
  // happy-dom lays nothing out: what is not hidden has a place.
  for (const element of document.querySelectorAll<HTMLElement>("*")) {
    element.getClientRects = () => (element.closest("[hidden]") ? [] : [{}]) as unknown as DOMRectList;
    element.scrollIntoView = () => undefined;
  }
});

const steps = (...by: readonly (1 | -1)[]) =>
  by.map((one) => {
    stepThroughRows(one);
    return document.activeElement?.id;
  });

test("down goes through everything that can be opened, in its order, and stays at the end", () => {
  expect(steps(1, 1, 1, 1)).toEqual(["one", "question", "row", "row"]);
});

test("up from nowhere begins at the end, and stays at the beginning", () => {
  expect(steps(-1, -1, -1, -1)).toEqual(["row", "question", "one", "one"]);
});

test("it goes on from wherever in a row the focus is", () => {
  document.querySelector<HTMLElement>('[href="#/more"]')?.focus();
  expect(steps(1)).toEqual(["question"]);
});
