import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./app.tsx";
import { watchKeys } from "./keys.ts";
import { watch } from "./mesh-store.ts";
import { followAddress, place } from "./place.ts";
import { sectionOf } from "./sections.ts";
import { waitingForPeople } from "./waiting.ts";
import { now } from "./when.tsx";

const root = document.getElementById("app");
if (!root) throw new Error("the page has no #app");
followAddress();
setInterval(() => (now.value = Date.now()), 20_000);
effect(() => {
  const waiting = waitingForPeople.value;
  const word = sectionOf(place.value)?.word ?? "";
  document.title = `${waiting === 0 ? "" : `(${waiting}) `}${word} · mesh-six`;
});
render(<App />, root);
watchKeys();
void watch();
