import { expect, test } from "vitest";
import { actionsRunnerYaml } from "./actions-runner.ts";

const runner = {
  agent: "acme-actions",
  meshUrl: "https://mesh.test",
  repository: "acme/shop",
  rootFiles: ["package.json", "package-lock.json"],
};

test("the workflow starts one runner with the agent's token and no other right", () => {
  const yaml = actionsRunnerYaml(runner);
  expect(yaml).toContain("--url 'https://mesh.test' --id 'acme-actions'");
  expect(yaml).toContain("MESH_AGENT_TOKEN: ${{ secrets.MESH_AGENT_TOKEN }}");
  expect(yaml).toMatch(/^permissions:\n {2}contents: read$/m);
  expect(yaml).toContain("persist-credentials: false");
  expect(yaml).not.toMatch(/pull_request|GITHUB_TOKEN/);
  expect(yaml).toContain("acme/shop's issues. What the project needs is installed by the runner: npm ci.");
});

test("what is put in stays one word of the shell and begins no expression", () => {
  const yaml = actionsRunnerYaml({ ...runner, agent: "a'; rm -rf / #", meshUrl: "https://x/${{ secrets.ALL }}" });
  expect(yaml).toContain(String.raw`--id 'a'\''; rm -rf / #'`);
  expect(yaml.match(/\$\{\{/g)).toHaveLength(3);
});
