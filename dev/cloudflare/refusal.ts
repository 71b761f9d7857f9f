import type { Context } from "hono";
import type { StandInEnv } from "../stand-in/stand-in.ts";

/** Cloudflare's way to refuse: a status, and a code that programs go by. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly status: 400 | 401 | 403 | 404 | 409;
  readonly code: number;
  constructor(status: Refusal["status"], code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The envelope of every answer: https://developers.cloudflare.com/fundamentals/api/reference/responses/ */
export function answer(c: Context<StandInEnv>, result: unknown, info?: object): Response {
  return c.json({ success: true, errors: [], messages: [], result, ...(info ? { result_info: info } : {}) });
}

export function refuse(c: Context<StandInEnv>, { status, code, message }: Refusal): Response {
  return c.json({ success: false, errors: [{ code, message }], messages: [], result: null }, status);
}

/** A page of a list that is paged by number. */
export function answerPage(c: Context<StandInEnv>, all: readonly unknown[], perPageAtMost = 100): Response {
  const page = Math.max(1, Number(c.req.query("page") ?? 1));
  const perPage = Math.min(perPageAtMost, Math.max(1, Number(c.req.query("per_page") ?? perPageAtMost)));
  const items = all.slice((page - 1) * perPage, page * perPage);
  const totals = { total_count: all.length, total_pages: Math.max(1, Math.ceil(all.length / perPage)) };
  return answer(c, items, { page, per_page: perPage, count: items.length, ...totals });
}
