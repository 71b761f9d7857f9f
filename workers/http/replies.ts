import * as z from "zod";
import { projectOf } from "../../core/ids.ts";
import type { QuestionId } from "../../core/ids.ts";
import { readReplyForm } from "../../core/inbound/reply-form.ts";
import type { Answer } from "../../core/lifecycle/state.ts";
import type { AskedQuestion } from "../../core/project/views.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { settingsOf } from "../../platform/config.ts";
import { hex, sha256, signingKeys } from "../../platform/keys.ts";
import { randomId } from "../../platform/random-id.ts";
import { readReplyToken } from "../../platform/reply-token.ts";
import type { ReplyGrant } from "../../platform/reply-token.ts";
import { parseJson, readBody, utf8 } from "./body.ts";
import { problem } from "./errors.ts";
import type { HttpContext } from "./http.ts";
import { renderQuestionPage, renderReceiptPage, renderWordPage } from "./reply-page.tsx";
import type { Routes } from "./routes.ts";

/** Four answers of 20,000 characters, each up to nine bytes in a form. */
const formLimit = 1024 * 1024;
const tapLimit = 8_192;
const tapBody = z.strictObject({ token: z.string().min(1).max(2_000) });

/**
 * The routes that people reach from a notification, without a login: the token is what lets them in. It is checked before any object is
 * asked, and without a good one these routes reveal nothing.
 */
export function addReplies(routes: Routes): void {
  const about = { tag: "replies", access: "public" } as const;
  const over = { 404: "not a link of ours", 410: "expired, withdrawn or gone; says which", 429: "too many requests" } as const;
  routes.describe({
    ...about,
    method: "get",
    path: "/r/:token",
    summary: "The reply page of a question",
    answers: { 200: "the page, or the receipt", ...over },
  });
  routes.describe({
    ...about,
    method: "post",
    path: "/r/:token",
    summary: "An answer from the reply page, as a form",
    answers: { 200: "the receipt", 400: "no answer; the page again, saying why", 413: "too long", ...over },
  });
  routes.describe({
    ...about,
    method: "post",
    path: "/ntfy-reply",
    summary: "An answer from a notification's button",
    answers: { 200: "accepted, or already-answered with the answer", 400: "not a token", 401: "not ours", 409: "does not apply", ...over },
    bodySchema: tapBody,
  });
  routes.app.get("/r/:token", showPage);
  routes.app.post("/r/:token", takeForm);
  routes.app.post("/ntfy-reply", takeTap);
}

type Fault = "unknown" | "malformed" | "bad-signature" | "expired" | "too-many";

interface Opened {
  readonly grant: ReplyGrant;
  readonly asked: AskedQuestion;
}

/** What a token leads to. Only a good one is looked up. */
async function open(c: HttpContext, token: string, purpose: ReplyGrant["purpose"]): Promise<Opened | Fault> {
  if (!(await isAllowed(c, `address:${c.req.header("cf-connecting-ip") ?? "unknown"}`))) return "too-many";
  const read = await readReplyToken(signingKeys(settingsOf(c.env)), token, now());
  if (!read.ok) return read.error;
  const grant = read.value;
  if (grant.purpose !== purpose) return "bad-signature";
  if (!(await isAllowed(c, `question:${grant.question}`))) return "too-many";
  const asked = await askedOf(c, grant.question);
  return asked === null ? "unknown" : { grant, asked };
}

/** Only for a question that a good token names: such a one was asked once, so its orchestrator exists. */
async function askedOf(c: HttpContext, question: QuestionId): Promise<AskedQuestion | null> {
  const project = projectOf(question);
  return project === undefined ? null : orchestrator(c.env, project).question(question);
}

async function isAllowed(c: HttpContext, key: string): Promise<boolean> {
  return (await c.env.REPLIES.limit({ key })).success;
}

async function showPage(c: HttpContext): Promise<Response> {
  const opened = await open(c, c.req.param("token") ?? "", "page");
  return typeof opened === "string" ? faultPage(opened) : statePage(opened, c.req.param("token") ?? "");
}

async function takeForm(c: HttpContext): Promise<Response> {
  const token = c.req.param("token") ?? "";
  const opened = await open(c, token, "page");
  if (typeof opened === "string") return faultPage(opened);
  const { asked, grant } = opened;
  if (asked.question.status === "withdrawn") return statePage(opened, token);
  const body = await readBody(c.req.raw, formLimit);
  if (!body.ok) return word(413, "Too long", "An answer may have at most 20,000 characters.");
  const sent = new URLSearchParams(utf8(body.value) ?? "");
  const fields = (name: string) => sent.getAll(name);
  const answers = readReplyForm(asked.question, fields);
  if (!answers.ok) return page(400, (nonce) => renderQuestionPage(asked, nonce, { fault: answers.error, fields }));
  const said = await give(c, opened, answers.value, "reply-page");
  if (said.status === "refused") return word(409, "Not taken", "The answer does not apply any more. Open the link again.");
  const after = await askedOf(c, grant.question);
  return after === null ? faultPage("unknown") : statePage({ grant, asked: after }, token, said.status === "already-answered");
}

