const prefix = "<!-- mesh-six:";

/** The hidden line that says a text is ours and which one it is. A marker holds no `>` and no line break. */
export function markerLine(marker: string): string {
  return `${prefix}${marker.replace(/[\s>]+/g, "-")} -->`;
}

/** The text with its marker as the last line; unchanged when it carries the marker already. */
export function withMarker(body: string, marker: string): string {
  return carriesMarker(body, marker) ? body : `${body.trimEnd()}\n\n${markerLine(marker)}`;
}

/** Whether a text is ours: it carries this marker on a line of its own, or any of ours anywhere when none is named. */
export function carriesMarker(body: string, marker?: string): boolean {
  if (marker === undefined) return body.includes(prefix);
  const line = markerLine(marker);
  return body.split(/\r?\n/).some((each) => each.trim() === line);
}

const hidden = [
  /<!--[\s\S]*?(?:-->|$)/g,
  /<(script|style|template)\b[\s\S]*?(?:<\/\1\s*>|$)/gi,
  /** Link reference definitions that nothing shows: `[//]: # (text)`, `[comment]: <> "text"`. */
  /^[ \t]*\[(?:\/\/|comment|_|#)[^\]\n]*\]:[^\n]*$/gim,
  /** Zero-width characters, directional overrides, variation selectors and tag characters, none of which a reader sees. */
  /(?!\u200D)[\u200B-\u200F\u202A-\u202E\u2060-\u206F\uFEFF]|[\u{E0000}-\u{E0FFF}]/gu,
];

/** What a person sees of a Markdown text: HTML comments, scripts and invisible characters are removed before a model reads it. */
export function stripHiddenMarkup(text: string): string {
  let shown = text;
  for (let before = ""; before !== shown;) {
    before = shown;
    for (const pattern of hidden) shown = shown.replace(pattern, "");
  }
  return shown;
}
