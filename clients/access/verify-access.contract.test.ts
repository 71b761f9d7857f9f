import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { forgetAccessKeys, verifyAccess } from "./verify-access.ts";

const application = { teamDomain: "team.cloudflareaccess.com", audience: "a-tag" };
let ours: CryptoKeyPair;
let asked: string[];
let answer: () => Response;

beforeAll(async () => void (ours = await generateKeyPair("RS256", { extractable: true })));
beforeEach(async () => {
  forgetAccessKeys();
  asked = [];
  const keys = [{ ...(await exportJWK(ours.publicKey)), kid: "one", alg: "RS256", use: "sig" }];
  answer = () => Response.json({ keys });
});

const verify = (token: string) =>
  verifyAccess(token, application, {
    fetch: async (url) => {
      asked.push(url);
      return answer();
    },
  });

function token(
  claims: Record<string, unknown>,
  more: { key?: CryptoKey; issuer?: string; audience?: string; expires?: string; kid?: string } = {},
) {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: more.kid ?? "one" })
    .setIssuer(more.issuer ?? `https://${application.teamDomain}`)
    .setAudience(more.audience ?? application.audience)
    .setIssuedAt()
    .setExpirationTime(more.expires ?? "1h")
    .sign(more.key ?? ours.privateKey);
}

test("names the person by e-mail, or the program by its service token; keys are asked for once", async () => {
  expect(await verify(await token({ email: "Ann@Example.org" }))).toEqual({ name: "ann@example.org", isService: false });
  expect(await verify(await token({ common_name: "nightly.access" }))).toEqual({ name: "nightly.access", isService: true });
  expect(asked).toEqual(["https://team.cloudflareaccess.com/cdn-cgi/access/certs"]);
});

test("nobody: expired, another application's, another team's, another key's, unsigned, without a name, no token at all", async () => {
  const other = await generateKeyPair("RS256");
  const claims = { email: "ann@example.org" };
  const unsigned = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.`.replaceAll("=", "");
  for (const each of [
    await token(claims, { expires: "-1m" }),
    await token(claims, { audience: "other" }),
    await token(claims, { issuer: "https://other.cloudflareaccess.com" }),
    await token(claims, { key: other.privateKey }),
    await token(claims, { key: other.privateKey, kid: "unknown" }),
    await token({}),
    await token({ email: "" }),
    await token({ email: "a".repeat(201) }),
    unsigned,
    "nonsense",
  ]) {
    expect(await verify(each), each).toBeUndefined();
  }
});

test("a secret that equals the public key signs nothing: only RS256 counts", async () => {
  const shared = new TextEncoder().encode(JSON.stringify(await exportJWK(ours.publicKey)));
  const forged = await new SignJWT({ email: "ann@example.org" })
    .setProtectedHeader({ alg: "HS256", kid: "one" })
    .setIssuer(`https://${application.teamDomain}`)
    .setAudience(application.audience)
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(shared);
  expect(await verify(forged)).toBeUndefined();
});

test.each([
  ["away", () => new Response("away", { status: 503 }), "unavailable"],
  ["no keys", () => new Response("<html>"), "unparsable-answer"],
  ["other JSON", () => Response.json({ nothing: 1 }), "unparsable-answer"],
  [
    "unreachable",
    () => {
      throw new TypeError("fetch failed");
    },
    "unreachable",
  ],
])("keys that cannot be had are a failure of Access, not of the token: %s", async (_name, given, code) => {
  answer = given as () => Response;
  await expect(verify(await token({ email: "ann@example.org" }))).rejects.toMatchObject({
    service: "Cloudflare Access",
    code,
    retryable: true,
  });
});
