import type { ComponentChildren, JSX } from "preact";

interface Props {
  readonly to: string;
  readonly children: ComponentChildren;
}

/** The way from one thing to the list it is in. */
export function Up({ to, children }: Props): JSX.Element {
  return (
    <p class="up">
      <a href={to}>{children}</a>
    </p>
  );
}
