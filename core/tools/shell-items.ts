/** A piece of a word of the shell. */
export type ShellPart =
  /** `quoted`: patterns and a tilde in it stand for themselves. */
  | { readonly type: "text"; readonly text: string; readonly quoted: boolean }
  | { readonly type: "variable"; readonly name: string }
  /** Known only when it runs: the output of a command, an expansion that computes. */
  | { readonly type: "unknown" };

export interface ShellWord {
  readonly parts: readonly ShellPart[];
}

export interface ShellRedirect {
  readonly operator: string;
  readonly target: ShellWord;
  /** The text of a here-document. */
  readonly body?: string;
}

export interface ShellCommand {
  readonly type: "command";
  readonly sets: readonly (readonly [name: string, value: ShellWord])[];
  readonly words: readonly ShellWord[];
  readonly redirects: readonly ShellRedirect[];
  /** Commands run for its words. */
  readonly inner: readonly (readonly ShellItem[])[];
  /** What it does to the shell (its folder, its variables) surely holds for what follows. */
  readonly sure: boolean;
}

export type ShellItem =
  | ShellCommand
  | { readonly type: "subshell"; readonly items: readonly ShellItem[] }
  /** A loop: the name stands for each of the values. */
  | {
      readonly type: "each";
      readonly name: string;
      readonly values: readonly ShellWord[];
      readonly inner: readonly (readonly ShellItem[])[];
    };
