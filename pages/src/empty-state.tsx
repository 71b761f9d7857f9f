import type { ComponentChildren, JSX } from "preact";

interface Props {
  /** What there is none of: "No project yet". */
  readonly title?: string;
  /** What would bring one, or why that is well. */
  readonly children?: ComponentChildren;
  /** One of several on a page. */
  readonly small?: boolean;
}

/** Says that there is nothing to show, and what would bring something. */
export function EmptyState({ title, children, small = false }: Props): JSX.Element {
  return (
    <div class={`empty${small ? " small" : ""}`}>
      {title !== undefined && <h2>{title}</h2>}
      {children !== undefined && <p>{children}</p>}
    </div>
  );
}
