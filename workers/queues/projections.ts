import type { ProjectKey } from "../../core/ids.ts";
import { cursorOf, projectPage } from "../../drizzle/project-page.ts";
import type { Database } from "../../drizzle/database.ts";
import { now } from "../../platform/clock.ts";
import { errorText, log } from "../../platform/log.ts";
import type { ProjectionMessage } from "../../platform/queue-messages.ts";
import { countWorker } from "../../platform/worker-counts.ts";
import { orchestrator, sessionFeed } from "../../durable-objects/remote.ts";
import { AskedLately } from "./asked-lately.ts";

const pageSize = 500;
/** Pages per message; what is left is poked on, so that one long journal does not keep the others waiting. */
const mostPages = 20;
const redeliverySeconds = 15;
const askedLately = new AskedLately();

/** Brings the read model up to each named project's journal, by cursor. With the database away the journal waits. */
export async function consumeProjections(batch: MessageBatch<ProjectionMessage>, env: Env, db: Database): Promise<void> {
  const byProject = Map.groupBy(batch.messages, (message) => message.body.project);
  await Promise.all([...byProject].map(([project, messages]) => follow(project, messages, env, db)));
}

/** Has the read model follow this project's journal. */
export async function pokeProjection(env: Env, project: ProjectKey, delaySeconds = 0): Promise<void> {
  countWorker("queueMessages");
  await env.PROJECTIONS.send({ project } satisfies ProjectionMessage, { delaySeconds });
}

async function follow(project: ProjectKey, messages: readonly Message<ProjectionMessage>[], env: Env, db: Database): Promise<void> {
  try {
    if (!(await caughtUp(project, env, db))) await pokeProjection(env, project);
    for (const message of messages) message.ack();
  } catch (error) {
    log("warn", "journal not projected; tried again", { project, error: errorText(error) });
    for (const message of messages) message.retry({ delaySeconds: redeliverySeconds });
  }
}

async function caughtUp(project: ProjectKey, env: Env, db: Database): Promise<boolean> {
  const owner = orchestrator(env, project);
  let cursor = await cursorOf(db, project);
  for (let pages = 0; pages < mostPages; pages += 1) {
    const page = await owner.journalSince(cursor, pageSize);
    const projected = await projectPage(db, page, (session, hasEnded) => writtenBy(session, hasEnded, env));
    for (const { seq, type, reason } of projected.refused)
      log("warn", "event put aside", { project, reason: `${seq} ${type}: ${reason}`.slice(0, 300) });
    cursor = projected.upTo;
    if (projected.applied && !page.more) {
      await owner.projected(cursor);
      return true;
    }
  }
  await owner.projected(cursor);
  return false;
}

/** A feed that does not answer holds nothing up: it is asked again with the session's next change. */
async function writtenBy(session: string, hasEnded: boolean, env: Env): Promise<number | null> {
  if (!askedLately.takes(session, hasEnded, now())) return null;
  try {
    return (await sessionFeed(env, session).state()).end;
  } catch (error) {
    askedLately.forget(session);
    log("warn", "a session's feed did not say how much it has", { session, reason: "feed-away", error: errorText(error) });
    return null;
  }
}
