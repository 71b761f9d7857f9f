import type { JSX } from "preact";

/** Words of the mesh, with their https addresses as links. */
export function Linked({ text }: { readonly text: string }): JSX.Element {
  return (
    <>
      {text.split(/(https:\/\/[^\s<>"')]*[^\s<>"').,;:])/).map((part, place) =>
        place % 2 === 1 ? (
          <a key={place} href={part} rel="noreferrer">
            {part}
          </a>
        ) : (
          part
        ),
      )}
    </>
  );
}
