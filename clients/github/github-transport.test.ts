import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ClientError } from "../client-error.ts";
import { createGitHubTransport } from "./github-transport.ts";
import type { RateReading } from "./github-transport.ts";

const now = 1_000_000_000_000;
const token = "ghp_secretsecretsecret";
const credential = { lane: "token", token };

type Answer = () => Response | Promise<Response>;

function transportOf(answer: Answer, apiUrl = "https://api.github.com") {
  const calls: { url: string; init: RequestInit }[] = [];
  const rates: RateReading[] = [];
  const transport = createGitHubTransport({
    apiUrl,
    now: () => now,
    sleep: async () => {},
    timeLimitMs: 50,
    onRate: (reading) => rates.push(reading),
    fetch: async (url, init) => {
      calls.push({ url, init });
      return answer();
    },
  });
  const rest = (): Promise<unknown> =>
    transport.rest(credential, "POST", "/repos/a/b/issues?x=1", { body: { title: "t" }, answer: z.unknown() });
  const graphql = (): Promise<unknown> =>
    transport.graphql(
      credential,
      "query Q { viewer { login } }",
      {},
      { operationName: "Q", answer: z.object({ viewer: z.object({ login: z.string() }) }) },
    );
  return { calls, rates, rest, graphql, transport };
}

async function failureOf(call: Promise<unknown>): Promise<ClientError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClientError)) throw new Error(`not a ClientError: ${String(error)}`);
  return error;
}

const refusing =
  (status: number, headers: Record<string, string> = {}, message = "Nope") =>
  (): Response =>
    Response.json({ message }, { status, headers });
const faulty =
  (type: string | undefined, message = "Nope", headers: Record<string, string> = {}) =>
  (): Response =>
    Response.json({ data: null, errors: [{ ...(type ? { type } : {}), message }] }, { headers });

describe("REST failures", () => {
  it.each([
    ["a bad token", refusing(401), { code: "authentication", retryable: false, status: 401 }],
    ["a missing permission", refusing(403, { "x-ratelimit-remaining": "100" }), { code: "forbidden", retryable: false }],
    [
      "no points left",
      refusing(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1_000 + 90) }),
      { code: "rate-limited", retryable: true, retryAt: now + 90_000 },
    ],
    [
      "a secondary limit that names a wait",
      refusing(403, { "retry-after": "30" }),
      { code: "rate-limited", retryable: true, retryAt: now + 30_000 },
    ],
    [
      "a secondary limit that names none",
      refusing(403, {}, "You have exceeded a secondary rate limit"),
      { code: "rate-limited", retryable: true, retryAt: now + 60_000 },
    ],
    ["429", refusing(429), { code: "rate-limited", retryable: true, retryAt: now + 60_000 }],
    ["404", refusing(404), { code: "not-found", retryable: false }],
    ["410", refusing(410), { code: "gone", retryable: false }],
    ["405", refusing(405), { code: "conflict", retryable: false, status: 405 }],
    ["422", refusing(422), { code: "invalid", retryable: false }],
    ["502", refusing(502), { code: "unavailable", retryable: true }],
    ["503 that names a wait", refusing(503, { "retry-after": "5" }), { code: "unavailable", retryable: true, retryAt: now + 5_000 }],
    ["no connection", () => Promise.reject(new TypeError("fetch failed")), { code: "unreachable", retryable: true }],
    ["no answer in time", () => Promise.reject(new DOMException("late", "TimeoutError")), { code: "timeout", retryable: true }],
    ["something else than JSON", () => new Response("<html>"), { code: "unexpected-answer" }],
  ] as const)("%s", async (_, answer, expected) => {
    const { rest } = transportOf(answer);
    const error = await failureOf(rest());
    expect(error).toMatchObject({ service: "GitHub", ...expected });
    expect(error.message).not.toContain(token);
  });

  it("shows the details of a 422 without the token, should GitHub ever repeat it", async () => {
    const { rest } = transportOf(() =>
      Response.json({ message: "Validation Failed", errors: [{ message: `No commits between main and x ${token}` }] }, { status: 422 }),
    );
    const error = await failureOf(rest());
    expect(error.message).toContain("No commits between main and x");
    expect(error.message).not.toContain(token);
  });

  it("gives up waiting by itself", async () => {
    const transport = createGitHubTransport({
      apiUrl: "https://api.github.com",
      now: () => now,
      sleep: async () => {},
      timeLimitMs: 20,
      fetch: (_url, init) =>
        new Promise((_resolve, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error))),
    });
    const error = await failureOf(transport.rest(credential, "GET", "/x", { answer: z.unknown() }));
    expect(error).toMatchObject({ code: "timeout", retryable: true });
  });
});

describe("GraphQL failures, which come with 200", () => {
  it.each([
    ["NOT_FOUND", faulty("NOT_FOUND"), { code: "not-found", retryable: false }],
    ["FORBIDDEN", faulty("FORBIDDEN"), { code: "forbidden", retryable: false }],
    ["INSUFFICIENT_SCOPES", faulty("INSUFFICIENT_SCOPES"), { code: "forbidden" }],
    [
      "RATE_LIMITED",
      faulty("RATE_LIMITED", "x", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1_000 + 60) }),
      { code: "rate-limited", retryable: true, retryAt: now + 60_000 },
    ],
    ["a hiccup", faulty(undefined, "Something went wrong while executing your query"), { code: "unavailable", retryable: true }],
    ["an invalid document", faulty(undefined, "Field 'x' doesn't exist"), { code: "invalid", retryable: false }],
    ["an unexpected form", () => Response.json({ data: { viewer: null } }), { code: "unexpected-answer", retryable: false }],
  ] as const)("%s", async (_, answer, expected) => {
    expect(await failureOf(transportOf(answer).graphql())).toMatchObject(expected);
  });
});

describe("requests", () => {
  const fine = (): Response =>
    Response.json(
      { data: { viewer: { login: "me" } } },
      {
        headers: {
          "x-ratelimit-limit": "5000",
          "x-ratelimit-remaining": "4990",
          "x-ratelimit-used": "10",
          "x-ratelimit-reset": "1000000060",
          "x-ratelimit-resource": "graphql",
        },
      },
    );

  it("report the points they leave", async () => {
    const { graphql, rates } = transportOf(fine);
    await graphql();
    expect(rates).toEqual([{ lane: "token", resource: "graphql", limit: 5_000, used: 10, left: 4_990, resetAt: 1_000_000_060_000 }]);
  });

  it("name their operation, and go to a server's own GraphQL address", async () => {
    const { graphql, calls } = transportOf(fine, "https://git.example.com/api/v3");
    await graphql();
    expect(calls[0]?.url).toBe("https://git.example.com/api/graphql");
    expect(JSON.parse(String(calls[0]?.init.body))).toMatchObject({ operationName: "Q" });
  });

  it("keep numbers that are larger than a number holds", async () => {
    const { rest } = transportOf(() => new Response('[{"id":12345678901234567890,"n":1}]'));
    expect(await rest()).toMatchObject({ value: [{ id: "12345678901234567890", n: 1 }] });
  });
});
