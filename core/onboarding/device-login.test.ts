import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviceLogin, devicePauseMs, parseDeviceOutput } from "./device-login.ts";
import { parseOfferedLogin } from "./offered-login.ts";
import type { LoginVendor } from "./device-login.ts";

const hosts: Readonly<Record<LoginVendor, readonly string[]>> = {
  claude: ["claude.ai", "console.anthropic.com", "platform.claude.com"],
  openai: ["auth.openai.com", "chatgpt.com"],
  github: ["github.com"],
};
const vendors = Object.keys(hosts) as LoginVendor[];

/** As Codex 0.153 prints it, colours included. */
const codex = [
  "\nWelcome to Codex [v\u001b[90m0.153.0\u001b[0m]\n\u001b[90mOpenAI's command-line coding agent\u001b[0m\n",
  "\nFollow these steps to sign in with ChatGPT using device code authorization:\n",
  "\n1. Open this link in your browser and sign in to your account\n   \u001b[94mhttps://auth.openai.com/codex/device\u001b[0m\n",
  "\n2. Enter this one-time code \u001b[90m(expires in 15 minutes)\u001b[0m\n   \u001b[94mQ7RT-4KXWZ\u001b[0m\n",
  "\n\u001b[90mContinue only if you started this login in Codex.\u001b[0m\n",
];
const found = { status: "found", url: "https://auth.openai.com/codex/device", code: "Q7RT-4KXWZ" };

describe("what a device flow prints", () => {
  test("address and code are found, and nothing before both are there", () => {
    expect(parseDeviceOutput(codex, "openai")).toEqual(found);
    for (let parts = 0; parts < 4; parts += 1) expect(parseDeviceOutput(codex.slice(0, parts), "openai").status).toBe("incomplete");
  });

  test("GitHub's and others' form, in quotes and at the end of a sentence", () => {
    const said = "Copy your one-time code: `AB12-CD34`.\nOpen <https://github.com/login/device> in your browser.\n";
    expect(parseDeviceOutput([said], "github")).toEqual({ status: "found", url: "https://github.com/login/device", code: "AB12-CD34" });
    expect(parseDeviceOutput([said], "openai").status).toBe("incomplete");
  });

  test.each<[string, string, "url" | "code"]>([
    ["another address", "https://chatgpt.com/device \n", "url"],
    ["the same address with another path", "https://auth.openai.com/codex/other \n", "url"],
    ["another code", "AAAA-BBBB \n", "code"],
  ])("two are ambiguous, and none is shown: %s", (_, more, what) => {
    expect(parseDeviceOutput([...codex, more], "openai")).toEqual({ status: "ambiguous", what });
  });

  test("said twice is said once", () => expect(parseDeviceOutput([...codex, ...codex], "openai")).toEqual(found));

  test("a hidden link behind the visible address is not followed", () => {
    const link = (to: string, text: string) => `\u001b]8;;${to}\u0007${text}\u001b]8;;\u0007`;
    const said = `${link("https://evil.example/", "https://auth.openai.com/codex/device")} and code ABCD-1234\n`;
    expect(parseDeviceOutput([said], "openai")).toEqual({
      status: "found",
      url: "https://auth.openai.com/codex/device",
      code: "ABCD-1234",
    });
    const hidden = `${link("https://auth.openai.com/codex/device", "https://evil.example/")} and code ABCD-1234\n`;
    expect(parseDeviceOutput([hidden], "openai").status).toBe("incomplete");
  });

  test("three tries, with pauses of 1 s and 2 s between them", () => {
    expect([deviceLogin.tries, devicePauseMs(1), devicePauseMs(2)]).toEqual([3, 1_000, 2_000]);
  });
});

const path = fc.stringMatching(/^(\/[a-z0-9_-]{0,8}){0,3}(\?[a-z=&]{0,8})?$/);
const host = fc
  .constantFrom(...vendors)
  .chain((vendor) => fc.record({ vendor: fc.constant(vendor), host: fc.constantFrom(...hosts[vendor]) }));
