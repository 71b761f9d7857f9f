import { describe, expect, test } from "vitest";
import { variableFault } from "./agent-variables.ts";
import { credentialPush } from "./credential-push.ts";

const faults = (push: unknown): string[] =>
  credentialPush.safeParse(push).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];

test("an API key is taken, and the rest has defaults", () => {
  expect(credentialPush.parse({ variables: { ANTHROPIC_API_KEY: "sk-ant-api03-x" } })).toEqual({
    name: "agent",
    variables: { ANTHROPIC_API_KEY: "sk-ant-api03-x" },
    expiresAt: null,
    refresh: null,
  });
});

describe("variables that would change the runner, git or GitHub", () => {
  test.each(
    [
      "PATH HOME SHELL BASH_ENV LD_PRELOAD DYLD_INSERT_LIBRARIES NODE_OPTIONS NODE_EXTRA_CA_CERTS NPM_CONFIG_REGISTRY PYTHONPATH HTTPS_PROXY",
      "GIT_SSH_COMMAND GIT_CONFIG_COUNT GITHUB_TOKEN GH_TOKEN SSH_AUTH_SOCK MESH_TOKEN CLOUDFLARE_API_TOKEN CF_API_TOKEN WRANGLER_HOME",
      "CLAUDE_CONFIG_DIR XDG_CONFIG_HOME TMPDIR",
    ].flatMap((names) => names.split(" ")),
  )("%s is refused", (name) => {
    expect(variableFault(name)).toContain("would change the runner");
    expect(faults({ variables: { [name]: "x" } })).toHaveLength(1);
  });

  test.each(["path", "Path", "1A", "A-B", "A B", "A=B", "", "Ä", "A".repeat(129), "A\n"])("%j has not the form of a name", (name) => {
    expect(variableFault(name)).toMatch(/^1 to 128/);
  });

  test.each([
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "OPENAI_API_KEY",
    "AWS_ACCESS_KEY_ID",
    "CLAUDE_CODE_USE_BEDROCK",
    "NPM_TOKEN",
    "PATHS",
    "GITLAB_TOKEN",
  ])("%s is taken", (name) => expect(variableFault(name)).toBeUndefined());
});

test.each(["uJ3kT9xQpL0vWz8nB2dR7y#s4Fh6Kq1Mw9Xc3Vb5Zt8Pn", "ABCD-1234", "ABCD-12345\n"])("the code of a login is refused: %j", (code) => {
  const [fault = ""] = faults({ variables: { ANTHROPIC_API_KEY: code } });
  expect(fault).toContain("never passes through the mesh");
  expect(fault).not.toContain(code.trim());
});

describe("logins of Claude subscriptions", () => {
  const token = "sk-ant-oat01-secret-part";
  test.each([
    ["as a value", { variables: { ANTHROPIC_AUTH_TOKEN: token } }],
    ["within a value", { variables: { X: `Bearer ${token.toUpperCase()}` } }],
    ["a refresh token as a value", { variables: { X: "sk-ant-ort01-secret-part" } }],
    ["by their variable", { variables: { CLAUDE_CODE_OAUTH_TOKEN: "anything" } }],
    [
      "as the refresh token",
      {
        variables: { X: "y" },
        refresh: { tokenUrl: "https://id.example/t", clientId: "c", refreshToken: "sk-ant-ort01-x", variable: "X" },
      },
    ],
  ])("%s are refused with what to do instead, and not repeated", (_, push) => {
    const [fault = ""] = faults(push);
    expect(fault).toContain("claude auth login");
    expect(fault).toContain("ANTHROPIC_API_KEY");
    expect(fault).not.toContain("secret-part");
  });
});

test("other faults are named with their paths, without values", () => {
  const refresh = { tokenUrl: "https://id.example/t", clientId: "c", refreshToken: "r", variable: "B" };
  expect(faults({ variables: { A: "secret" }, refresh })).toEqual(["refresh.variable: names none of the variables"]);
  expect(faults({ variables: {} })).toEqual(["variables: at least one variable is needed"]);
  expect(faults({ variables: { A: "" } })).toEqual(["variables.A: empty"]);
  expect(faults({ variables: { A: "a\0b" } })).toEqual(["variables.A: holds a NUL character"]);
  expect(faults({ variables: { A: "secret".repeat(4_000) } })).toEqual(["variables.A: at most 16384 characters"]);
  expect(faults({ name: "Agent", variables: { A: "b" } })).toEqual(["name: 1 to 64 characters of a-z 0-9 -"]);
  expect(JSON.stringify(credentialPush.safeParse({ variables: { PATH: "a-secret-value" } }).error)).not.toContain("a-secret-value");
});
