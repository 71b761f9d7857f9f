import type { AgentConversation, AgentTurn, ModelScript } from "./model-script.ts";
import { completionOf } from "./stories/completions.ts";
import { notes1 } from "./stories/notes-1.ts";
import type { Act, Scene, Story } from "./stories/story.ts";
import { todoApp1 } from "./stories/todo-app-1.ts";
import { todoApp2 } from "./stories/todo-app-2.ts";
import { todoApp3 } from "./stories/todo-app-3.ts";

const stories: Readonly<Record<string, Story>> = {
  "acme/todo-app#1": todoApp1,
  "acme/todo-app#2": todoApp2,
  "acme/todo-app#3": todoApp3,
  "solo/notes#1": notes1,
};

const FIRST_LINE = /^\[mesh-six ([^\s\]]+#\d+)\.\d+ ([a-z-]+)\]/i;
/** What Claude Code says in place of a tool's result when the conversation was stopped meanwhile; such a step is done again. */
const ABANDONED = /interrupted by user|doesn't want to proceed with this tool use/i;
const STEPS = ["plan", "implement", "rework", "answer"] as const;
type Step = (typeof STEPS)[number];
const isStep = (step: string): step is Step => STEPS.some((known) => known === step);

function sceneOf(conversation: AgentConversation): { issue: string; step: Step; scene: Scene } | undefined {
  const own: { issue: string; step: Step; body: string; index: number }[] = [];
  conversation.exchanges.forEach(({ prompt }, index) => {
    const [line, issue, step] = FIRST_LINE.exec(prompt) ?? [];
    if (line !== undefined && issue !== undefined && step !== undefined && isStep(step.toLowerCase())) {
      own.push({ issue: issue.toLowerCase(), step: step.toLowerCase() as Step, body: prompt.slice(line.length).trim(), index });
    }
  });
  const current = own.at(-1);
  if (!current) return undefined;
  const exchanges = own.map(({ step, body, index }, i) => {
    const until = own[i + 1]?.index ?? conversation.exchanges.length;
    const results = conversation.exchanges.slice(index, until).flatMap((exchange) => exchange.results);
    return { step, body, exchange: { prompt: conversation.exchanges[index]?.prompt ?? "", results } };
  });
  const results = (exchanges.at(-1)?.exchange.results ?? []).filter((result) => !(result.isError && ABANDONED.test(result.text)));
  return { issue: current.issue, step: current.step, scene: { conversation, own: exchanges, body: current.body, results } };
}

/** The next step of an act: as many are done as tools have answered. */
function nextTurn(act: Act, scene: Scene): AgentTurn {
  const before = act.steps[scene.results.length - 1];
  if (before?.name === "AskUserQuestion" && scene.results.at(-1)?.isError) return { text: "I wait for the answer." };
  const next = act.steps[scene.results.length];
  return next ? { tools: [next] } : { text: act.say };
}

/**
 * The demonstration: what the coding agent does for each issue and what the built-in agents say. Prompts begin with a line
 * `[mesh-six <run> <step>]`; steps are plan, implement, rework, answer, and nudge, which only makes the current step go on.
 */
export const demoScript: ModelScript = {
  completion: completionOf,
  turn(conversation) {
    const told = sceneOf(conversation);
    const story = told && stories[told.issue];
    if (!story) return { text: "There is nothing scripted for this." };
    return nextTurn(story[told.step](told.scene), told.scene);
  },
};
