import { argumentPaths, type ProgramCall, type ProgramReview } from "./argument-paths.ts";
import { gitFindings } from "./git-findings.ts";
import { absolute, isWithin, searchFindings } from "./path-findings.ts";
import * as known from "./programs.ts";
import { matches } from "./tool-rules.ts";
import type { ShellValue } from "./shell-values.ts";
import { hostOf, isLoopback, textFindings } from "./text-findings.ts";
import type { ToolFinding } from "./tool-use.ts";

/** What is to be said of one program's call. */
export function programFindings(call: ProgramCall, review: ProgramReview): void {
  const name = call.program.slice(call.program.lastIndexOf("/") + 1);
  if (call.program.includes("/")) review.path({ text: call.program, pattern: null, unknown: false }, "read");
  const line = [name, ...call.args.map(({ text }) => text)].join(" ");
  if (known.environmentPrinters.test(line)) review.found.push({ subject: "credentials", about: line });
  if (known.publishing.some((each) => each.test(line))) review.found.push({ subject: "publish", about: line.slice(0, 300) });
  if (known.destructive.has(name) || name.startsWith("mkfs.") || /^kill .*(?<!\S)-1\b(?!\d)$/.test(line)) {
    review.found.push({ subject: "destructive", about: line.slice(0, 300) });
  }
  if (known.networkPrograms.has(name)) review.found.push(...networkFindings(name, call));
  if (name in known.wrappers) return wrapped(name, call, review);
  if (/^(?:sudo|doas|chroot|nsenter|pkexec)$/.test(name)) return wrapped("nohup", call, review);
  if (known.shells.has(name)) return shell(call, review);
  if (name === "eval") return joined(call, call.args, review);
  if (name === "trap") return joined(call, call.args.slice(0, 1), review);
  if (name === "alias" && call.args.length > 0) return review.notUnderstood(call.said);
  if (name === "git") return gitFindings(call, review);
  if (name === "find" || name === "fd") return finding(call, review);
  if (known.withoutFiles.has(name)) return;
  interpreted(name, call, review);
  removed(name, call, review);
  searched(name, call, review);
  argumentPaths(name, call, review);
}

