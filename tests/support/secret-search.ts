import { writingsOf } from "../../runner/secret-writings.ts";

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
