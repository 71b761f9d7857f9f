import type { JSX } from "preact";

/** What the address asks for and a choice's list does not have, or not yet: without it the choice would show something else. */
export function GivenOption({ value, known }: { readonly value: string; readonly known: readonly string[] }): JSX.Element | null {
  return known.includes(value) ? null : <option>{value}</option>;
}