function networkFindings(name: string, { args, said }: ProgramCall): ToolFinding[] {
  const addresses: ShellValue[] = [];
  let led = false;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at];
    if (arg === undefined) break;
    if (/^(?:-x|--proxy|--resolve|--connect-to|-K|--config|--socks\S*|--preproxy|-e|-c|-i|--input-file)$/.test(arg.text)) led = true;
    if (known.talkersValued.has(arg.text)) at += 1;
    else if (!arg.text.startsWith("-") && !/^\d+$/.test(arg.text)) addresses.push(arg);
  }
  const hosts = addresses.map(({ text, unknown }) => (unknown && !/^https?:\/\/[^*/]+\//.test(text) ? undefined : hostOf(text)));
  const isLocal = known.talkers.has(name) && !led && hosts.length > 0 && hosts.every((host) => host !== undefined && isLoopback(host));
  if (isLocal) return [];
  const far = hosts.find((host) => host !== undefined && !isLoopback(host));
  return [{ subject: "network", about: known.talkers.has(name) && far !== undefined ? far : said.slice(0, 300) }];
}

function wrapped(name: string, call: ProgramCall, review: ProgramReview): void {
  const { valued, skip = 0 } = known.wrappers[name] ?? { valued: [] };
  let [at, skipped] = [0, 0];
  for (; at < call.args.length; at += 1) {
    const { text = "", unknown = false } = call.args[at] ?? {};
    if (name === "command" && /^-[vV]+$/.test(text)) return;
    if (name === "env" && /^(?:-S|--split-string)/.test(text)) return joined(call, split(call.args.slice(at)), review);
    if (name === "env" && /^[A-Za-z_]\w*=/.test(text)) {
      const [variable = ""] = text.split("=", 1);
      if (known.tellingVariables.test(variable) && !/=(?:true|:|cat)?$/.test(text)) review.notUnderstood(text);
      continue;
    }
    if (valued.includes(text)) {
      if (name === "env" && /^(?:-C|--chdir)$/.test(text)) return review.notUnderstood(call.said);
      if (name === "xargs" && /^(?:-a|--arg-file)$/.test(text) && call.args[at + 1]) review.path(call.args[at + 1] as ShellValue, "read");
      at += 1;
    } else if (text.startsWith("-") && !unknown) continue;
    else if (skipped < skip) skipped += 1;
    else break;
  }
  const [program, ...rest] = call.args.slice(at);
  if (program === undefined) {
    if (name === "env") review.found.push({ subject: "credentials", about: "env" });
    return;
  }
  if (program.unknown || program.pattern !== null) return review.notUnderstood(call.said);
  // What xargs adds is not known; where files are read it is asked about.
  const added = name === "xargs" ? [{ text: "*", pattern: null, unknown: true }] : [];
  review.again({ ...call, program: program.text, args: [...rest, ...added] });
}

/** `-S "a b"` and `-Sa b`: the words are one text. */
function split([first, ...rest]: readonly ShellValue[]): ShellValue[] {
  const own = (first?.text ?? "").replace(/^(?:-S|--split-string=?)/, "");
  return [...(own === "" ? [] : [{ text: own, pattern: null, unknown: first?.unknown ?? false }]), ...rest];
}

function joined(call: ProgramCall, words: readonly ShellValue[], review: ProgramReview): void {
  if (words.some(({ unknown }) => unknown)) return review.notUnderstood(call.said);
  review.nested(words.map(({ text }) => text).join(" "));
}

function shell(call: ProgramCall, review: ProgramReview): void {
  const at = call.args.findIndex(({ text }) => /^-[a-zA-Z]*c[a-zA-Z]*$/.test(text));
  if (at >= 0) {
    const code = call.args.slice(at + 1).find(({ text }) => !/^-[a-zA-Z]+$/.test(text));
    return code === undefined || code.unknown ? review.notUnderstood(call.said) : review.nested(code.text);
  }
  const script = call.args.find(({ text }) => !text.startsWith("-"));
  for (const body of call.bodies) review.nested(body);
  if (script !== undefined) review.path(script, "read");
  else if (call.bodies.length === 0 && !call.args.some(({ text }) => text === "--version")) review.notUnderstood(call.said);
}

/** Code is not read as such: what it names counts. */
function interpreted(name: string, call: ProgramCall, review: ProgramReview): void {
  const flags = known.interpreters[name.replace(/\d+(?:\.\d+)*$/, "")] ?? known.interpreters[name];
  if (flags === undefined) return;
  const isAwk = flags.length === 0;
  const code = call.args.filter((_, at) => flags.includes(call.args[at - 1]?.text ?? "") || (isAwk && at === 0)).map(({ text }) => text);
  for (const text of [...code, ...call.bodies]) {
    const found = textFindings(text, review.scene);
    review.found.push(...found);
    if (/\b(?:process\.env|os\.environ|ENV\.to_h|%ENV|getenv\(\)|ENVIRON)\b(?![.[(]\s*['"]?\w)/.test(text)) {
      review.found.push({ subject: "credentials", about: "the environment" });
    }
  }
}

function removed(name: string, call: ProgramCall, review: ProgramReview): void {
  if (name !== "rm" && name !== "mv" && !/^ch(?:mod|own|grp)$/.test(name)) return;
  const recursive = name === "mv" || call.args.some(({ text }) => /^-[a-zA-Z]*[rR]/.test(text) || text === "--recursive");
  if (!recursive) return;
  const { tree, home } = review.scene;
  for (const { text, pattern } of call.args.filter((arg) => !arg.text.startsWith("-"))) {
    for (const folder of review.folders) {
      const whole = absolute(pattern === null ? text : text.replace(/\/?\.?\*+$/, ""), folder);
      const everything = isWithin(tree, whole) || isWithin(home, whole) || isWithin(whole, `${tree}/.git`);
      if (everything) review.found.push({ subject: "destructive", about: call.said.slice(0, 300) });
    }
  }
}

/** Read everything below their folders, hidden files as well. */
function searched(name: string, call: ProgramCall, review: ProgramReview): void {
  const has = (flag: RegExp) => call.args.some(({ text }) => flag.test(text));
  const everything =
    (/^[ef]?grep$/.test(name) && has(/^-[a-zA-Z]*[rR]|^--(?:dereference-)?recursive$/)) ||
    (/^(?:rg|ag)$/.test(name) && has(/^-[a-zA-Z.]*(?:uu|\.)|^--(?:hidden|no-ignore|unrestricted)$|^-[a-zA-Z]*u$/)) ||
    (/^(?:tar|zip|7z|bsdtar)$/.test(name) && has(/^-?[a-zA-Z]*[crau][a-zA-Z]*$|^--create$/)) ||
    (/^(?:cp|scp|rsync)$/.test(name) && has(/^-[a-zA-Z]*[rRa]|^--(?:recursive|archive)$/));
  if (!everything) return;
  const roots = call.args.filter(({ text }) => !text.startsWith("-")).map(({ text }) => text);
  const only = call.args.flatMap(({ text }) => /^(?:--include=|-g=?|--glob=)(.+)$/.exec(text)?.[1] ?? []);
  const named = only.length === 0 ? undefined : (file: string) => only.some((each) => matches(each, file));
  const start = known.withScript.has(name) ? roots.slice(1) : roots;
  for (const folder of review.folders) {
    for (const root of start.length === 0 ? ["."] : start)
      review.found.push(...searchFindings(absolute(root.replace(/\/?\*+$/, ""), folder), review.scene, named));
  }
}

function finding(call: ProgramCall, review: ProgramReview): void {
  const { args } = call;
  const end = args.findIndex(({ text }) => /^[-(!]/.test(text));
  const roots = end < 0 ? args : args.slice(0, end);
  for (const root of roots) review.path(root, "read");
  const names = args.flatMap(({ text }, at) => (/^-i?name$/.test(args[at - 1]?.text ?? "") ? [text] : []));
  const runs = args.findIndex(({ text }) => /^(?:-exec|-execdir|-ok|-okdir|-x|-X|--exec)$/.test(text));
  if (args.some(({ text }) => text === "-delete") && names.length === 0)
    review.found.push({ subject: "destructive", about: call.said.slice(0, 300) });
  for (const file of args.filter((_, at) => /^-(?:fprint0?|fls|newer\w*)$/.test(args[at - 1]?.text ?? ""))) review.path(file, "write");
  if (runs < 0) return;
  const [program, ...rest] = args.slice(runs + 1).filter(({ text }) => text !== ";" && text !== "+");
  if (program === undefined) return;
  const isNamed = (file: string) => names.length === 0 || names.some((each) => matches(each, file));
  for (const folder of review.folders) {
    for (const root of roots.length === 0 ? ["."] : roots.map(({ text }) => text)) {
      review.found.push(...searchFindings(absolute(root, folder), review.scene, isNamed));
    }
  }
  review.again({ ...call, program: program.text, args: rest.filter(({ text }) => text !== "{}") });
}
