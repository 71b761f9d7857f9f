import { ok, refused, type Result } from "../result.ts";
import type { ShellCommand, ShellItem, ShellPart, ShellRedirect, ShellWord } from "./shell-items.ts";
import { giveUp, readQuoted, readWord, type ShellSource } from "./word-reader.ts";

const longest = 50_000;
const deepest = 20;
/** Said before a command; what follows them is a command again. */
const openers = new Set(["if", "while", "until", "do", "then", "else", "elif", "{", "!", "time", "coproc"]);
const closers = new Set(["fi", "done", "}"]);
const opening = new Set(["if", "while", "until", "{"]);

/**
 * The commands of a line of bash, in order: of lists, pipelines, groups, loops, conditions, functions and substitutions. It does not run
 * anything and expands nothing. What it does not know for certain it refuses, and says what that was; written for the policy on tools alone,
 * which takes a refusal as the strictest case. https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html
 */
export function parseShell(text: string): Result<readonly ShellItem[], string> {
  return parseAt(text, 0);
}

function parseAt(text: string, depth: number): Result<readonly ShellItem[], string> {
  if (text.length > longest || depth > deepest) return refused("too long or too deep");
  if (text.includes("\0")) return refused("a zero byte");
  const reader = new CommandReader(text, depth);
  const items = reader.read(null);
  return reader.source.fault === null ? ok(items) : refused(reader.source.fault);
}

class CommandReader {
  readonly source: ShellSource;
  readonly #documents: { redirect: { body?: string }; end: string; strip: boolean; plain: boolean; inner: (readonly ShellItem[])[] }[] = [];
  #depth: number;

  constructor(text: string, depth: number) {
    this.#depth = depth;
    this.source = {
      text,
      at: 0,
      fault: null,
      commands: () => this.read(")"),
      nested: (inner) => {
        const parsed = parseAt(inner, depth + 1);
        if (parsed.ok) return [...parsed.value];
        giveUp(this.source, parsed.error);
        return [];
      },
    };
  }

  /** Items up to the bracket that closes, which is taken, or to the end. */
  read(until: ")" | null, stopAt: readonly string[] = []): ShellItem[] {
    const items: ShellItem[] = [];
    if (++this.#depth > deepest) giveUp(this.source, "too deep");
    let blocks = 0;
    let sure = true;
    while (true) {
      this.#skipBlank();
      if (this.source.at >= this.source.text.length) {
        if (until !== null && stopAt.length === 0) giveUp(this.source, "a bracket does not close");
        break;
      }
      const operator = this.#operator();
      if (operator === ")" && until === ")") break;
      if (stopAt.includes(operator ?? "")) break;
      if (operator === "(") {
        if (this.source.text[this.source.at] === "(") giveUp(this.source, "arithmetic as a command");
        items.push({ type: "subshell", items: this.read(")") });
        continue;
      }
      if (operator === "|" || operator === "|&" || operator === "&") {
        const last = items.at(-1);
        if (last?.type === "command") items[items.length - 1] = { ...last, sure: false };
      }
      if (operator !== null) {
        sure = operator === "\n" || operator === ";" || (operator === "&&" && sure);
        if (operator === ")") giveUp(this.source, "a bracket that closes nothing");
        continue;
      }
      const before = this.source.at;
      const keyword = this.#keyword();
      if (keyword !== undefined && stopAt.includes(keyword)) break;
      if (keyword !== undefined && openers.has(keyword)) {
        if (opening.has(keyword)) blocks += 1;
        continue;
      }
      if (keyword !== undefined && closers.has(keyword)) {
        blocks = Math.max(0, blocks - 1);
        continue;
      }
      if (keyword === "for" || keyword === "select") {
        items.push(this.#loop());
        blocks += 1;
        continue;
      }
      if (keyword === "case") {
        this.#choices(items);
        continue;
      }
      if (keyword === "function") {
        this.#skipBlank();
        readWord(this.source, []);
        continue;
      }
      this.source.at = before;
      const command = this.#command(sure && blocks === 0);
      if (command !== undefined) items.push(command);
    }
    this.#depth -= 1;
    return items;
  }

  #skipBlank(): void {
    const { text } = this.source;
    while (this.source.at < text.length) {
      const char = text[this.source.at];
      if (char === " " || char === "\t" || char === "\r") this.source.at += 1;
      else if (char === "\\" && text[this.source.at + 1] === "\n") this.source.at += 2;
      else if (char === "#" && /(?:^|[\s;&|()])$/.test(text.slice(Math.max(0, this.source.at - 1), this.source.at))) {
        const end = text.indexOf("\n", this.source.at);
        this.source.at = end < 0 ? text.length : end;
      } else return;
    }
  }

  /** Takes a control operator; null when none stands here. */
  #operator(): string | null {
    const [operator] =
      /^(?:;;&|;;|;&|;|&&|&(?!>)|\|\||\|&|\||\(|\)|\n)/.exec(this.source.text.slice(this.source.at, this.source.at + 3)) ?? [];
    if (operator === undefined) return null;
    this.source.at += operator.length;
    if (operator === "\n") this.#takeDocuments();
    return operator;
  }

