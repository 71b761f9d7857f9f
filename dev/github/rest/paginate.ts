import type { Context } from "hono";
import type { Env } from "./env.ts";

/** One page by `per_page` (30, at most 100) and `page`, with the `Link` header GitHub sends. */
export function paginate<T>(c: Context<Env>, publicUrl: string, all: readonly T[]): T[] {
  const size = Math.min(100, Math.max(1, Number(c.req.query("per_page") ?? 30) || 30));
  const page = Math.max(1, Number(c.req.query("page") ?? 1) || 1);
  const last = Math.max(1, Math.ceil(all.length / size));
  const to = (target: number, rel: string): string => {
    const url = new URL(publicUrl + c.req.path);
    for (const [name, value] of Object.entries(c.req.query())) url.searchParams.set(name, value);
    url.searchParams.set("page", String(target));
    return `<${url.href}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [to(page - 1, "prev")] : []),
    ...(page < last ? [to(page + 1, "next"), to(last, "last")] : []),
    ...(page > 1 ? [to(1, "first")] : []),
  ];
  if (links.length > 0) c.header("Link", links.join(", "));
  return all.slice((page - 1) * size, page * size);
}
