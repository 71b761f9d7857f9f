/** One request for a completion, as a script sees it. */
export interface CompletionRequest {
  model: string;
  /** The name in `response_format.json_schema`; undefined for plain text. */
  schemaName: string | undefined;
  schema: unknown;
  messages: readonly { role: string; text: string }[];
  /** All messages' text, in order. */
  allText: string;
}

export interface ToolResult {
  toolUseId: string;
  text: string;
  isError: boolean;
}

/** A prompt and what the agent's tools gave since then. */
export interface Exchange {
  prompt: string;
  results: readonly ToolResult[];
}

/** A coding agent's conversation as told by one request; nothing is remembered between requests. */
export interface AgentConversation {
  /** The user's texts in order, without reminders the agent adds. */
  prompts: readonly string[];
  lastPrompt: string;
  toolResultsSincePrompt: readonly ToolResult[];
  exchanges: readonly Exchange[];
  /** Everything in the conversation including reminders, without the system prompt. */
  allText: string;
  toolNames: readonly string[];
  /** The agent says it is in plan mode. */
  planMode: boolean;
}

export interface ToolCall {
  name: string;
  input: Record<string, unknown>;
}

/** What the model says next; without tools the agent's turn ends. */
export interface AgentTurn {
  text?: string;
  tools?: readonly ToolCall[];
}

/** What a scripted model answers. Both are pure: the same request gets the same answer. */
export interface ModelScript {
  /** An object is sent as JSON, a string as it is. */
  completion(request: CompletionRequest): unknown;
  turn(conversation: AgentConversation): AgentTurn;
}
