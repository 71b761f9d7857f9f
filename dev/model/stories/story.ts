import type { AgentConversation, Exchange, ToolCall, ToolResult } from "../model-script.ts";

/** Where in the conversation a story is told from. */
export interface Scene {
  conversation: AgentConversation;
  /** The exchanges that began with a prompt of the mesh for this run, oldest first. */
  own: readonly { step: string; body: string; exchange: Exchange }[];
  /** What came after the first line of the current prompt. */
  body: string;
  /** What the tools gave since that prompt; nudges in between do not count as prompts. */
  results: readonly ToolResult[];
}

/** One tool call after another, then the closing words. */
export interface Act {
  steps: readonly ToolCall[];
  say: string;
}

/** What the agent does in each step of one issue. */
export interface Story {
  plan(scene: Scene): Act;
  implement(scene: Scene): Act;
  rework(scene: Scene): Act;
  answer(scene: Scene): Act;
}

export const bash = (command: string, description: string): ToolCall => ({ name: "Bash", input: { command, description } });
export const read = (path: string): ToolCall => ({ name: "Read", input: { file_path: path } });
export const write = (path: string, content: string): ToolCall => ({ name: "Write", input: { file_path: path, content } });
export const edit = (path: string, from: string, to: string): ToolCall => ({
  name: "Edit",
  input: { file_path: path, old_string: from, new_string: to },
});

export const ask = (question: string, header: string, options: readonly { label: string; description: string }[]): ToolCall => ({
  name: "AskUserQuestion",
  input: { questions: [{ question, header, multiSelect: false, options }] },
});

export const runTests = (files = ""): ToolCall => bash(`node --test ${files}`.trim(), "Run the tests");

/** Commits everything; commits nothing when an earlier try of the same step already did. */
export const commit = (message: string): ToolCall =>
  bash(`git add -A && (git diff --cached --quiet || git commit --quiet -m "${message}") && git log -1 --format=%s`, "Commit the work");

/** Only words, no tools. */
export const words = (say: string): Act => ({ steps: [], say });

/** What a session does with a rework prompt that no story knows: merge the base when that is asked, and see the tests. */
export function generalRework(scene: Scene): Act {
  if (/\b(conflict|merge the base|base moved)\b/i.test(scene.body)) {
    return {
      steps: [
        bash("git merge --abort 2>/dev/null; git merge --no-edit origin/main || git merge --no-edit main", "Merge the base branch"),
        runTests(),
      ],
      say: "The base branch is merged and the tests pass.",
    };
  }
  return { steps: [runTests()], say: "I went through the feedback; the tests pass as the branch stands." };
}

/** True when the feedback asks for a new plan rather than for work: plan mode, or its first paragraph speaks of the plan. */
export const asksForPlan = (scene: Scene): boolean => scene.conversation.planMode || /\bplan\b/i.test(scene.body.split(/\n\s*\n/)[0] ?? "");
