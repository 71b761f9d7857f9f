import type { ComponentChildren, JSX } from "preact";

interface Props {
  /** Where it leads, as it came from outside. */
  readonly to: string;
  readonly children: ComponentChildren;
}

/** A link to an address that came from outside: one that is not https is shown as words that lead nowhere. */
export function OutsideLink({ to, children }: Props): JSX.Element {
  if (!/^https?:\/\//i.test(to)) return <span>{children}</span>;
  return (
    <a href={to} rel="noreferrer">
      {children}
    </a>
  );
}
