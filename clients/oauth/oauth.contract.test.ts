import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startOAuth } from "../../dev/oauth/start-oauth.ts";
import type { OAuthProvider } from "../../dev/oauth/start-oauth.ts";
import { ClientError } from "../client-error.ts";
import { checkTokenUrl, createOAuth } from "./oauth.ts";

const at = 1_800_000_000_000;
let provider: OAuthProvider;
beforeEach(async () => void (provider = await startOAuth()));
afterEach(() => provider.close());

const client = (more: Partial<Parameters<typeof createOAuth>[0]> = {}) =>
  createOAuth({ now: () => at, sleep: async () => {}, allowPrivate: true, ...more });
const grantOf = (refreshToken: string) => ({ tokenUrl: provider.tokenUrl, clientId: "mesh-client", refreshToken, variable: "TOKEN" });
const failure = (act: Promise<unknown>): Promise<ClientError> =>
  act.then(
    () => Promise.reject(new Error("it should have failed")),
    (error: ClientError) => error,
  );

describe("a refresh", () => {
  test("gives a new access token, its end, and the next refresh token", async () => {
    const first = await client().refresh(grantOf(provider.login()));
    expect(first).toEqual({ accessToken: expect.stringMatching(/^access-/), expiresAt: at + 3_600_000, refreshToken: expect.any(String) });
    const second = await client().refresh(grantOf(first.refreshToken ?? ""));
    expect([provider.isCurrent(first.accessToken), provider.isCurrent(second.accessToken)]).toEqual([false, true]);
  });

  test("where refresh tokens stay and no end is named, nothing is made up", async () => {
    const plain = await startOAuth({ rotates: false, expiresIn: 0 });
    const grant = { ...grantOf(plain.login()), tokenUrl: plain.tokenUrl };
    expect(await client().refresh(grant)).toMatchObject({ expiresAt: null, refreshToken: null });
    expect(await client().refresh(grant)).toMatchObject({ expiresAt: null, refreshToken: null });
    await plain.close();
  });
});

describe("refusals", () => {
  test("a login that was ended, and a refresh token used twice: gone", async () => {
    const ended = provider.login();
    provider.revoke(ended);
    const used = provider.login();
    await client().refresh(grantOf(used));
    for (const token of [ended, used]) {
      const error = await failure(client().refresh(grantOf(token)));
      expect(error).toMatchObject({ service: "OAuth", code: "gone", retryable: false, status: 400 });
      expect(error.message).toContain("invalid_grant");
      expect(error.message).not.toContain(token);
    }
  });

  test("an unknown client is a fault of the settings", async () => {
    const error = await failure(client().refresh({ ...grantOf(provider.login()), clientId: "other" }));
    expect(error).toMatchObject({ code: "configuration", retryable: false });
  });

  test.each([
    [
      { status: 503, headers: { "retry-after": "60" } },
      { code: "unavailable", retryable: true, retryAt: at + 60_000 },
    ],
    [
      { status: 429, headers: { "retry-after": "5" } },
      { code: "rate-limited", retryable: true, retryAt: at + 5_000 },
    ],
    [{ status: 404 }, { code: "unexpected-answer", retryable: false }],
    [
      { status: 302, headers: { location: "https://elsewhere.example/" } },
      { code: "unexpected-answer", retryable: false },
    ],
    [
      { status: 200, body: "secret-in-a-body" },
      { code: "unexpected-answer", retryable: false },
    ],
    [
      { status: 200, body: { access_token: "" } },
      { code: "unexpected-answer", retryable: false },
    ],
    [
      { status: 200, body: { access_token: "sk-ant-oat01-x" } },
      { code: "refused", retryable: false },
    ],
    [
      { status: 400, body: { error: "secret-in-a-body" } },
      { code: "unexpected-answer", retryable: false },
    ],
    [{ drop: true }, { code: "unreachable", retryable: true }],
  ])("%j", async (fault, expected) => {
    provider.plan(fault);
    const token = provider.login();
    const error = await failure(client().refresh(grantOf(token)));
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject(expected);
    for (const hidden of [token, "secret-in-a-body", "sk-ant"])
      expect(error.message.replace(/push an api key.*/i, "")).not.toContain(hidden);
  });

  test("silence", async () => {
    provider.plan({ delayMs: 1_000 });
    expect(await failure(client({ timeLimitMs: 50 }).refresh(grantOf(provider.login())))).toMatchObject({
      code: "timeout",
      retryable: true,
    });
  });
});

test.each([
  ["http://id.example/token", "https"],
  ["https://127.0.0.1/token", "private"],
  ["https://169.254.169.254/token", "private"],
  ["https://[::1]/token", "private"],
  ["https://vault.internal/token", "local"],
  ["https://claude.ai/token", "Anthropic"],
  ["https://platform.claude.com/v1/oauth/token", "Anthropic"],
])("tokens are not renewed at %s", async (url, because) => {
  expect((await failure(checkTokenUrl(url, false))).message).toContain(because);
  const never = client({ allowPrivate: false, fetch: () => Promise.reject(new Error("was asked")) });
  expect((await failure(never.refresh({ ...grantOf("x"), tokenUrl: url }))).message).toContain(because);
});
