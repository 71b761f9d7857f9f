import { writingsOf } from "./secret-writings.ts";

/** A part of a text, from its first character to the one after its last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface SecretRules {
  /** Shorter values are words, and no secrets. */
  readonly least: number;
  /** More writings of a secret than the usual. */
  readonly more?: (secret: string) => readonly string[];
  /** The texts looked through are bytes, one as one character each. */
  readonly bytes?: boolean;
}

const mask = "***";
/** `base64`, `xxd -p` and the like break their lines; so does whoever sends mail. */
const lineBreaks = /[\r\n]+/g;
/** Fewer characters before a line break are the beginning of anything. */
const leastBroken = 4;

/** Finds secrets in texts: as they are, and in the writings of `writingsOf`; those of hexadecimal and base64 also where lines break them. */
export class SecretFinder {
  readonly #needles: readonly string[];
  readonly #breakable: readonly string[];
  readonly #byFirst: ReadonlyMap<string, readonly string[]>;
  readonly #breakableByFirst: ReadonlyMap<string, readonly string[]>;
  /** Of the longest writing. */
  readonly longest: number;

  constructor(secrets: readonly string[], { least, more = () => [], bytes = false }: SecretRules) {
    const needles = new Set<string>();
    const breakable = new Set<string>();
    for (const secret of new Set(secrets)) {
      if (secret.length < least) continue;
      const whole = secret.toWellFormed();
      for (const text of [secret, ...more(secret)]) needles.add(text);
      for (const { form, text } of writingsOf(whole)) {
        if (text.length < least) continue;
        needles.add(text);
        if (/^(?:hex|base64)/i.test(form)) breakable.add(text);
      }
    }
    const written = (text: string) => (bytes ? Buffer.from(text).toString("latin1") : text);
    this.#needles = [...needles].map(written).toSorted((a, b) => b.length - a.length);
    this.#breakable = [...breakable];
    this.longest = this.#needles[0]?.length ?? 0;
    this.#byFirst = byFirst(this.#needles);
    this.#breakableByFirst = byFirst(this.#breakable);
  }

  /** Where secrets stand; in no order, and they may overlap. */
  spansIn(text: string): Span[] {
    const spans = found(text, this.#needles);
    const lines = this.#breakable.length > 0 && /[\r\n]/.test(text) ? text.replaceAll(lineBreaks, "") : text;
    const broken = lines === text ? [] : found(lines, this.#breakable);
    if (broken.length === 0) return spans;
    const places = placesOf(text);
    return [...spans, ...broken.map(({ from, to }) => ({ from: places[from] ?? 0, to: (places[to - 1] ?? 0) + 1 }))];
  }

  /** From where on what comes next may make a secret of the end of the text; its length when nowhere. */
  openFrom(text: string): number {
    const whole = this.#beginning(text, 1, this.#byFirst);
    const near = Math.max(0, text.length - this.longest * 4);
    const end = text.slice(near);
    if (this.#breakable.length === 0 || !/[\r\n]/.test(end)) return whole;
    const places = placesOf(end);
    const from = places[this.#beginning(end.replaceAll(lineBreaks, ""), leastBroken, this.#breakableByFirst)];
    return from === undefined ? whole : Math.min(whole, near + from);
  }

  masked(text: string): string {
    if (this.#needles.length === 0) return text;
    let [out, at] = ["", 0];
    for (const { from, to } of joined(this.spansIn(text))) {
      out += text.slice(at, from) + mask;
      at = to;
    }
    return out + text.slice(at);
  }

  /** Without the end of a writing at the beginning, whose first part was cut off; at least `least` characters of it. */
  withoutCutOff(text: string, least: number): string {
    return this.#needles.reduce((rest, needle) => {
      for (let length = needle.length - 1; length >= least; length -= 1)
        if (rest.startsWith(needle.slice(-length))) return mask + rest.slice(length);
      return rest;
    }, text);
  }

  #beginning(text: string, least: number, needles: ReadonlyMap<string, readonly string[]>): number {
    for (let at = Math.max(0, text.length - this.longest + 1); at <= text.length - least; at += 1) {
      const rest = text.length - at;
      if (needles.get(text.charAt(at))?.some((needle) => needle.length > rest && needle.startsWith(text.slice(at))) === true) return at;
    }
    return text.length;
  }
}

/** By their beginning, overlapping ones made one. */
export function joined(spans: readonly Span[]): Span[] {
  const whole: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = whole.at(-1);
    if (last !== undefined && from < last.to) last.to = Math.max(last.to, to);
    else whole.push({ from, to });
  }
  return whole;
}

function byFirst(needles: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const needle of needles) found.set(needle.charAt(0), [...(found.get(needle.charAt(0)) ?? []), needle]);
  return found;
}

function found(text: string, needles: readonly string[]): Span[] {
  const spans: Span[] = [];
  for (const needle of needles)
    for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length))
      spans.push({ from: at, to: at + needle.length });
  return spans;
}

/** Of each character that is left without line breaks, where it stands. */
function placesOf(text: string): number[] {
  const places: number[] = [];
  for (let at = 0; at < text.length; at += 1) if (text[at] !== "\n" && text[at] !== "\r") places.push(at);
  return places;
}
