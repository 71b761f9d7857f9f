import type { ProgramCall } from "./argument-paths.ts";
import { parseShell } from "./parse-shell.ts";
import { absolute, isInside, pathFindings, patternFindings, type PathUse } from "./path-findings.ts";
import { programFindings } from "./program-findings.ts";
import { tellingVariables } from "./programs.ts";
import type { ShellCommand, ShellItem, ShellRedirect, ShellWord } from "./shell-items.ts";
import { valuesOf, type ShellValue } from "./shell-values.ts";
import { textFindings } from "./text-findings.ts";
import type { ToolFinding, ToolScene } from "./tool-use.ts";

const deepest = 8;
const setting = new Set(["export", "local", "declare", "typeset", "readonly"]);
/** For these variables harmless values are usual. */
const harmless = /^(?:true|:|cat|less|-?)$/;

/** Everything that is to be said of a command line before it runs. What cannot be understood is said, with all that its text could mean. */
export function commandFindings(command: string, scene: ToolScene): ToolFinding[] {
  const review = new CommandReview(scene);
  review.text(command, 0);
  return review.found;
}

class CommandReview {
  readonly found: ToolFinding[] = [];
  readonly #scene: ToolScene;
  /** Where the shell may stand. */
  #folders: readonly string[];
  #variables: Map<string, readonly string[] | null>;

