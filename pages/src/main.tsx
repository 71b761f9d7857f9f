import { render } from "preact";
import { App, place } from "./app.tsx";
import { watch } from "./mesh-store.ts";
import { now } from "./when.tsx";

const root = document.getElementById("app");
if (!root) throw new Error("the page has no #app");
addEventListener("hashchange", () => (place.value = location.hash));
setInterval(() => (now.value = Date.now()), 20_000);
render(<App />, root);
void watch();
