import { composition } from "./clients.ts";
import { createWorker } from "./create-worker.ts";

export { AgentMailbox } from "../durable-objects/agent-mailbox.ts";
export { AgentPool } from "../durable-objects/agent-pool.ts";
export { LiveFeed } from "../durable-objects/live-feed.ts";
export { ProjectOrchestrator } from "../durable-objects/project-orchestrator.ts";
export { SessionFeed } from "../durable-objects/session-feed.ts";
export { Settings } from "../durable-objects/settings.ts";
export { Vault } from "../durable-objects/vault.ts";
export { OnboardingWorkflow } from "./onboarding/workflow.ts";

export default createWorker((env) => composition.createClients(env));