  constructor(scene: ToolScene) {
    this.#scene = scene;
    this.#folders = [scene.tree];
    this.#variables = new Map<string, readonly string[] | null>([
      ["HOME", [scene.home]],
      ["TMPDIR", [scene.tmp]],
      ["PWD", [scene.tree]],
      ["USER", ["agent"]],
    ]);
  }

  text(command: string, depth: number): void {
    const parsed = depth > deepest ? ({ ok: false, error: "too deep" } as const) : parseShell(command);
    if (parsed.ok) this.#items(parsed.value, depth);
    else this.notUnderstood(command);
  }

  notUnderstood(text: string): void {
    this.found.push({ subject: "not-understood", about: text.trim().slice(0, 300) }, ...textFindings(text, this.#scene));
  }

  #items(items: readonly ShellItem[], depth: number): void {
    for (const item of items) {
      if (item.type === "subshell") this.#apart(item.items, depth);
      else if (item.type === "each") {
        for (const list of item.inner) this.#apart(list, depth);
        this.#variables.set(item.name, known(item.values.flatMap((word) => this.#eachValue(word))));
      } else this.#command(item, depth);
    }
  }

  /** What a subshell does to folder and variables ends with it. */
  #apart(items: readonly ShellItem[], depth: number): void {
    const [folders, variables] = [this.#folders, new Map(this.#variables)];
    this.#items(items, depth);
    this.#folders = folders;
    this.#variables = variables;
  }

  #command(command: ShellCommand, depth: number): void {
    for (const list of command.inner) this.#apart(list, depth);
    const words = command.words.map((word) => valuesOf(word, this.#variables, this.#scene.home));
    this.#sets(command, words.length > 0);
    for (const redirect of command.redirects) this.#redirect(redirect);
    const [name, ...args] = words;
    if (name === undefined) return;
    const said = words.map((values) => values[0]?.text ?? "").join(" ");
    this.found.push({ subject: "run", about: said.slice(0, 2_000) });
    if (setting.has(name[0]?.text ?? "")) this.#export(args, command.sure);
    const bodies = command.redirects.flatMap(({ operator, target, body }) =>
      body !== undefined ? [body] : operator === "<<<" ? valuesOf(target, this.#variables, this.#scene.home).map(({ text }) => text) : [],
    );
    for (const one of name) {
      if (one.unknown || one.pattern !== null || /\s/.test(one.text)) this.notUnderstood(said);
      else this.#call({ program: one.text, args: args.flatMap((values) => values), said, bodies, depth }, command.sure);
    }
  }

  #call(call: ProgramCall, sure: boolean): void {
    switch (call.program) {
      case "cd":
      case "pushd":
        return this.#changeFolder(call.args, sure);
      case "popd":
        return this.notUnderstood(call.said);
      case "read":
      case "mapfile":
      case "readarray":
        for (const { text } of call.args) this.#variables.set(text, null);
        return;
      default:
        programFindings(call, {
          scene: this.#scene,
          folders: this.#folders,
          found: this.found,
          path: (value, use) => this.#path(value, use),
          nested: (text) => this.#nested(text, call.depth + 1),
          again: (inner) => this.#call(inner, false),
          notUnderstood: (text) => this.notUnderstood(text),
          inFolder: (folder, act) => this.#inFolder(folder, act),
        });
    }
  }

  #nested(text: string, depth: number): void {
    const [folders, variables] = [this.#folders, new Map(this.#variables)];
    this.text(text, depth);
    this.#folders = folders;
    this.#variables = variables;
  }

  #inFolder(folder: string, act: () => void): void {
    const before = this.#folders;
    this.#folders = before.map((from) => absolute(folder, from));
    act();
    this.#folders = before;
  }

  #changeFolder(args: readonly ShellValue[], sure: boolean): void {
    const target = args.find(({ text }) => !/^-[LPe@n]+$/.test(text) && text !== "--");
    if (target?.unknown === true || target?.pattern || target?.text === "-" || /^\+/.test(target?.text ?? "")) {
      return this.notUnderstood(`cd ${target?.text ?? ""}`);
    }
    const to = this.#folders.map((from) => absolute(target?.text ?? this.#scene.home, from));
    for (const folder of to) this.found.push(...pathFindings(folder, "read", this.#scene));
    this.#folders = sure ? to : [...new Set([...this.#folders, ...to])].slice(0, 16);
    this.#variables.set("PWD", this.#folders);
    this.#variables.set("OLDPWD", null);
  }

  #sets({ sets, sure }: ShellCommand, forCommand: boolean): void {
    for (const [name, word] of sets) {
      const values = this.#eachValue(word);
      this.#telling(name, values);
      if (!forCommand) this.#set(name, known(values), sure);
    }
  }

  #export(args: readonly (readonly ShellValue[])[], sure: boolean): void {
    for (const { text, unknown } of args.flat()) {
      const [, name, value = ""] = /^([A-Za-z_]\w*)=([^]*)$/.exec(text) ?? [];
      if (name === undefined) continue;
      this.#telling(name, [{ text: value, pattern: null, unknown }]);
      this.#set(name, unknown ? null : [value], sure);
    }
  }

  /** Some variables make another program of what comes after them. */
  #telling(name: string, values: readonly ShellValue[]): void {
    if (!tellingVariables.test(name)) return;
    for (const { text, unknown } of values) {
      const isOwnPath =
        name === "PATH" && text.split(":").every((folder) => folder === "*" || isInside(absolute(folder, this.#scene.tree), this.#scene));
      if ((unknown && !isOwnPath) || !(harmless.test(text) || isOwnPath)) this.notUnderstood(`${name}=${text}`);
    }
  }

  #set(name: string, values: readonly string[] | null, sure: boolean): void {
    const before = this.#variables.get(name);
    const joined = sure || before === undefined ? values : before === null || values === null ? null : [...before, ...values];
    this.#variables.set(name, joined && joined.length <= 32 ? joined : null);
  }

  #redirect({ operator, target }: ShellRedirect): void {
    if (operator === "<<" || operator === "<<-" || operator === "<<<") return;
    for (const value of valuesOf(target, this.#variables, this.#scene.home)) {
      if ((operator === "<&" || operator === ">&") && /^\d+-?$|^-$/.test(value.text)) continue;
      this.#path(value, operator === "<" || operator === "<&" ? "read" : "write");
    }
  }

  #path(value: ShellValue, use: PathUse): void {
    for (const folder of this.#folders) {
      // What could be anything says nothing of credentials; that it is not known is said below.
      const isAnything = value.unknown && /^(?:\.?\/)?[*/]*$/.test(value.text);
      if (value.pattern !== null && !isAnything) this.found.push(...patternFindings(value.pattern, value.text, folder, this.#scene));
      if (value.unknown) continue;
      // Of a pattern its folder is known, up to the first wildcard.
      const text = value.pattern === null ? value.text : value.text.replace(/[^/]*[*?[][^]*$/, "");
      this.found.push(...pathFindings(absolute(text === "" ? "." : text, folder), use, this.#scene));
    }
    if (value.unknown) this.notUnderstood(value.text);
  }

  #eachValue(word: ShellWord): ShellValue[] {
    return valuesOf(word, this.#variables, this.#scene.home);
  }
}

function known(values: readonly ShellValue[]): string[] | null {
  return values.some(({ unknown }) => unknown) ? null : values.map(({ text }) => text);
}
