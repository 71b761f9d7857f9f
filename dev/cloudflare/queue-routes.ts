import type { Hono } from "hono";
import * as z from "zod";
import type { StandInEnv } from "../stand-in/stand-in.ts";
import { answer, answerPage, Refusal } from "./refusal.ts";
import { hexId, type Account, type Queue } from "./state.ts";

const name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const consumerBody = z.looseObject({
  type: z.string().default("worker"),
  script_name: z.string(),
  dead_letter_queue: z.string().nullish(),
  settings: z.record(z.string(), z.unknown()).default({}),
});

/** Queues and their consumers: https://developers.cloudflare.com/api/resources/queues/ */
export function addQueueRoutes(app: Hono<StandInEnv>, accountOf: (id: string) => Account): void {
  const base = "/client/v4/accounts/:account/queues";
  app.get(base, (c) => {
    const wanted = c.req.queries("name");
    const all = [...accountOf(c.req.param("account")).queues.values()];
    return answerPage(c, all.filter(({ queue_name: each }) => !wanted || wanted.includes(each)).map(rendered));
  });
  app.post(base, async (c) => {
    const account = accountOf(c.req.param("account"));
    const parsed = z.object({ queue_name: name }).safeParse(await c.req.json());
    if (!parsed.success) throw new Refusal(400, 11003, "queue name is invalid");
    const { queue_name } = parsed.data;
    if (account.queues.has(queue_name))
      throw new Refusal(409, 11009, `Queue name '${queue_name}' is already taken. Please use a different name and try again.`);
    const queue: Queue = { queue_id: hexId(), queue_name, consumers: [] };
    account.queues.set(queue_name, queue);
    return answer(c, rendered(queue));
  });
  app.get(`${base}/:queue`, (c) => answer(c, rendered(queueOf(accountOf(c.req.param("account")), c.req.param("queue")))));
  app.post(`${base}/:queue/consumers`, async (c) => {
    const account = accountOf(c.req.param("account"));
    const queue = queueOf(account, c.req.param("queue"));
    const body = consumerBody.parse(await c.req.json());
    check(account, body);
    if (queue.consumers.length > 0) throw new Refusal(409, 11004, "workers.api.error.consumer_exists");
    const consumer = {
      consumer_id: hexId(),
      type: body.type,
      script: body.script_name,
      settings: definedOf(body.settings),
      ...deadLetters(body),
    };
    queue.consumers.push(consumer);
    return answer(c, consumer);
  });
  app.put(`${base}/:queue/consumers/:consumer`, async (c) => {
    const account = accountOf(c.req.param("account"));
    const consumer = queueOf(account, c.req.param("queue")).consumers.find(({ consumer_id: id }) => id === c.req.param("consumer"));
    if (!consumer) throw new Refusal(404, 11002, "consumer not found");
    const body = consumerBody.parse(await c.req.json());
    check(account, body);
    delete consumer.dead_letter_queue;
    Object.assign(consumer, { settings: definedOf(body.settings), ...deadLetters(body) });
    return answer(c, consumer);
  });
}

type ConsumerBody = z.infer<typeof consumerBody>;

/** A consumer's Worker and the queue for its dead letters must be there. */
function check(account: Account, body: ConsumerBody): void {
  if (!account.scripts.has(body.script_name)) throw new Refusal(404, 10007, "workers.api.error.script_not_found");
  if (body.dead_letter_queue && !account.queues.has(body.dead_letter_queue))
    throw new Refusal(400, 11000, `Queue '${body.dead_letter_queue}' not found`);
}

function deadLetters({ dead_letter_queue: queue }: ConsumerBody): { dead_letter_queue?: string } {
  return queue ? { dead_letter_queue: queue } : {};
}

/** What is left out is Cloudflare's default: https://developers.cloudflare.com/queues/configuration/configure-queues/ */
function definedOf(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== undefined));
  return { batch_size: 10, max_retries: 3, max_wait_time_ms: 5_000, ...given };
}

function queueOf(account: Account, id: string): Queue {
  const found = [...account.queues.values()].find(({ queue_id: each }) => each === id);
  if (!found) throw new Refusal(404, 11000, "Queue not found");
  return found;
}

function rendered(queue: Queue): object {
  return { ...queue, consumers_total_count: queue.consumers.length, producers: [], producers_total_count: 0 };
}
