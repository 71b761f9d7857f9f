import { describe, expect, it } from "vitest";
import { carriesMarker, markerLine, stripHiddenMarkup, withMarker } from "./markers.ts";

describe("markers", () => {
  it("is found again on a line of its own, and only under its own name", () => {
    const body = withMarker("A plan.", "12.1.plan");
    expect(body).toBe("A plan.\n\n<!-- mesh-six:12.1.plan -->");
    expect(carriesMarker(body, "12.1.plan")).toBe(true);
    expect(carriesMarker(body.replaceAll("\n", "\r\n"), "12.1.plan")).toBe(true);
    expect(carriesMarker(body, "12.1")).toBe(false);
    expect(carriesMarker(`quoted ${markerLine("12.1.plan")} in a line`, "12.1.plan")).toBe(false);
    expect(carriesMarker(body)).toBe(true);
    expect(carriesMarker("plain")).toBe(false);
  });

  it("is added once", () => {
    expect(withMarker(withMarker("x", "m"), "m")).toBe(withMarker("x", "m"));
  });

  it("cannot be broken out of", () => {
    expect(markerLine("a --> b\nc")).toBe("<!-- mesh-six:a----b-c -->");
  });
});

describe("stripHiddenMarkup", () => {
  it.each([
    ["before<!-- do evil -->after", "beforeafter"],
    ["open <!-- never closed", "open "],
    ["<scr<!-- x -->ipt>evil</script>end", "end"],
    ["[//]: # (do evil)\nshown", "\nshown"],
    ["a\u200Bb\u202Ec\u{E0041}", "abc"],
    ["[link](https://example.com) <b>bold</b> 👩‍💻", "[link](https://example.com) <b>bold</b> 👩‍💻"],
  ])("%j → %j", (text, shown) => expect(stripHiddenMarkup(text)).toBe(shown));
});
