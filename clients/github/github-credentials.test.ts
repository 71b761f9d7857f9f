import { generateKeyPairSync } from "node:crypto";
import { jwtVerify } from "jose";
import { describe, expect, it, vi } from "vitest";
import type { ProjectProfile } from "../../core/inputs.ts";
import { hourMs, minuteMs } from "../../core/time.ts";
import { createGitHubCredentials } from "./github-credentials.ts";
import { createGitHubTransport } from "./github-transport.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const profile = { name: "acme/shop", key: "R_1", board: null, credential: { kind: "app", installation: 7 } } as unknown as ProjectProfile;
const onUserBoard = { ...profile, board: { id: "PVT", ownerKind: "user" } } as unknown as ProjectProfile;
const byToken = { ...profile, credential: { kind: "token" } } as unknown as ProjectProfile;

function setUp(settings: Parameters<typeof createGitHubCredentials>[0]) {
  let at = 1_800_000_000_000;
  const asked: { jwt: string; body: unknown }[] = [];
  let [dies, died] = [false, 0];
  const transport = createGitHubTransport({
    apiUrl: "https://api.github.com",
    now: () => at,
    sleep: async () => {},
    fetch: async (_url, init) => {
      if (dies) {
        died += 1;
        return new Promise<Response>(() => {});
      }
      const headers = init.headers as Record<string, string>;
      asked.push({ jwt: headers.authorization?.replace("Bearer ", "") ?? "", body: init.body ? JSON.parse(String(init.body)) : undefined });
      return Response.json({ token: `ghs_${asked.length}`, expires_at: new Date(at + hourMs).toISOString() }, { status: 201 });
    },
  });
  return {
    asked,
    credentials: createGitHubCredentials(
      settings,
      transport,
      () => at,
      async (ms) => {
        at += ms;
        await new Promise((resolve) => setImmediate(resolve));
      },
    ),
    now: () => at,
    move: (ms: number) => void (at += ms),
    /** GitHub is asked by invocations that die before it answers. */
    die: (does: boolean) => void (dies = does),
    died: () => died,
  };
}

describe("an App's credentials", () => {
  it("sign a token for the App that lives less than ten minutes", async () => {
    const { asked, credentials, now } = setUp({ app: { appId: "42", privateKeyPem: pem } });
    await credentials.forRepository(profile);
    const { payload, protectedHeader } = await jwtVerify(asked[0]?.jwt ?? "", publicKey, { currentDate: new Date(now()) });
    expect(protectedHeader.alg).toBe("RS256");
    expect(payload.iss).toBe("42");
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(600);
  });

  it("are asked for once, and again five minutes before they end", async () => {
    const { asked, credentials, move } = setUp({ app: { appId: "42", privateKeyPem: pem } });
    const [one, two] = await Promise.all([credentials.forRepository(profile), credentials.forBoard(profile)]);
    expect(one).toEqual(two);
    expect(asked).toHaveLength(1);
    move(54 * minuteMs);
    expect(await credentials.forRepository(profile)).toEqual(one);
    move(2 * minuteMs);
    expect(await credentials.forRepository(profile)).not.toEqual(one);
    expect(asked).toHaveLength(2);
  });

  it("are asked for again by who has waited for an invocation that died", async () => {
    const { asked, credentials, now, die, died } = setUp({ app: { appId: "42", privateKeyPem: pem } });
    const first = now();
    die(true);
    void credentials.forRepository(profile);
    await vi.waitFor(() => expect(died()).toBe(1));
    die(false);
    expect((await credentials.forRepository(profile)).token).toBe("ghs_1");
    expect(asked).toHaveLength(1);
    expect(now() - first).toBeGreaterThanOrEqual(16_000);
  });

  it("are narrowed for git to contents of the one repository", async () => {
    const { asked, credentials, now } = setUp({ app: { appId: "42", privateKeyPem: pem }, boardToken: "ghp_board" });
    const push = await credentials.forGit(onUserBoard, "push");
    expect(push).toEqual({ username: "x-access-token", password: "ghs_1", expiresAt: now() + hourMs });
    expect(asked[0]?.body).toEqual({ repositories: ["shop"], permissions: { contents: "write", metadata: "read" } });
    await credentials.forGit(onUserBoard, "read");
    expect(asked[1]?.body).toMatchObject({ permissions: { contents: "read" } });
  });

  it("name the fault of a key in GitHub's own format", async () => {
    const { credentials } = setUp({ app: { appId: "42", privateKeyPem: "-----BEGIN RSA PRIVATE KEY-----\nabc" } });
    await expect(credentials.forRepository(profile)).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringContaining("openssl pkcs8"),
    });
  });

  it("do not reach a user's board without a board token", async () => {
    const { credentials } = setUp({ app: { appId: "42", privateKeyPem: pem } });
    await expect(credentials.forBoard(onUserBoard)).rejects.toMatchObject({ code: "configuration" });
  });
});

describe("a token's credentials", () => {
  it("keep the board token to user-owned boards", async () => {
    const { credentials } = setUp({ token: "ghp_main", boardToken: "ghp_board" });
    expect((await credentials.forBoard({ ...onUserBoard, credential: { kind: "token" } })).token).toBe("ghp_board");
    expect((await credentials.forBoard(byToken)).token).toBe("ghp_main");
    expect((await credentials.forRepository(onUserBoard.credential.kind === "app" ? byToken : onUserBoard)).token).toBe("ghp_main");
  });

  it("give git its own token, and the main one only when the setting says so", async () => {
    expect((await setUp({ token: "ghp_main", gitToken: "pat_git" }).credentials.forGit(byToken, "push")).password).toBe("pat_git");
    expect((await setUp({ token: "ghp_main", lendToken: true }).credentials.forGit(byToken, "push")).password).toBe("ghp_main");
    const refused = setUp({ token: "ghp_main", boardToken: "ghp_board" }).credentials.forGit(byToken, "push");
    await expect(refused).rejects.toMatchObject({ code: "configuration", message: expect.not.stringContaining("ghp_") });
  });
});
