/** Something that must be nowhere, under a name that may be told. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

/** A secret that was found; says where and in which writing, and never the secret. */
export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly where: string;
}

/** Shorter ones are found by chance. */
const leastCharacters = 12;
/** Halves of longer secrets are looked for as well: a text may have been cut, or lie across two pages of a file. */
const leastOfHalf = 16;
const encoder = new TextEncoder();

/** All writings in which a secret could lie somewhere. */
export function writingsOf(secret: string): { readonly form: string; readonly text: string }[] {
  const plain = [
    { form: "plain", text: secret },
    { form: "in JSON", text: JSON.stringify(secret).slice(1, -1) },
    { form: "in JSON in JSON", text: JSON.stringify(JSON.stringify(secret)).slice(3, -3) },
    { form: "in an address", text: encodeURIComponent(secret) },
    { form: "in a form", text: new URLSearchParams({ s: secret }).toString().slice(2) },
    { form: "UTF-16", text: [...secret].map((character) => `${character}\0`).join("") },
    { form: "hex", text: hex(encoder.encode(secret)) },
    { form: "HEX", text: hex(encoder.encode(secret)).toUpperCase() },
    // Three, by where in its three bytes the secret begins.
    ...[0, 1, 2].map((offset) => ({ form: `base64+${offset}`, text: base64At(secret, offset) })),
  ];
  const url = plain
    .filter(({ form }) => form.startsWith("base64"))
    .map(({ form, text }) => ({ form: form.replace("base64", "base64url"), text: text.replaceAll("+", "-").replaceAll("/", "_") }));
  const seen = new Set<string>();
  return [...plain, ...url].filter(({ text }) => !seen.has(text) && seen.add(text));
}

/** Looks for secrets in everything it is shown. Throws when a secret is too short to be told from chance. */
export class SecretSearch {
  readonly leaks: Leak[] = [];
  /** How much was looked through. */
  characters = 0;
  readonly #needles: { readonly secret: string; readonly form: string; readonly text: string }[];

  constructor(secrets: readonly KnownSecret[]) {
    for (const { name, value } of secrets) if (value.length < leastCharacters) throw new Error(`${name} is too short to be looked for`);
    this.#needles = secrets.flatMap(({ name, value }) =>
      piecesOf(value).flatMap(({ piece, part }) =>
        writingsOf(piece).map(({ form, text }) => ({ secret: name, form: `${form}${part}`, text })),
      ),
    );
  }

  /** `where` names the place for people. */
  look(where: string, text: string): void {
    this.characters += text.length;
    for (const { secret, form, text: needle } of this.#needles) if (text.includes(needle)) this.leaks.push({ secret, form, where });
  }

  /** Any value: its JSON, and each text and each run of bytes in it as they are. */
  lookInto(where: string, value: unknown): void {
    if (typeof value === "string") this.look(where, value);
    else if (value instanceof Uint8Array) this.lookAtBytes(where, value);
    else if (value instanceof ArrayBuffer) this.lookAtBytes(where, new Uint8Array(value));
    else if (value instanceof Map) for (const [key, each] of value) this.lookInto(`${where}.${String(key)}`, [key, each]);
    else if (value instanceof Set) for (const each of value) this.lookInto(where, each);
    else if (typeof value === "object" && value !== null)
      for (const [key, each] of Object.entries(value)) this.lookInto(`${where}.${key}`, each);
  }

  lookAtBytes(where: string, bytes: Uint8Array): void {
    // Every byte as one character, so that texts in UTF-8 and UTF-16 are found among others.
    let text = "";
    for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
    this.look(where, text);
  }
}

function piecesOf(value: string): { piece: string; part: string }[] {
  const whole = { piece: value, part: "" };
  const middle = value.length >> 1;
  if (middle < leastOfHalf) return [whole];
  return [whole, { piece: value.slice(0, middle), part: ", first half" }, { piece: value.slice(middle), part: ", second half" }];
}

/** The characters that stand for nothing but the secret, when `offset` bytes come before it in a group of three. */
function base64At(secret: string, offset: number): string {
  const bytes = new Uint8Array([...new Uint8Array(offset), ...encoder.encode(secret)]);
  const text = btoa(String.fromCharCode(...bytes));
  const [begin = 0] = [[0, 2, 3][offset]];
  return text.slice(begin, Math.floor((bytes.length * 8) / 6));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
