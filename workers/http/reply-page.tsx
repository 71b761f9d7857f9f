/** @jsxImportSource hono/jsx */
import type { Child } from "hono/jsx";
import { longestAnswer } from "../../core/inbound/answer-text.ts";
import { replyFields } from "../../core/inbound/reply-form.ts";
import type { ReplyFault } from "../../core/inbound/reply-form.ts";
import type { Answer } from "../../core/lifecycle/state.ts";
import type { AskedQuestion } from "../../core/project/views.ts";
import { replyStyle } from "./reply-style.ts";

/** Seconds between two looks at whether the agent has gone on. */
const lookAgain = 4;
const shortContext = 400;

/** What was sent and could not be taken: shown again, so that nothing is typed twice. */
export interface RefusedReply {
  readonly fault: ReplyFault;
  readonly fields: (name: string) => readonly string[];
}

interface PageProps {
  readonly title: string;
  readonly nonce: string;
  /** Where to look again; absent when nothing more will happen. */
  readonly refresh?: string | undefined;
  readonly children?: Child;
}

function Page({ title, nonce, refresh, children }: PageProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        {refresh === undefined ? null : <meta http-equiv="refresh" content={`${lookAgain}; url=${refresh}`} />}
        <title>{title}</title>
        <style nonce={nonce} dangerouslySetInnerHTML={{ __html: replyStyle }} />
      </head>
      <body>
        <main>{children}</main>
      </body>
    </html>
  );
}

function Header({ asked, heading }: { readonly asked: AskedQuestion; readonly heading: string }) {
  return (
    <header>
      <h1>{heading}</h1>
      <p>
        <a href={asked.url} rel="noreferrer" dir="auto">
          {asked.key}: {asked.title}
        </a>
      </p>
    </header>
  );
}

const faults: Readonly<Record<ReplyFault["reason"], string>> = {
  empty: "This one has no answer yet: choose, or write.",
  "too-long": `An answer may have at most ${longestAnswer.toLocaleString("en")} characters.`,
  "choice-and-reason": "Approving stands alone: choose Reject to send your reason, or clear the text.",
  "unknown-choice": "That is none of the choices.",
  "no-guess": "There is no guess to take.",
};

/** The question, and the form that answers it. */
export function renderQuestionPage(asked: AskedQuestion, nonce: string, refused?: RefusedReply): string {
  const { question, context, key } = asked;
  const session = question.purpose === "session";
  const several = question.items.length > 1;
  return html(
    <Page title={`${several ? "Questions" : "Question"} · ${key}`} nonce={nonce}>
      <Header
        asked={asked}
        heading={session ? `The agent asks${several ? ` ${question.items.length} questions` : ""}` : "Your decision is needed"}
      />
      {refused ? (
        <section class="fault" role="alert">
          {several ? `Question ${refused.fault.item + 1}: ` : ""}
          {faults[refused.fault.reason]}
        </section>
      ) : null}
      {context === "" ? null : (
        <details open={context.length <= shortContext}>
          <summary>{session ? "What the agent was doing" : "What it is about"}</summary>
          <p class="said" dir="auto">
            {context}
          </p>
        </details>
      )}
      <form method="post">
        {question.items.map((_, item) => (
          <Item asked={asked} item={item} fields={refused?.fields ?? (() => [])} />
        ))}
        {/* The first button is what Enter presses: never the guess. */}
        <button type="submit">Send</button>
        <Guess asked={asked} />
      </form>
    </Page>,
  );
}

