import { effect } from "@preact/signals";
import { render } from "preact";
import { App, waitingForPeople } from "./app.tsx";
import { watch } from "./mesh-store.ts";
import { followAddress } from "./place.ts";
import { now } from "./when.tsx";

const root = document.getElementById("app");
if (!root) throw new Error("the page has no #app");
followAddress();
setInterval(() => (now.value = Date.now()), 20_000);
effect(() => {
  const waiting = waitingForPeople.value;
  document.title = waiting === 0 ? "mesh-six" : `(${waiting}) mesh-six`;
});
render(<App />, root);
void watch();
