import { expect, test } from "vitest";
import { ConfigurationError, parseSettings, settingsOf } from "./config.ts";

const complete = {
  OPERATOR_TOKEN: "operator-token-of-the-test",
  SIGNING_KEY: "0123456789abcdef0123456789abcdef",
  MASTER_KEY: "fedcba9876543210fedcba9876543210",
  DATABASE_URL: "postgresql://mesh:secret@localhost/mesh",
  PUBLIC_URL: "https://mesh.example.com/",
  GITHUB_TOKEN: "ghp_something",
  NTFY_URL: "https://ntfy.sh",
  NTFY_TOPIC: "mesh",
  LLM_BASE_URL: "http://localhost:4000/v1",
  LLM_API_KEY: "key",
  LLM_MODEL: "model",
};

test("complete settings are taken, with defaults, and URLs lose their trailing slash", () => {
  const parsed = parseSettings({ ...complete, VIEWER_TOKEN: "", DASHBOARD_URL: "" });
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      PUBLIC_URL: "https://mesh.example.com",
      GITHUB_API_URL: "https://api.github.com",
      GITHUB_WRITE_SPACING_MS: 1_000,
      AGENT_OFFLINE_AFTER_MS: 120_000,
      GITHUB_LEND_TOKEN: false,
    },
  });
});

test("each missing setting is named", () => {
  const parsed = parseSettings({ GITHUB_TOKEN: "ghp_something" });
  if (parsed.ok) throw new Error("taken");
  expect(parsed.error.map(({ path }) => path).toSorted()).toEqual([
    "DATABASE_URL",
    "LLM_API_KEY",
    "LLM_BASE_URL",
    "LLM_MODEL",
    "MASTER_KEY",
    "NTFY_TOPIC",
    "NTFY_URL",
    "OPERATOR_TOKEN",
    "PUBLIC_URL",
    "SIGNING_KEY",
  ]);
  expect(new Set(parsed.error.map(({ message }) => message))).toEqual(new Set(["missing"]));
});

test.each([
  [{ GITHUB_TOKEN: "" }, "GITHUB_TOKEN"],
  [{ GITHUB_TOKEN: "", GITHUB_APP_ID: "12" }, "GITHUB_PRIVATE_KEY"],
  [{ GITHUB_TOKEN: "", GITHUB_PRIVATE_KEY: "-----BEGIN PRIVATE KEY-----" }, "GITHUB_APP_ID"],
  [{ GITHUB_APP_ID: "12", GITHUB_PRIVATE_KEY: "-----BEGIN RSA PRIVATE KEY-----" }, "GITHUB_PRIVATE_KEY"],
  [{ SIGNING_KEY: "short" }, "SIGNING_KEY"],
  [{ AGENT_OFFLINE_AFTER_MS: "2 min" }, "AGENT_OFFLINE_AFTER_MS"],
  [{ PUBLIC_URL: "ftp://mesh" }, "PUBLIC_URL"],
  [{ LITELLM_URL: "http://localhost:4000" }, "LITELLM_ADMIN_KEY"],
  [{ AI_GATEWAY_API_TOKEN: "a-token-of-cloudflare-s" }, "AI_GATEWAY_ACCOUNT_ID"],
])("%j is refused at %s", (change, path) => {
  const parsed = parseSettings({ ...complete, ...change });
  if (parsed.ok) throw new Error("taken");
  expect(parsed.error.map((issue) => issue.path)).toEqual([path]);
});

test("a configuration error names settings and never tells a value", () => {
  const env = { ...complete, SIGNING_KEY: "tooshort-secret", NTFY_TOPIC: undefined };
  const thrown = (() => {
    try {
      return settingsOf(env);
    } catch (error) {
      return error;
    }
  })();
  expect(thrown).toBeInstanceOf(ConfigurationError);
  const { message, issues } = thrown as ConfigurationError;
  expect(message).toBe("settings missing or wrong: SIGNING_KEY, NTFY_TOPIC");
  expect(JSON.stringify([message, issues])).not.toContain("tooshort-secret");
});
