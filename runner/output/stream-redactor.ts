import { joined, SecretFinder, type Span } from "../secret-finder.ts";

const mask = "***";
/** Shorter values are words that occur anywhere. */
const leastLength = 6;
/** Lines of a value of several lines are secrets by themselves from so many characters on. */
const leastLine = 16;
/** So much is held back for a word that may become a secret; what is longer is none. */
const longestWord = 4_096;
const longestKey = 16_384;

/**
 * Tokens by their form, whoever they belong to: of GitHub, Anthropic, OpenAI, AWS, Google, Slack, GitLab, npm; JSON Web Tokens; credentials in
 * headers and addresses; private keys. https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
 */
const forms: readonly RegExp[] = [
  /\bgh[pousr]_[A-Za-z0-9]{16,}/g,
  /\bgithub_pat_\w{20,}/g,
  /\bsk-[\w-]{16,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bAIza[\w-]{30,}/g,
  /\bxox[abeoprs]-[\w-]{10,}/g,
  /\bglpat-[\w-]{16,}/g,
  /\bnpm_[A-Za-z0-9]{30,}/g,
  /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(?<=\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]+)[\w.~+/=-]{16,}/g,
  /(?<=:\/\/[^\s:/@]{0,256}:)[^\s/@]{3,}(?=@)/g,
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,16384}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g,
  // Without its end.
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:\s+[A-Za-z0-9+/=]{16,})+/g,
];

/** What may become one of them with what comes next. */
const unfinished: readonly RegExp[] = [
  /-----BEGIN(?: [A-Z ]{0,40}(?:PRIVATE KEY-{0,5}[\s\S]{0,16384})?)?$/,
  /\b(?:[Bb]earer|[Bb]asic|BEARER|BASIC)[ \t]+[\w.~+/=-]*$/,
  /:\/\/[^\s/@]{0,512}$/,
  /eyJ[\w-]*(?:\.[\w-]*){0,2}$/,
  /[\w-]+$/,
];

/**
 * Masks secrets in a stream, by their values and by their form, wherever its pieces are cut: what may be the beginning of one is held back until it is
 * known. `end` gives what is held; to be called where no secret can go on.
 */
export class StreamRedactor {
  readonly #secrets: () => readonly string[];
  #held = "";
  #known: readonly string[] = [];
  #finder = new SecretFinder([], rules);

  /** `secrets` are asked for with every piece, since credentials come while a step runs. */
  constructor(secrets: () => readonly string[]) {
    this.#secrets = secrets;
  }

  write(text: string): string {
    return this.#pass(this.#held + text, false);
  }

  end(): string {
    return this.#pass(this.#held, true);
  }

  #pass(text: string, isWhole: boolean): string {
    const secrets = this.#secrets();
    if (secrets.length !== this.#known.length || secrets.some((secret, at) => secret !== this.#known[at])) {
      this.#known = [...secrets];
      this.#finder = new SecretFinder(secrets, rules);
    }
    const spans = spansIn(text, this.#finder);
    const until = isWhole ? text.length : sureUntil(text, this.#finder, spans);
    this.#held = text.slice(until);
    let [out, at] = ["", 0];
    for (const { from, to } of spans) {
      if (to > until) break;
      if (to <= at) continue;
      out += from >= at ? text.slice(at, from) + mask : "";
      at = to;
    }
    return out + text.slice(at, until);
  }
}

/** A value of several lines stands in a terminal line by line. */
const rules = {
  least: leastLength,
  more: (secret: string) => (secret.includes("\n") ? secret.split(/\r?\n/).filter((line) => line.length >= leastLine) : []),
};

/** Where secrets stand, by their beginning; overlapping ones are joined. */
function spansIn(text: string, known: SecretFinder): Span[] {
  const spans = known.spansIn(text);
  for (const form of forms) {
    for (const { index, 0: found } of text.matchAll(form)) spans.push({ from: index, to: index + found.length });
  }
  return joined(spans);
}

/** Up to where nothing can become part of a secret by what comes next. */
function sureUntil(text: string, known: SecretFinder, spans: readonly Span[]): number {
  let until = known.openFrom(text);
  const near = Math.max(0, text.length - longestKey - 64);
  const end = text.slice(near);
  for (const [index, form] of unfinished.entries()) {
    const found = form.exec(end);
    // A private key may be long; a word that is too long is none.
    if (found !== null && (index === 0 || found[0].length <= longestWord)) until = Math.min(until, near + found.index);
  }
  // A secret that lies across the border, or ends there and may be longer than it seems, is held as a whole.
  for (const { from, to } of spans.toReversed()) if (from < until && to > until) until = contextOf(text, from);
  return until;
}

/** Some are told by the word before them, which is held with them. */
function contextOf(text: string, from: number): number {
  const near = Math.max(0, from - 600);
  return near + (/\S*[ \t]*$/.exec(text.slice(near, from))?.index ?? 0);
}
