const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

/** 25 random characters of `0-9 a-z`, about 129 bits; for ids of tasks and inputs, not for secrets that are compared. */
export function randomId(): string {
  let id = "";
  while (id.length < 25) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // 252 = 7·36: bytes above it would favour the first characters.
      if (byte < 252 && id.length < 25) id += alphabet[byte % 36];
    }
  }
  return id;
}

/** As `randomId`, but ids made later sort later: 9 characters of the moment, then 16 random ones (about 82 bits). For ids that are keys of rows. */
export function orderedId(at: number): string {
  return at.toString(36).padStart(9, "0") + randomId().slice(0, 16);
}
