import { expect } from "vitest";
import type { Answer, MadeUpMesh } from "./made-up-mesh.ts";
import { noon, runMesh, timeless } from "./run-mesh.ts";

/** One verb: what the mesh answers, what it is asked, and what a person sees. */
export interface VerbCase {
  readonly args: readonly string[];
  /** `GET /agents` */
  readonly route: string;
  readonly answer: Answer;
  /** What people see, at 80 columns, with times of day replaced. */
  readonly text: string;
  /** With its query; the route's unless said. */
  readonly path?: string;
  readonly body?: unknown;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** A list's answer with one page. */
export function page(...items: readonly unknown[]): { items: readonly unknown[]; cursor: null } {
  return { items, cursor: null };
}

const now = Date.now();

/** So many hours before this moment, and some minutes, so that a slow test tells the same hours. */
export function hoursAgo(hours: number): number {
  return now - hours * 3_600_000 - 300_000;
}

/** Runs the verb, and expects what it asks and what it says; nothing secret is ever said. */
export async function expectVerb(mesh: MadeUpMesh, { args, route, answer, text, path, body, env, input }: VerbCase): Promise<void> {
  mesh.routes.clear();
  mesh.on(route, answer);
  const options = {
    env: { ...noon(), MESH_URL: mesh.url, MESH_TOKEN: mesh.token, NO_COLOR: "1", COLUMNS: "80", ...env },
    ...(input === undefined ? {} : { input }),
  };
  const { code, stdout, stderr } = await runMesh(args, options);
  expect(stderr).toBe("");
  expect(timeless(stdout)).toBe(text);
  expect(code).toBe(0);
  const [method, plain] = route.split(" ");
  expect(mesh.asked.at(-1)).toMatchObject({ method, path: path ?? plain, ...(body === undefined ? {} : { body }) });
  expect(stdout).not.toContain("never-shown");
}

/** With `--json` the mesh's answer comes as it is, as one document. */
export async function expectDocument(mesh: MadeUpMesh, { args, route, answer, env, input }: VerbCase): Promise<void> {
  mesh.routes.clear();
  mesh.on(route, answer);
  const options = { env: { MESH_URL: mesh.url, MESH_TOKEN: mesh.token, ...env }, ...(input === undefined ? {} : { input }) };
  const { code, stdout } = await runMesh([...args, "--json"], options);
  expect(code, args.join(" ")).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(answer)));
}
