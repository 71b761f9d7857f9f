import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { agentEnvironment, bubblewrapArguments, detectIsolation } from "./isolation.ts";
import { placeOf } from "./run-place.ts";

const place = placeOf("/state", { project: "acme/todo", branch: "mesh/12.1" } as Parameters<typeof placeOf>[1]);

test("a run's folders are derived from project and branch, and from nothing else", () => {
  expect(place).toMatchObject({ root: "/state/worktrees/acme--todo/12.1", tree: "/state/worktrees/acme--todo/12.1/tree" });
  for (const [project, branch] of [
    ["acme/../x", "mesh/1.1"],
    ["acme/..", "mesh/1.1"],
    ["../todo", "mesh/1.1"],
    ["acme/todo", "mesh/../1"],
    ["acme/todo", "main"],
  ]) {
    expect(placeOf("/state", { project, branch } as Parameters<typeof placeOf>[1]), `${project} ${branch}`).toBeUndefined();
  }
});

test("without Linux there is no isolation, and it says why", () => {
  const isolation = detectIsolation({ stateFolder: "/state", readable: [], platform: { root: false, linux: false } });
  expect([isolation.kind, isolation.reason]).toEqual(["none", "separate users and bubblewrap are used on Linux only"]);
});

test("bubblewrap hides the home and the runner's folder, has a /proc of its own and lets only the run be written", () => {
  if (place === undefined) throw new Error("no place");
  const tool = join(homedir(), ".local", "bin", "claude");
  const args = bubblewrapArguments(place, { stateFolder: "/state", readable: [tool, "/usr/bin/node"] });
  const text = args.join(" ");
  expect(text).toContain("--unshare-pid");
  expect(text).toContain("--proc /proc");
  expect(text).toContain("--ro-bind / /");
  expect(text).toContain(`--tmpfs ${homedir()} --tmpfs /state --ro-bind-try ${tool} ${tool}`);
  expect(args.flatMap((arg, at) => (arg === "--bind" ? [args[at + 1]] : []))).toEqual([place.tree, place.home, place.tmp]);
  expect(text).not.toContain("/usr/bin/node");
});

test("the agent's environment is a list of what is allowed", () => {
  if (place === undefined) throw new Error("no place");
  process.env["GITHUB_TOKEN"] = "secret";
  const environment = agentEnvironment(place, { ANTHROPIC_API_KEY: "key" });
  delete process.env["GITHUB_TOKEN"];
  expect(environment).toMatchObject({ ANTHROPIC_API_KEY: "key", HOME: place.home, TMPDIR: place.tmp, GIT_CONFIG_NOSYSTEM: "1" });
  expect(environment).not.toHaveProperty("GITHUB_TOKEN");
});
