/** The parts both demonstration services share, as text of files in their repositories. */

/** `src/app.js`: routes from every module in `src/routes/`, so that features don't meet in one file. */
export const APP_JS = `import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { createServer } from "node:http";

const ROUTES = new URL("./routes/", import.meta.url);

/** The commit this runs from: the environment says it, or the file COMMIT beside package.json. */
export function commit() {
  if (process.env.COMMIT) return process.env.COMMIT;
  try {
    return readFileSync(new URL("../COMMIT", import.meta.url), "utf8").trim();
  } catch {
    return "unknown";
  }
}

export async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text === "" ? {} : JSON.parse(text);
}

export const json = (status, body) => ({ status, type: "application/json", body: JSON.stringify(body) });

const built = [
  { method: "GET", path: /^\\/healthz$/, answer: () => json(200, { status: "ok", commit: commit() }) },
  { method: "GET", path: /^\\/readyz$/, answer: () => json(200, { status: "ready" }) },
];

/** A server that answers with the routes of every module in src/routes/. */
export async function createApp(state) {
  const names = (await readdir(ROUTES)).filter((name) => name.endsWith(".js")).sort();
  const modules = await Promise.all(names.map((name) => import(new URL(name, ROUTES))));
  const routes = [...built, ...modules.flatMap((module) => module.routes(state))];
  return createServer(async (request, response) => {
    const url = new URL(request.url, "http://service");
    const route = routes.find((r) => r.method === request.method && r.path.test(url.pathname));
    let answer = json(404, { error: "not found" });
    try {
      if (route) answer = await route.answer({ request, url, match: route.path.exec(url.pathname) });
    } catch (error) {
      answer = json(400, { error: error.message });
    }
    response.writeHead(answer.status, { "content-type": answer.type });
    response.end(answer.body);
  });
}
`;

/** `support/serve.js`: starts the service on a free port for one test. */
export const SERVE_JS = `import { createApp } from "../src/app.js";

/** Starts the service for one test and ends it afterwards. */
export async function serve(t, state) {
  const server = await createApp(state);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  t.after(() => new Promise((done) => server.close(done)));
  return \`http://127.0.0.1:\${server.address().port}\`;
}
`;

export const GITIGNORE = `node_modules/
COMMIT
escape-report.txt
`;

export const packageJson = (name: string): string =>
  `${JSON.stringify(
    {
      name,
      version: "1.0.0",
      private: true,
      type: "module",
      scripts: { start: "node src/server.js", test: "node --test --test-reporter=tap" },
    },
    null,
    2,
  )}\n`;
