/** How many bytes a text has as UTF-8; lone surrogates count as the three bytes of U+FFFD. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (isPair(text, at)) at += 1;
  }
  return bytes;
}

/** The text without its first so many bytes of UTF-8; undefined when that would cut a character, or is more than there is. */
export function withoutBytes(text: string, bytes: number): string | undefined {
  let left = bytes;
  let at = 0;
  while (left > 0 && at < text.length) {
    left -= sizeAt(text, at);
    at += isPair(text, at) ? 2 : 1;
  }
  return left === 0 ? text.slice(at) : undefined;
}

/** Pieces of a text of at most so many bytes each (at least 4), none of which cuts a character. */
export function piecesOf(text: string, mostBytes: number): string[] {
  const pieces: string[] = [];
  let [from, bytes] = [0, 0];
  for (let at = 0; at < text.length;) {
    const units = isPair(text, at) ? 2 : 1;
    const size = sizeAt(text, at);
    if (bytes + size > mostBytes) {
      pieces.push(text.slice(from, at));
      [from, bytes] = [at, 0];
    }
    bytes += size;
    at += units;
  }
  if (from < text.length) pieces.push(text.slice(from));
  return pieces;
}

/** Bytes of the character that begins there. */
function sizeAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0x80) return 1;
  return unit < 0x800 ? 2 : isPair(text, at) ? 4 : 3;
}

// Asked of every character of every session's output: nothing is allocated, and most are decided by their first unit.
function isPair(text: string, at: number): boolean {
  const high = text.charCodeAt(at);
  if (high < 0xd800 || high > 0xdbff) return false;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff;
}