const letters = fc.stringMatching(/^[a-z0-9]{1,8}$/);

/** Addresses that look like a vendor's, and are not. */
const lookAlike = (genuine: string) =>
  fc
    .oneof(
      letters.map((word) => `https://${genuine}.${word}.com`),
      letters.map((word) => `https://${word}${genuine}`),
      letters.map((word) => `https://${word}.${genuine}`),
      letters.map((word) => `https://${genuine}${word}`),
      letters.map((word) => `https://${word}-${genuine}`),
      letters.map((word) => `https://${genuine}@${word}.com`),
      letters.map((word) => `https://${word}:${word}@${genuine}`),
      letters.map((word) => `https://${word}@${genuine}`),
      letters.map((word) => `https://${word}.com\\@${genuine}`),
      letters.map((word) => `https://${genuine}\\.${word}.com`),
      fc.integer({ min: 0, max: 65_535 }).map((port) => `https://${genuine}:${port}`),
      fc.constantFrom(
        `https://${genuine}.`,
        `https://${genuine}..`,
        `https://xn--${genuine}`,
        `https://${genuine.replace("a", "а")}`, // Cyrillic
        `https://${genuine.replace("a", "xn--80a")}`,
        `https://${genuine.replace("o", "ο")}`, // Greek
        `https://${genuine.replace(".", "。")}`,
        `https://${genuine.replace(".", "%2e")}`,
        `https://${genuine.replace(".", "\u2024")}`,
        `https://${genuine}\u200b`,
        `https://\u202e${genuine}`,
        `https://${genuine}\u0000.evil.com`,
        `https://${genuine}\b\b\b`,
        `https:/${genuine}`,
        `https:///${genuine}`,
        `https:\\\\${genuine}`,
        `https:${genuine}`,
        `//${genuine}`,
        `http://${genuine}`,
        `ftp://${genuine}`,
        `javascript:https://${genuine}`,
        `x=https://${genuine}`,
        `https://evil.com/https://${genuine}`,
        `https://evil.com?${genuine}`,
        `https://evil.com#https://${genuine}`,
      ),
    )
    .filter((address) => address !== `https://${genuine}`);

/** Cuts a text anywhere. */
const cut = (text: string) =>
  fc.array(fc.nat(text.length), { maxLength: 12 }).map((places) => {
    const at = [0, ...places.toSorted((a, b) => a - b), text.length];
    return at.slice(1).map((end, index) => text.slice(at[index], end));
  });

const mixedCase = (text: string) =>
  fc
    .array(fc.boolean(), { minLength: text.length, maxLength: text.length })
    .map((upper) => [...text].map((letter, index) => (upper[index] ? letter.toUpperCase() : letter)).join(""));

const colour = fc.constantFrom("", "\u001b[94m", "\u001b[0m", "\u001b[1;38;5;12m", "\u009b31m");

/** A text with colours between its letters. */
const coloured = (text: string) =>
  fc
    .array(colour, { minLength: text.length, maxLength: text.length })
    .map((colours) => [...text].map((letter, index) => `${colours[index]}${letter}`).join(""));

