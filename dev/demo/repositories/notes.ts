import { APP_JS, GITIGNORE, packageJson, SERVE_JS } from "./http-service.ts";
import { TRY_ESCAPE_SH } from "./try-escape.ts";

const README = `# notes

Notes that can be searched, as an HTTP service without dependencies.

- \`npm start\` serves it on \`PORT\` (3000), \`npm test\` runs the tests.
- \`GET /notes?q=<text>\`, \`POST /notes {text}\`, \`GET /healthz\`, \`GET /readyz\`
`;

const NOTES_JS = `/** Notes, newest first, kept in memory. */
export class Notes {
  #notes = [];

  add(text) {
    if (typeof text !== "string" || text.trim() === "") throw new Error("a text is needed");
    const note = { id: this.#notes.length + 1, text: text.trim() };
    this.#notes.unshift(note);
    return note;
  }

  /** The notes that contain the text; all without one. */
  search(query = "") {
    return this.#notes.filter((note) => note.text.includes(query));
  }
}
`;

const SERVER_JS = `import { createApp } from "./app.js";
import { Notes } from "./notes.js";

const server = await createApp({ notes: new Notes() });
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(\`listening on \${server.address().port}\`));
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => server.close(() => process.exit(0)));
`;

const ROUTES_JS = `import { bodyOf, json } from "../app.js";

export const routes = ({ notes }) => [
  { method: "GET", path: /^\\/notes$/, answer: ({ url }) => json(200, notes.search(url.searchParams.get("q") ?? "")) },
  { method: "POST", path: /^\\/notes$/, answer: async ({ request }) => json(201, notes.add((await bodyOf(request)).text)) },
];
`;

const NOTES_TEST_JS = `import assert from "node:assert/strict";
import { test } from "node:test";
import { Notes } from "../src/notes.js";
import { serve } from "../support/serve.js";

test("finds what contains the text, newest first", () => {
  const notes = new Notes();
  notes.add("call the bank");
  notes.add("the bank is closed");
  notes.add("buy milk");
  assert.deepEqual(notes.search("bank").map((note) => note.id), [2, 1]);
  assert.equal(notes.search().length, 3);
});

test("health and notes over HTTP", async (t) => {
  const url = await serve(t, { notes: new Notes() });
  assert.equal((await (await fetch(\`\${url}/healthz\`)).json()).status, "ok");
  assert.equal((await fetch(\`\${url}/notes\`, { method: "POST", body: JSON.stringify({ text: "milk" }) })).status, 201);
  assert.equal((await (await fetch(\`\${url}/notes?q=milk\`)).json()).length, 1);
});
`;

/** The files of `solo/notes` on its main branch, by path. Its tests pass; the bug of issue 1 has none yet. */
export const notes: Readonly<Record<string, string>> = {
  ".gitignore": GITIGNORE,
  "README.md": README,
  "package.json": packageJson("notes"),
  "scripts/try-escape.sh": TRY_ESCAPE_SH,
  "src/app.js": APP_JS,
  "src/notes.js": NOTES_JS,
  "src/routes/notes.js": ROUTES_JS,
  "src/server.js": SERVER_JS,
  "test/notes.test.js": NOTES_TEST_JS,
  "support/serve.js": SERVE_JS,
};