async function takeTap(c: HttpContext): Promise<Response> {
  const bytes = await readBody(c.req.raw, tapLimit);
  const body = tapBody.safeParse(bytes.ok ? parseJson(utf8(bytes.value))?.value : undefined);
  if (!body.success) return problem(400, "invalid-input", "The body is not a token.");
  const opened = await open(c, body.data.token, "choice");
  if (typeof opened === "string") return faultProblem(opened);
  const { grant, asked } = opened;
  if (asked.question.status === "withdrawn") return problem(410, "withdrawn", "The question was withdrawn.");
  const label = grant.purpose === "choice" ? asked.question.items[0]?.options[grant.choice]?.label : undefined;
  if (label === undefined) return problem(409, "not-a-choice", "The question has no such choice.");
  const said = await give(c, opened, [label], "notification");
  if (said.status === "refused")
    return said.reason === "withdrawn"
      ? problem(410, "withdrawn", "The question was withdrawn.")
      : problem(409, said.reason, "The answer does not apply.");
  return Response.json(said, { headers: { "cache-control": "no-store" } });
}

type Said =
  | { readonly status: "accepted" }
  | { readonly status: "already-answered"; readonly answer: string }
  | { readonly status: "refused"; readonly reason: string };

/** The same answer by the same person is one input, however often the phone sends it; another one after the first is kept as late. */
async function give(
  c: HttpContext,
  { grant, asked }: Opened,
  answers: readonly string[],
  via: "reply-page" | "notification",
): Promise<Said> {
  const { question, recipient: by } = grant;
  const id = `reply.${hex(await sha256(JSON.stringify([question, by, via, answers]))).slice(0, 40)}`;
  const project = projectOf(question);
  if (project === undefined) return { status: "refused", reason: "unknown-question" };
  const applied = await orchestrator(c.env, project).apply({ id, at: now(), type: "human-answered", question, answers, by, via });
  const before = asked.question.answer;
  if (before !== null) return { status: "already-answered", answer: before.answers.join("\n") };
  if (applied.reason === "already-answered") return { status: "already-answered", answer: applied.detail ?? "" };
  if (applied.status === "applied" && applied.reason === undefined) return { status: "accepted" };
  return { status: "refused", reason: applied.reason ?? "not-applied" };
}

/** The question as it stands: asked, answered, or withdrawn. */
function statePage({ grant, asked }: Opened, token: string, late = false): Response {
  const { status, answer } = asked.question;
  if (status === "withdrawn")
    return word(410, "Withdrawn", `This question needs no answer any more: ${asked.withdrawnBecause ?? "it was withdrawn"}.`);
  if (answer === null) return page(200, (nonce) => renderQuestionPage(asked, nonce));
  return page(200, (nonce) => renderReceiptPage(asked, answer, { mine: isMine(answer, grant), late, path: token }, nonce));
}

function isMine({ by, via }: Answer, { recipient }: ReplyGrant): boolean {
  return by === recipient && (via === "reply-page" || via === "notification");
}

function faultPage(fault: Fault): Response {
  switch (fault) {
    case "expired":
      return word(410, "Expired", "This link is too old. A newer notification, the issue or the dashboard lets you answer.");
    case "too-many":
      return word(429, "Too many requests", "Wait a minute, then open the link again.", { "retry-after": "60" });
    case "unknown":
      return word(410, "Gone", "This question needs no answer any more: its project was deleted, or it was asked too long ago.");
    default:
      return word(404, "Not found", "There is nothing here.");
  }
}

function faultProblem(fault: Fault): Response {
  switch (fault) {
    case "malformed":
      return problem(400, "invalid-input", "The body is not a token.");
    case "bad-signature":
      return problem(401, "bad-signature", "The token is not one of ours.");
    case "expired":
      return problem(410, "expired", "The button is too old.");
    case "too-many":
      return problem(429, "too-many-requests", "Wait a minute.", undefined, { "retry-after": "60" });
    case "unknown":
      return problem(410, "gone", "The question is gone: its project was deleted, or it was asked too long ago.");
  }
}

function word(status: number, heading: string, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return page(status, (nonce) => renderWordPage(heading, text, nonce), headers);
}

/** No script, no frame, nothing from elsewhere; not kept, not indexed, and the address is told to nobody. */
function page(status: number, render: (nonce: string) => string, headers: Readonly<Record<string, string>> = {}): Response {
  const nonce = randomId();
  return new Response(render(nonce), {
    status,
    headers: {
      ...headers,
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "x-robots-tag": "noindex",
      "x-content-type-options": "nosniff",
    },
  });
}
