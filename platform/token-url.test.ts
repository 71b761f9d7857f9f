import { describe, expect, test } from "vitest";
import { tokenUrlFault } from "./token-url.ts";

describe("token addresses", () => {
  test.each([
    ["https://platform.claude.com/v1/oauth/token", "Anthropic"],
    ["https://Console.Anthropic.COM./token", "Anthropic"],
    ["https://claude.ai/x", "Anthropic"],
    ["http://id.example/token", "https"],
    ["ftp://id.example/token", "https"],
    ["https://user:word@id.example/token", "password"],
    ["https://id.example/token#x", "fragment"],
    ["id.example", "not an address"],
  ])("%s is refused", (url, because) => expect(tokenUrlFault(url)).toContain(because));

  test.each(["https://id.example/token", "https://notanthropic.com/", "https://anthropic.com.example/token"])("%s is taken", (url) =>
    expect(tokenUrlFault(url)).toBeUndefined(),
  );
  test("http only where the deployment allows it", () => expect(tokenUrlFault("http://127.0.0.1:9/token", true)).toBeUndefined());
});
