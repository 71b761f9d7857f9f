import type { JSX } from "preact";

interface Props {
  readonly text: string;
  readonly most?: number;
}

/**
 * A name or short text that came from outside, where nothing can be asked for, as inside a link: in its own direction, and cut at `most` characters.
 * The whole is where the link leads.
 */
export function OutsideName({ text, most = 200 }: Props): JSX.Element {
  return <bdi>{text.length > most ? `${text.slice(0, most)}…` : text}</bdi>;
}