  #keyword(): string | undefined {
    const [word] =
      /^(?:if|then|elif|else|fi|while|until|do|done|for|select|case|esac|function|time|coproc|\{|\}|!)(?=[\s;&|()]|$)/.exec(
        this.source.text.slice(this.source.at, this.source.at + 12),
      ) ?? [];
    if (word !== undefined) this.source.at += word.length;
    return word;
  }

  #loop(): ShellItem {
    this.#skipBlank();
    const [name] = /^[A-Za-z_][A-Za-z0-9_]*/.exec(this.source.text.slice(this.source.at)) ?? [];
    if (name === undefined) giveUp(this.source, "a loop without a name");
    this.source.at += name?.length ?? 0;
    this.#skipBlank();
    const values: ShellWord[] = [];
    const inner: (readonly ShellItem[])[] = [];
    if (/^in[\s;]/.test(this.source.text.slice(this.source.at, this.source.at + 3))) {
      this.source.at += 2;
      for (this.#skipBlank(); ; this.#skipBlank()) {
        const word = readWord(this.source, inner);
        if (word === undefined) break;
        values.push(word);
      }
    } else values.push({ parts: [{ type: "unknown" }] });
    return { type: "each", name: name ?? "", values, inner };
  }

  /** `case … in pattern) commands ;; esac`. */
  #choices(items: ShellItem[]): void {
    const inner: (readonly ShellItem[])[] = [];
    this.#skipBlank();
    readWord(this.source, inner);
    for (const list of inner) items.push({ type: "subshell", items: list });
    if (!/^\s+in\s/.test(this.source.text.slice(this.source.at))) return giveUp(this.source, "a case without its choices");
    this.source.at = this.source.text.indexOf("in", this.source.at) + 2;
    while (this.source.at < this.source.text.length) {
      const [gap = ""] = /^\s*/.exec(this.source.text.slice(this.source.at)) ?? [];
      this.source.at += gap.length;
      if (/^esac(?:[\s;&|)]|$)/.test(this.source.text.slice(this.source.at, this.source.at + 5))) {
        this.source.at += 4;
        return;
      }
      const pattern = /^\(?[^()'"`$\n]*\)/.exec(this.source.text.slice(this.source.at))?.[0];
      if (pattern === undefined) return giveUp(this.source, "a case whose pattern cannot be told");
      this.source.at += pattern.length;
      const within = this.read(null, [";;", ";&", ";;&", "esac"]).map((item) =>
        item.type === "command" ? { ...item, sure: false } : item,
      );
      items.push(...within);
      if (/esac$/.test(this.source.text.slice(0, this.source.at))) return;
    }
    giveUp(this.source, "a case does not end");
  }

  #command(sure: boolean): ShellCommand | undefined {
    const sets: [string, ShellWord][] = [];
    const words: ShellWord[] = [];
    const redirects: ShellRedirect[] = [];
    const inner: (readonly ShellItem[])[] = [];
    const begun = this.source.at;
    for (this.#skipBlank(); this.source.at < this.source.text.length; this.#skipBlank()) {
      if (this.#redirect(redirects, inner)) continue;
      if (/^\[\[\s/.test(this.source.text.slice(this.source.at, this.source.at + 3)) && words.length === 0) {
        this.#test(inner);
        continue;
      }
      const [, name] =
        words.length === 0
          ? (/^([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]*\])?\+?=/.exec(this.source.text.slice(this.source.at, this.source.at + 200)) ?? [])
          : [];
      if (name !== undefined) {
        this.source.at = this.source.text.indexOf("=", this.source.at) + 1;
        sets.push([name, readWord(this.source, inner) ?? { parts: [] }]);
        if (this.source.text[this.source.at] === "(") giveUp(this.source, "an array");
        continue;
      }
      const word = readWord(this.source, inner);
      if (word === undefined) break;
      words.push(word);
      // A function: its commands follow, and count as run.
      if (words.length === 1 && /^\s*\(\s*\)/.test(this.source.text.slice(this.source.at, this.source.at + 20))) {
        this.source.at = this.source.text.indexOf(")", this.source.at) + 1;
        return undefined;
      }
    }
    if (this.source.at === begun && this.source.at < this.source.text.length) giveUp(this.source, "something that is no command");
    return { type: "command", sets, words, redirects, inner, sure };
  }

  /** `[[ … ]]` opens no files; only the commands in it count. */
  #test(inner: (readonly ShellItem[])[]): void {
    const end = /\s\]\](?=[\s;&|)]|$)/.exec(this.source.text.slice(this.source.at));
    if (end === null) return giveUp(this.source, "a condition does not end");
    const body = this.source.text.slice(this.source.at + 2, this.source.at + end.index);
    this.source.at += end.index + end[0].length;
    this.#readText(body, inner);
  }

  /** Takes the commands out of a text in which the shell expands. */
  #readText(text: string, inner: (readonly ShellItem[])[]): void {
    const parts: ShellPart[] = [];
    const source: ShellSource = { ...this.source, text, at: 0, commands: (within) => this.#within(within) };
    readQuoted(source, parts, inner, null);
    if (source.fault !== null) giveUp(this.source, source.fault);
  }

  #within(source: ShellSource): ShellItem[] {
    const reader = new CommandReader(source.text, this.#depth);
    reader.source.at = source.at;
    const items = reader.read(")");
    source.at = reader.source.at;
    if (reader.source.fault !== null) giveUp(this.source, reader.source.fault);
    return items;
  }

  #redirect(redirects: ShellRedirect[], inner: (readonly ShellItem[])[]): boolean {
    const [whole, operator] =
      /^(?:\d+|\{\w+\})?(&>>|&>|<<<|<<-|<<|<>|<&|>>|>&|>\||<(?!\()|>(?!\())/.exec(
        this.source.text.slice(this.source.at, this.source.at + 40),
      ) ?? [];
    if (whole === undefined || operator === undefined) return false;
    this.source.at += whole.length;
    this.#skipBlank();
    const begun = this.source.at;
    const target = readWord(this.source, inner);
    if (target === undefined) {
      giveUp(this.source, "a redirection to nothing");
      return true;
    }
    const redirect: ShellRedirect & { body?: string } = { operator, target };
    redirects.push(redirect);
    if (operator === "<<" || operator === "<<-") {
      const raw = this.source.text.slice(begun, this.source.at);
      const end = raw.replaceAll(/["'\\]/g, "");
      this.#documents.push({ redirect, end, strip: operator === "<<-", plain: raw !== end, inner });
    }
    return true;
  }

  #takeDocuments(): void {
    for (const { redirect, end, strip, plain, inner } of this.#documents.splice(0)) {
      const lines: string[] = [];
      let closed = false;
      while (this.source.at < this.source.text.length && !closed) {
        const newline = this.source.text.indexOf("\n", this.source.at);
        const stop = newline < 0 ? this.source.text.length : newline;
        const line = this.source.text.slice(this.source.at, stop);
        this.source.at = Math.min(this.source.text.length, stop + 1);
        closed = (strip ? line.replace(/^\t+/, "") : line) === end;
        if (!closed) lines.push(line);
      }
      if (!closed) giveUp(this.source, "a here-document does not end");
      redirect.body = lines.join("\n");
      if (!plain) this.#readText(redirect.body, inner);
    }
  }
}