function Item({ asked, item, fields }: { readonly asked: AskedQuestion; readonly item: number; readonly fields: RefusedReply["fields"] }) {
  const { purpose, items } = asked.question;
  const { text, options, multiple } = items[item] ?? { text: "", options: [], multiple: false };
  const chosen = fields(replyFields.choice(item));
  const name = replyFields.text(item);
  const label =
    purpose === "plan-approval"
      ? "What should be different (rejects the plan)"
      : options.length > 0
        ? "Something else, or more"
        : "Your answer";
  return (
    <fieldset>
      <legend class="said" dir="auto">
        {text}
      </legend>
      <div>
        {multiple ? <p class="soft">Several may be chosen.</p> : null}
        {options.map((option, place) => (
          <label class="choice">
            <input
              type={multiple ? "checkbox" : "radio"}
              name={replyFields.choice(item)}
              value={String(place)}
              checked={chosen.includes(String(place))}
            />
            <span dir="auto">
              {option.label}
              {option.description ? <small>{option.description}</small> : null}
            </span>
          </label>
        ))}
        {purpose === "session" || purpose === "plan-approval" ? (
          <>
            <label for={name}>{label}</label>
            <textarea id={name} name={name} dir="auto" maxlength={longestAnswer}>
              {fields(name)[0] ?? ""}
            </textarea>
          </>
        ) : null}
      </div>
    </fieldset>
  );
}

function Guess({ asked: { question, guessReason } }: { readonly asked: AskedQuestion }) {
  const { guess } = question;
  if (guess === null) return null;
  return (
    <section>
      <h2>The architect would say</h2>
      {guess.answers.map((answer) => (
        <p class="said" dir="auto">
          {answer}
        </p>
      ))}
      <p class="soft">
        {percent(guess.confidence)} sure{guessReason ? `: ${guessReason}` : "."}
      </p>
      <button class="other" type="submit" name={replyFields.guess} value="1">
        Take the architect's answer
      </button>
    </section>
  );
}

/** Whose answer the receipt shows, whether another came too late just now, and the page's own address, relative. */
export interface Receipt {
  readonly mine: boolean;
  readonly late: boolean;
  readonly path: string;
}

/** What became of the question; it looks again by itself until the agent has gone on. */
export function renderReceiptPage(asked: AskedQuestion, answer: Answer, { mine, late, path }: Receipt, nonce: string): string {
  const { question } = asked;
  const pending = question.purpose === "session" && question.appliedAt === null && asked.active;
  const heading = answer.via === "silence" ? "Nobody answered in time" : mine && !late ? "Accepted" : "Already answered";
  return html(
    <Page title={`${heading} · ${asked.key}`} nonce={nonce} refresh={pending ? path : undefined}>
      <Header asked={asked} heading={heading} />
      <p role="status">{progress(asked)}</p>
      {late ? <p>What you sent came later. It is kept with the question, and changes nothing.</p> : null}
      <section>
        {question.items.map((item, index) => (
          <>
            <h2 class="said" dir="auto">
              {item.text}
            </h2>
            <p class="said" dir="auto">
              {answer.answers[index] ?? ""}
            </p>
          </>
        ))}
        <p class="soft">{whoAnswered(answer)}</p>
      </section>
    </Page>,
  );
}

function progress({ question, active }: AskedQuestion): string {
  if (question.purpose !== "session") return active ? "The work goes on from here." : "The run has ended.";
  if (question.appliedAt !== null) return "The agent has gone on.";
  if (!active) return "The run has ended.";
  return question.parked ? "The session was parked and is being resumed…" : "The agent is being told…";
}

const ways: Readonly<Record<Answer["via"], string>> = {
  architect: "",
  dashboard: " on the dashboard",
  api: "",
  "reply-page": " on this page",
  notification: " by a button of the notification",
  comment: " in a comment on the issue",
  board: " on the board",
  silence: "",
};

function whoAnswered({ by, via, confidence }: Answer): string {
  if (via === "silence") return `The architect's best guess, ${percent(confidence ?? 0)} sure. It is nobody's approval.`;
  return `Answered by ${by}${ways[via]}.`;
}

/** A page that only says something: that the link is over, unknown, or asked for too often. */
export function renderWordPage(heading: string, text: string, nonce: string): string {
  return html(
    <Page title={heading} nonce={nonce}>
      <h1>{heading}</h1>
      <p dir="auto">{text}</p>
    </Page>,
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function html(page: { toString(): string | Promise<string> }): string {
  return `<!doctype html>${String(page)}`;
}
