import type { Standing } from "./mark.tsx";

/** As `/projects/:owner/:name/board` tells it. */
export interface BoardReading {
  readonly board: { readonly url: string; readonly observedBy: "webhook" | "poll" };
  /** When it was last read; 0: never. */
  readonly polledAt: number;
  readonly cards: number;
  /** Cards that the credential may not see. */
  readonly redacted: number;
  /** What the polls of this hour have cost of GitHub's points. */
  readonly points: { readonly hourFrom: number; readonly used: number; readonly limit: number };
}

/** One webhook as `/projects/:owner/:name/webhooks` tells it. */
export interface HookReading {
  readonly kind: "repository" | "organization" | "app";
  /** GitHub's number of it; null when there is none, or none that may be seen. The App's has none. */
  readonly number: number | null;
  readonly lastDelivery: { readonly at: number; readonly event: string; readonly statusCode: number } | null;
  /** Deliveries of the last day that never arrived. */
  readonly failed: number;
}

/** How one way of hearing from GitHub stands. */
export interface HealthLine {
  readonly standing: Standing;
  readonly text: string;
  /** When it last worked. */
  readonly at?: number;
  /** What to do where it is not well. */
  readonly todo?: string;
}

const quietMs = 30 * 60_000;
const hourMs = 60 * 60_000;

/** Whether a webhook's deliveries arrive, in words. */
export function hookHealth({ kind, number, lastDelivery, failed }: HookReading): HealthLine {
  const name = { repository: "Webhook of the repository", organization: "Webhook of the organisation", app: "Webhook of the App" }[kind];
  if (number === null && kind !== "app")
    return {
      standing: "warned",
      text: `${name}: GitHub has none that the mesh may see. ${kind === "repository" ? "What happens there is" : "Moved cards are"} seen with the next poll only.`,
      todo: "Rotate the webhooks under Settings to make it anew; the credential needs the right to manage webhooks.",
    };
  if (lastDelivery === null) return { standing: "next", text: `${name}: it is there, and GitHub remembers no delivery of the last days.` };
  const last = `the last delivery was “${lastDelivery.event}”`;
  const isFailed = lastDelivery.statusCode < 200 || lastDelivery.statusCode > 299;
  if (isFailed)
    return {
      standing: "failed",
      at: lastDelivery.at,
      text: `${name}: ${last}, which ${lastDelivery.statusCode === 0 ? "got no answer" : `was answered ${lastDelivery.statusCode}`}.`,
      todo: "See whether the mesh's public address answers from outside (mesh doctor). What did not arrive is repeated by itself, and the board is read meanwhile.",
    };
  if (failed > 0)
    return {
      standing: "warned",
      at: lastDelivery.at,
      text: `${name}: ${last} and arrived; ${failed} of the last day did not.`,
      todo: "Nothing: they are repeated by themselves within the hour.",
    };
  return { standing: "done", at: lastDelivery.at, text: `${name}: ${last} and arrived.` };
}

/** Whether the board is read as often as it should be, and what that costs, in words. */
export function boardHealth({ polledAt, cards, redacted, points, board }: BoardReading, now: number): readonly HealthLine[] {
  const isSpentHour = now - points.hourFrom >= hourMs;
  const used = isSpentHour ? 0 : points.used;
  const cost = `${used.toLocaleString("en")} of ${points.limit.toLocaleString("en")} GraphQL points used by polls this hour`;
  const read: HealthLine =
    polledAt === 0
      ? {
          standing: "warned",
          text: `Board: it has not been read yet; ${cost}.`,
          todo: "Wait a minute. If it stays so, the cron does not run: mesh doctor says why.",
        }
      : now - polledAt > quietMs
        ? {
            standing: "warned",
            at: polledAt,
            text: `Board: it was not read for long; ${cost}.`,
            todo: "The cron does not run, GitHub refuses, or the points for polls are spent: mesh doctor says which.",
          }
        : {
            standing: "done",
            at: polledAt,
            text: `Board: read with ${cards} ${cards === 1 ? "card" : "cards"}, ${board.observedBy === "poll" ? "which is how moves are seen" : "beside its webhook"}; ${cost}.`,
          };
  if (redacted === 0) return [read];
  return [
    read,
    {
      standing: "warned",
      text: `${redacted} ${redacted === 1 ? "card is" : "cards are"} hidden from the mesh.`,
      todo: "Give the credential the right to read the issues behind them: mesh credentials push, or Settings.",
    },
  ];
}
