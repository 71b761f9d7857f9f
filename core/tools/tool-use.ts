/** What an agent is about to do with a tool, as its driver understands it. Paths as the agent wrote them, relative ones to the worktree. */
export type ToolUse = { readonly tool: string } & (
  | { readonly kind: "run"; readonly command: string }
  | { readonly kind: "read" | "write"; readonly paths: readonly string[] }
  /** Reads everything below the folders, or of that only files whose name fits one of the patterns (with `*`). */
  | { readonly kind: "search"; readonly paths: readonly string[]; readonly names?: readonly string[] }
  | { readonly kind: "fetch"; readonly url: string }
  /** Touches neither files nor the network by itself. */
  | { readonly kind: "other" }
);

/** Where the agent works. Absolute paths without a slash at the end. */
export interface ToolScene {
  readonly tree: string;
  readonly home: string;
  readonly tmp: string;
  /** The same path with every symbolic link followed, as far as it exists. */
  readonly realPath: (path: string) => string;
  /** Files of the worktree that hold credentials by their names, for what reads whole folders. Absolute. */
  readonly credentialFiles: readonly string[];
}

/**
 * What a use may be objected to for. `outside`: a path beyond the worktree; `credentials`: keys, tokens, `.env` files and the environment itself;
 * `network`: talks to another machine; `publish`: makes something public; `destructive`: what cannot be undone; `not-understood`: cannot be
 * told before it runs. The others stand for the use itself and are objected to only by a project's own rules.
 */
export const toolSubjects = [
  "outside",
  "credentials",
  "network",
  "publish",
  "destructive",
  "not-understood",
  "read",
  "write",
  "run",
  "fetch",
  "tool",
] as const;
export type ToolSubject = (typeof toolSubjects)[number];

/** One thing found in a use. */
export interface ToolFinding {
  readonly subject: ToolSubject;
  /** What a rule's pattern is compared with: a path, a host, a command line, a tool's name. */
  readonly about: string;
}

export type ToolAnswer = "allow" | "ask" | "deny";

export interface ToolDecision {
  readonly answer: ToolAnswer;
  /** The rule that decided, as a person would write it; `default` when nothing was found. */
  readonly rule: string;
  /** What it was about; for people. */
  readonly about: string;
  /** Everything in it that is asked about, as rules that would allow it. */
  readonly asks: readonly string[];
}
