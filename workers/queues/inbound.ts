import { ClientError } from "../../clients/client-error.ts";
import type { LookAt } from "../../core/inbound/github-webhook.ts";
import type { ProjectKey } from "../../core/ids.ts";
import type { ProjectInput, ProjectProfile } from "../../core/inputs.ts";
import { orchestrator } from "../../durable-objects/remote.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import type { InboundMessage } from "../../platform/queue-messages.ts";
import type { Clients } from "../clients.ts";
import { branchInput, cardInput, pullInput } from "../observe.ts";
import { followRepository } from "../projects/follow-repository.ts";
import { findProject } from "../registry.ts";

/** What a look led to, for the project it belongs to. */
interface Found {
  readonly project: ProjectKey;
  readonly inputs: readonly ProjectInput[];
}

/**
 * Asks GitHub for what each webhook pointed at, as it is now, and gives every project its findings in one call. The same thing named by
 * several webhooks of a batch is read once. A webhook that cannot be followed neither holds up nor spoils the others.
 */
export async function consumeInbound(batch: MessageBatch<InboundMessage>, env: Env, clients: Clients): Promise<void> {
  const readings = new Map<string, Promise<Found[]>>();
  const followed = await Promise.all(batch.messages.map((message) => follow(message, env, clients, readings)));
  const found = followed.flatMap((each) => (each ? [each] : []));
  const byProject = Map.groupBy(new Set(found.flatMap((each) => each.found)), (each) => each.project);
  const committed = new Set<ProjectKey>();
  await Promise.all(
    [...byProject].map(async ([project, parts]) => {
      try {
        await orchestrator(env, project).applyAll(parts.flatMap((part) => part.inputs));
        committed.add(project);
      } catch (error) {
        log("warn", "observations not applied; delivered again", { project, error: errorText(error) });
      }
    }),
  );
  for (const { message, found: parts } of found) {
    if (parts.every((part) => committed.has(part.project))) message.ack();
    else message.retry({ delaySeconds: 5 });
  }
}

async function follow(
  message: Message<InboundMessage>,
  env: Env,
  clients: Clients,
  readings: Map<string, Promise<Found[]>>,
): Promise<{ message: Message<InboundMessage>; found: Found[] } | undefined> {
  const { reading, delivery } = message.body;
  try {
    const profile = await projectOfReading(env, reading);
    if (!profile) {
      log("debug", "webhook of no registered project", { delivery, reason: "unknown-project" });
      message.ack();
      return undefined;
    }
    const found = await Promise.all(
      reading.look.map((look) => {
        const name = `${profile.key} ${JSON.stringify(look)}`;
        const known = readings.get(name) ?? lookAt(look, profile, env, clients);
        readings.set(name, known);
        return known;
      }),
    );
    return { message, found: found.flat() };
  } catch (error) {
    settleFailure(message, error);
    return undefined;
  }
}

/** A wrong token, or a permission taken away, is mended by a person. */
const untilMendedSeconds = 600;

/** What may pass is delivered again; what will not is left to the next poll of the board, comments aside, which no poll brings. */
function settleFailure(message: Message<InboundMessage>, error: unknown): void {
  const { delivery, reading } = message.body;
  const known = error instanceof ClientError ? error : undefined;
  log("warn", "webhook not followed", { delivery, reason: known?.code ?? "internal", error: errorText(error) });
  if (known && !known.retryable) {
    if (reading.look.some(({ type }) => type === "comment")) return message.retry({ delaySeconds: untilMendedSeconds });
    return message.ack();
  }
  const waitMs = known?.retryAt === undefined ? 10_000 : Math.max(1_000, known.retryAt - now());
  message.retry({ delaySeconds: Math.min(43_200, Math.ceil(waitMs / 1_000)) });
}

function projectOfReading(env: Env, reading: InboundMessage["reading"]): Promise<ProjectProfile | undefined> {
  const { repositoryNodeId, boardId } = reading;
  if (repositoryNodeId !== undefined) return findProject(env, (profile) => profile.key === repositoryNodeId);
  return findProject(env, (profile) => profile.board !== null && (boardId === undefined || profile.board.id === boardId));
}

async function lookAt(look: LookAt, profile: ProjectProfile, env: Env, clients: Clients): Promise<Found[]> {
  const { github } = clients;
  const here = (...inputs: (ProjectInput | undefined)[]): Found[] => [
    { project: profile.key, inputs: inputs.filter((input) => input !== undefined) },
  ];
  switch (look.type) {
    case "card": {
      if (profile.board === null) return [];
      if ("issue" in look) return here(cardInput(await github.observeCard(profile, look.issue)));
      const reading = await github.observeCardByContentNode(profile, look.contentNodeId);
      return reading.type === "elsewhere" ? cardElsewhere(reading.repository, reading.issue, env, clients) : here(cardInput(reading));
    }
    case "pull-request":
      return here(pullInput(await github.observePullRequest(profile, look)));
    case "repository":
      await followRepository(env, clients, profile);
      return [];
    case "branch": {
      const pull = pullInput(await github.observePullRequest(profile, look));
      return here(branchInput(await github.observeBranch(profile, look.branch)), pull);
    }
    case "comment": {
      if (look.ours) return [];
      const permission = await github.permissionOf(profile, look.author);
      const authorCanWrite = permission === "admin" || permission === "write";
      return here({ ...look, id: `comment.${look.commentId}`, at: now(), type: "comment-observed", authorCanWrite });
    }
  }
}

/** A board may hold cards of several repositories; each goes to its own project. */
async function cardElsewhere(repository: ProjectKey, issue: number, env: Env, clients: Clients): Promise<Found[]> {
  const other = await findProject(env, (profile) => profile.key === repository);
  const input = other?.board ? cardInput(await clients.github.observeCard(other, issue)) : undefined;
  return other && input ? [{ project: other.key, inputs: [input] }] : [];
}