const seen = (output: ReturnType<typeof parseDeviceOutput>): string => (output.status === "found" ? output.url : "");
const genuineOnly = (url: string, vendor: LoginVendor): boolean =>
  url === "" || hosts[vendor].some((each) => url === `https://${each}` || /^https:\/\/[^/?#]+[/?#]/.exec(url)?.[0].slice(8, -1) === each);

describe("whatever is printed, only the exact hosts are shown", () => {
  test("look-alikes alone are never taken", () => {
    const output = host.chain(({ vendor, host: genuine }) =>
      fc
        .tuple(lookAlike(genuine), path)
        .map(([address, rest]) => ({ vendor, text: `Go to ${address}${rest} and enter ABCD-1234 there\n`, address })),
    );
    fc.assert(
      fc.property(output, ({ vendor, text, address }) => {
        const said = parseDeviceOutput([text], vendor);
        // A dot at the end of a sentence is none of the address.
        if (/^https:\/\/[a-z.]+\.$/.test(address) && said.status === "found")
          expect(new URL(said.url).hostname).toBe(new URL(address).hostname.replace(/\.+$/, ""));
        else expect(said.status).toBe("incomplete");
      }),
      { numRuns: 3_000 },
    );
  });

  test("beside look-alikes, coloured, in mixed case and cut anywhere, the genuine address is the one that is shown", () => {
    const output = host.chain(({ vendor, host: genuine }) =>
      fc
        .tuple(mixedCase(`https://${genuine}`).chain(coloured), path, lookAlike(genuine), fc.boolean())
        .map(([address, rest, fake, first]) => {
          const line = `Open ${address}${rest} now`;
          return {
            vendor,
            url: `https://${genuine}${rest}`,
            text: `${first ? `${fake}!x \n` : ""}${line}\n code: ABCD-1234 \n${first ? "" : ` ${fake}!x \n`}`,
          };
        })
        .chain((it) => cut(it.text).map((chunks) => ({ ...it, chunks }))),
    );
    fc.assert(
      fc.property(output, ({ vendor, url, chunks }) => {
        expect(parseDeviceOutput(chunks, vendor)).toEqual({ status: "found", url, code: "ABCD-1234" });
        // What the runner lets through the mesh shows.
        expect(parseOfferedLogin({ url, code: "ABCD-1234" }).ok).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of two addresses or two codes none is shown", () => {
    const two = host.chain(({ vendor, host: genuine }) =>
      fc
        .tuple(
          fc.uniqueArray(
            path.map((each) => `/a${each}`),
            { minLength: 2, maxLength: 2 },
          ),
        )
        .map(([paths]) => ({ vendor, genuine, paths })),
    );
    fc.assert(
      fc.property(two, ({ vendor, genuine, paths }) => {
        const text = paths.map((each) => `https://${genuine}${each} ABCD-1234\n`).join("");
        expect(parseDeviceOutput([text], vendor)).toEqual({ status: "ambiguous", what: "url" });
        expect(parseDeviceOutput([`https://${genuine} ABCD-1234 ABCD-1235\n`], vendor)).toEqual({ status: "ambiguous", what: "code" });
      }),
    );
  });

  test("any text at all, any cut of it, any vendor", () => {
    const piece = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "\u001b",
        "\u001b]8;;",
        "\u0007",
        "\u009b",
        "\n",
        " ",
        "@",
        ":",
        "\\",
        "/",
        ".",
        "https://",
        "ABCD-1234",
        ...Object.values(hosts).flat(),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...vendors), fc.array(piece, { maxLength: 40 }), (vendor, chunks) => {
        const said = parseDeviceOutput(chunks, vendor);
        expect(genuineOnly(seen(said), vendor)).toBe(true);
        if (said.status === "found") {
          expect(new URL(said.url)).toMatchObject({ protocol: "https:", username: "", password: "", port: "" });
          expect(hosts[vendor]).toContain(new URL(said.url).hostname);
          expect(said.code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4,5}$/);
          expect(parseOfferedLogin(said).ok).toBe(true);
        }
        expect(parseDeviceOutput([chunks.join("")], vendor)).toEqual(said);
      }),
      { numRuns: 3_000 },
    );
  });

  test.each(["abcd-1234", "ABCD-123", "ABCD1234", "ABCDE-1234", "ABCD-1234-EFGH", "AБCD-1234", "XABCD-1234Y", "ABCD_1234"])(
    "%s is no code",
    (code) => {
      expect(parseDeviceOutput([`https://github.com/login/device ${code} \n`], "github").status).toBe("incomplete");
    },
  );
});
