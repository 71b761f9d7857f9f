import { argumentPaths, type ProgramCall, type ProgramReview } from "./argument-paths.ts";
import { isCredentialFile } from "./credential-files.ts";
import { searchFindings } from "./path-findings.ts";
import type { ShellValue } from "./shell-values.ts";

/** Settings that name a program which git then runs. */
const telling =
  /^(?:alias\.|core\.(?:pager|editor|sshcommand|fsmonitor|hookspath|askpass|gitproxy|worktree)|diff\.external|sequence\.editor|pager\.|gpg\.|protocol\.|include|url\.|.*\.(?:helper|command|cmd|textconv|driver|smudge|clean|process|uploadpack|receivepack|program))/i;
const network = new Set([
  "push",
  "fetch",
  "pull",
  "clone",
  "ls-remote",
  "send-email",
  "lfs",
  "svn",
  "request-pull",
  "credential",
  "imap-send",
  "daemon",
]);
const destructive =
  /^(?:branch .*(?:-D|--delete --force|-d -f)\b|update-ref .*-d\b|reflog (?:expire|delete)|gc .*--prune|prune\b|filter-branch|filter-repo|worktree (?:remove|prune|move)|stash (?:drop|clear)|replace\b)/;
const withMessage = /^(?:-m|-[a-zA-Z]*m|--message|--author|--date|--format|--pretty|--grep|-S|-G|--trailer|--since|--until)$/;

/** What is to be said of a call of git. The runner alone pushes, with a credential that agents never see. */
export function gitFindings(call: ProgramCall, review: ProgramReview): void {
  let at = 0;
  let folder: string | undefined;
  for (; at < call.args.length; at += 1) {
    const { text = "", unknown = false } = call.args[at] ?? {};
    const next = call.args[at + 1];
    if (unknown) return review.notUnderstood(call.said);
    if (!text.startsWith("-")) break;
    if (text === "-C" && next !== undefined) {
      review.path(next, "write");
      if (next.unknown) return;
      folder = folder === undefined || next.text.startsWith("/") ? next.text : `${folder}/${next.text}`;
      at += 1;
    } else if (text === "-c" && next !== undefined) {
      if (next.unknown || telling.test(next.text)) review.notUnderstood(`git -c ${next.text}`);
      at += 1;
    } else if (/^--(?:git-dir|work-tree|exec-path|namespace|super-prefix|config-env)(?:=|$)/.test(text)) {
      const [, value] = text.split("=", 2);
      const named = value === undefined ? next : { text: value, pattern: null, unknown: false };
      if (named !== undefined) review.path(named, "write");
      if (text.startsWith("--config-env") || text.startsWith("--exec-path=")) review.notUnderstood(call.said);
      if (value === undefined && !text.startsWith("--exec-path")) at += 1;
    }
  }
  const [verb, ...rest] = call.args.slice(at);
  if (verb === undefined) return;
  const act = () => subcommand(verb.text, rest, call, review);
  if (folder === undefined) act();
  else review.inFolder(folder, act);
}

function subcommand(verb: string, rest: readonly ShellValue[], call: ProgramCall, review: ProgramReview): void {
  const line = [verb, ...rest.map(({ text }) => text)].join(" ");
  const said = `git ${line}`.slice(0, 300);
  const talks =
    network.has(verb) ||
    /^submodule (?:.* )?(?:update|add|sync)/.test(line) ||
    /^remote (?:add|set-url|update|show|prune)/.test(line) ||
    /^archive .*--remote/.test(line) ||
    /^bundle .*:\/\//.test(line);
  if (talks) review.found.push({ subject: "network", about: said });
  if (destructive.test(line)) review.found.push({ subject: "destructive", about: said });
  if (verb === "config" && rest.some(({ text }) => telling.test(text)) && !/--(?:get|list|unset)/.test(line)) review.notUnderstood(said);
  if (/^(?:bisect run|submodule foreach|rebase .*(?:-x|--exec)|difftool|mergetool|hook run)\b/.test(line)) review.notUnderstood(said);
  if (verb === "grep") for (const folder of review.folders) review.found.push(...searchFindings(folder, review.scene, isCredentialFile));
  // What a file is called in an earlier commit: `HEAD:.env`.
  const args = rest.filter(
    (_, at) => !withMessage.test(rest[at - 1]?.text ?? "") && !/^--(?:message|author|format|pretty|grep)=/.test(rest[at]?.text ?? ""),
  );
  argumentPaths("git", { args: args.filter(({ unknown }) => !unknown) }, review);
  for (const value of args.filter(({ unknown }) => unknown)) {
    // Revisions are computed all the time; a path that is computed is not told from one, unless it says so.
    if (/[/:.]/.test(value.text) && !/^[\w*~^.-]+$/.test(value.text)) review.notUnderstood(call.said);
  }
}
