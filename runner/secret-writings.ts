const encoder = new TextEncoder();

/** All writings in which a secret could lie somewhere: as it is, in JSON, addresses, forms and UTF-16, in hexadecimal and in base64 at each offset. */
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
