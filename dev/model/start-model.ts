import { type Call, createStandInApp, listen, StandInControl } from "../stand-in/stand-in.ts";
import { answerCompletion, hasBearerKey, refuseCompletion } from "./completions-api.ts";
import { demoScript } from "./demo-script.ts";
import { answerCountTokens, answerMessages } from "./messages-api.ts";
import type { ModelScript } from "./model-script.ts";

export interface ModelOptions {
  port?: number;
  /** The demonstration's script when left out. */
  script?: ModelScript;
}

export interface Model {
  /** For `ANTHROPIC_BASE_URL`. */
  url: string;
  /** For `LLM_BASE_URL`: `<url>/v1`. */
  openaiBaseUrl: string;
  port: number;
  /** Every request but health checks, without any prompt's text. */
  readonly calls: readonly Call[];
  setDown(down: boolean): void;
  close(): Promise<void>;
}

const MODELS = ["demo-model", "claude-opus-5-5"];

/**
 * A scripted model behind two protocols: OpenAI's chat completions for the built-in agents, Anthropic's Messages for Claude Code.
 * Any key is taken, none is refused. `GET /__calls` tells counts and schema names; `POST /__faults` makes it fail.
 */
export async function startModel(options: ModelOptions = {}): Promise<Model> {
  const script = options.script ?? demoScript;
  const control = new StandInControl();
  const app = createStandInApp(control);
  app.get("/", (c) => c.text("ok"));
  app.get("/v1/models", (c) => {
    if (!hasBearerKey(c) && !c.req.header("x-api-key"))
      return refuseCompletion(c, 401, "invalid_api_key", "You didn't provide an API key.");
    return c.json({ object: "list", data: MODELS.map((id) => ({ id, object: "model", created: 0, owned_by: "demo" })) });
  });
  app.post("/v1/chat/completions", (c) => answerCompletion(c, script));
  app.post("/v1/messages/count_tokens", (c) => answerCountTokens(c));
  app.post("/v1/messages", (c) => answerMessages(c, script));
  app.notFound((c) => c.json({ type: "error", error: { type: "not_found_error", message: "Not found" } }, 404));

  const listening = await listen(app, options.port);
  return {
    url: listening.url,
    openaiBaseUrl: `${listening.url}/v1`,
    port: listening.port,
    calls: control.calls,
    setDown: (down) => control.setDown(down),
    close: listening.close,
  };
}
