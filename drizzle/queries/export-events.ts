import * as z from "zod";
import type { Database } from "../database.ts";
import { eventParams, listEvents, type EventRow } from "./list-events.ts";
import { pageParams, withProject, type ListPage } from "./list-page.ts";

/** As a list's, without `limit`; `cursor` goes on where an export ended. */
export const exportFilter = withProject(z.strictObject({ cursor: pageParams.cursor, ...eventParams }));

/** Lines of one statement, and of one answer: a Pages function may send 50 requests of its own for each that it answers. */
export const exportLimits = { perStatement: 500, inAll: 20_000 } as const;

type Limits = { readonly [name in keyof typeof exportLimits]: number };

/**
 * Events as JSON lines, newest first. The first page is read before this answers, so that a bad query fails here; each other one when
 * it is asked for, and none once the stream is cancelled. Is there more than `inAll`, the last line is no event but `{"cursor": …}`.
 */
export async function exportEvents(
  db: Database,
  filter: z.output<typeof exportFilter>,
  { perStatement, inAll }: Limits = exportLimits,
): Promise<ReadableStream<Uint8Array>> {
  let given = 0;
  async function read(cursor: string | undefined): Promise<ListPage<EventRow>> {
    const page = await listEvents(db, { ...filter, cursor, limit: Math.min(perStatement, inAll - given) });
    given += page.items.length;
    return page;
  }
  const encoder = new TextEncoder();
  let next: () => ListPage<EventRow> | Promise<ListPage<EventRow>>;
  const first = await read(filter.cursor);
  next = () => first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { items, cursor } = await next();
        const isCut = cursor !== null && given >= inAll;
        const text = [...items, ...(isCut ? [{ cursor }] : [])].map((line) => `${JSON.stringify(line)}\n`).join("");
        if (text !== "") controller.enqueue(encoder.encode(text));
        if (isCut || cursor === null) controller.close();
        else next = () => read(cursor);
      },
    },
    { highWaterMark: 0 },
  );
}
