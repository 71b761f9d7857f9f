import worker from "../workers/index.ts";
import * as classes from "../workers/index.ts";

/**
 * Our Worker with everything counted that the platform bills: calls of Durable Objects, alarms, incoming socket messages, rows written and
 * read, queue messages. `GET /counts` answers the sums since the last time it was asked.
 */
const zero = () => ({ workerRequests: 0, objectRequests: 0, socketMessages: 0, rowsWritten: 0, rowsRead: 0, queueMessages: 0 });
let counts = zero();

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/counts") {
      const told = counts;
      counts = zero();
      return Response.json(told);
    }
    counts.workerRequests += 1;
    return worker.fetch(request, counted(env), ctx);
  },
  queue: (batch, env, ctx) => worker.queue(batch, counted(env), ctx),
};

export class ProjectOrchestrator extends withCounts(classes.ProjectOrchestrator) {}
export class AgentPool extends withCounts(classes.AgentPool) {}
export class AgentMailbox extends withCounts(classes.AgentMailbox) {}
export class LiveFeed extends withCounts(classes.LiveFeed) {}
export class Settings extends withCounts(classes.Settings) {}

function withCounts(Class) {
  return class extends Class {
    constructor(ctx, env) {
      super(through(ctx, { storage: countedStorage(ctx.storage) }), counted(env));
    }
    alarm(info) {
      counts.objectRequests += 1;
      return super.alarm?.(info);
    }
    webSocketMessage(socket, message) {
      counts.socketMessages += 1;
      return super.webSocketMessage?.(socket, message);
    }
  };
}

const known = new WeakMap();

/** The bindings, with calls and messages counted where they are made. */
function counted(env) {
  const before = known.get(env);
  if (before) return before;
  const own = {};
  for (const [name, binding] of Object.entries(env)) {
    if (typeof binding?.getByName === "function") own[name] = through(binding, { getByName: (...args) => countedStub(binding.getByName(...args)) });
    if (typeof binding?.sendBatch === "function") own[name] = through(binding, { send: sending(binding, "send", () => 1), sendBatch: sending(binding, "sendBatch", (all) => [...all].length) });
  }
  const made = through(env, own);
  known.set(env, made);
  return made;
}

function sending(queue, method, size) {
  return (messages, options) => {
    counts.queueMessages += size(messages);
    return queue[method](messages, options);
  };
}

function countedStub(stub) {
  return new Proxy(stub, {
    get(target, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...args) => {
        counts.objectRequests += 1;
        return target[name](...args);
      };
    },
  });
}

function countedStorage(storage) {
  const write = (method) => (...args) => {
    counts.rowsWritten += 1;
    return storage[method](...args);
  };
  return through(storage, { sql: through(storage.sql, { exec: (...args) => countedCursor(storage.sql.exec(...args)) }), setAlarm: write("setAlarm"), put: write("put"), delete: write("delete") });
}

/** A cursor's rows are known when it has been read, and every writing statement of ours is. */
function countedCursor(cursor) {
  let [written, read] = [0, 0];
  const note = () => {
    counts.rowsWritten += cursor.rowsWritten - written;
    counts.rowsRead += cursor.rowsRead - read;
    [written, read] = [cursor.rowsWritten, cursor.rowsRead];
  };
  note();
  const noting = (method) => (...args) => {
    const answer = cursor[method](...args);
    note();
    return answer;
  };
  return through(cursor, {
    toArray: noting("toArray"),
    one: noting("one"),
    next: noting("next"),
    *[Symbol.iterator]() {
      yield* cursor;
      note();
    },
  });
}

/** An object seen through some replaced members. */
function through(target, replaced) {
  return new Proxy(target, {
    get(object, name) {
      if (Object.hasOwn(replaced, name)) return replaced[name];
      const value = Reflect.get(object, name, object);
      return typeof value === "function" ? value.bind(object) : value;
    },
  });
}
