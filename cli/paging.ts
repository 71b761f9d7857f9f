import type { Command } from "commander";
import type { Page } from "./answers.ts";
import type { Output } from "./output.ts";
import { wholeNumber } from "./parse.ts";
import type { Column } from "./table.ts";

/** Flags of every list that has pages. */
export interface PageFlags {
  readonly limit?: number;
  readonly cursor?: string;
  readonly all?: true;
}

export function withPages(command: Command): Command {
  return command
    .option("--limit <n>", "items on a page, at most 200 (50 unless said)", wholeNumber(1, 200))
    .option("--cursor <cursor>", "the page after another one")
    .option("--all", "every page");
}

/** One page, or with `--all` every one, as one. */
export async function pages<T>(read: (query: { limit?: number; cursor?: string }) => Promise<Page<T>>, flags: PageFlags): Promise<Page<T>> {
  const limit = flags.limit ?? (flags.all ? 200 : undefined);
  const query = (cursor: string | undefined) => ({ ...(limit ? { limit } : {}), ...(cursor === undefined ? {} : { cursor }) });
  let page = await read(query(flags.cursor));
  const items = [...page.items];
  while (flags.all && page.cursor !== null) {
    page = await read(query(String(page.cursor)));
    items.push(...page.items);
  }
  return { items, cursor: page.cursor };
}

/** Shows a page, and how to get the one after it. */
export function showPage<T>(out: Output, page: Page<T>, columns: readonly Column<T>[], nothing: string): void {
  out.answer(page, () => {
    out.table(page.items, columns, nothing);
    if (page.cursor !== null)
      out.note(out.colours.dim(`There is more: --cursor '${page.cursor}' for the next page, --all for everything.`));
  });
}
