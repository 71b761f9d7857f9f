import worker from "../workers/index.ts";
import * as classes from "../workers/index.ts";

/**
 * Our Worker with everything counted that the platform bills: calls of Durable Objects, alarms, incoming socket messages, rows written and
 * read, queue messages. `GET /counts` answers the sums since the last time it was asked.
 */
const zero = () => ({ workerRequests: 0, objectRequests: 0, socketMessages: 0, rowsWritten: 0, rowsRead: 0, queueMessages: 0 });
let counts = zero();
let cursors = [];

export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/counts") {
      const told = counts;
      for (const { rowsWritten, rowsRead } of cursors) {
        told.rowsWritten += rowsWritten;
        told.rowsRead += rowsRead;
      }
      counts = zero();
      cursors = [];
      return Response.json(told);
    }
    countCalls(env);
    counts.workerRequests += 1;
    return worker.fetch(request, env, ctx);
  },
  queue(batch, env, ctx) {
    countCalls(env);
    return worker.queue(batch, env, ctx);
  },
};

export class ProjectOrchestrator extends withCounts(classes.ProjectOrchestrator) {}
export class AgentPool extends withCounts(classes.AgentPool) {}
export class AgentMailbox extends withCounts(classes.AgentMailbox) {}
export class LiveFeed extends withCounts(classes.LiveFeed) {}
export class SessionFeed extends withCounts(classes.SessionFeed) {}
export class Settings extends withCounts(classes.Settings) {}

function withCounts(Class) {
  return class extends Class {
    constructor(ctx, env) {
      countCalls(env);
      countRows(ctx.storage);
      super(ctx, env);
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

const replaced = new WeakSet();

/** Puts something before a method of all objects of a class, once. */
function before(object, method, note) {
  const prototype = Object.getPrototypeOf(object);
  const key = prototype[method];
  if (replaced.has(key)) return;
  const noting = function (...args) {
    return note(key.apply(this, args), ...args);
  };
  replaced.add(noting);
  Object.defineProperty(prototype, method, { value: noting, configurable: true, writable: true });
}

/** Calls of objects and messages are counted where they are made. */
function countCalls(env) {
  for (const binding of Object.values(env)) {
    if (typeof binding?.getByName === "function") before(binding, "getByName", countedStub);
    if (typeof binding?.sendBatch !== "function") continue;
    before(binding, "send", (sent) => noted(sent, 1));
    before(binding, "sendBatch", (sent, messages) => noted(sent, [...messages].length));
  }
}

function noted(sent, messages) {
  counts.queueMessages += messages;
  return sent;
}

function countedStub(stub) {
  return new Proxy(stub, {
    get(target, name) {
      if (typeof target[name] !== "function") return target[name];
      return (...args) => {
        counts.objectRequests += 1;
        return target[name](...args);
      };
    },
  });
}

/** A cursor knows its rows when it has been read; so they are summed when they are asked for. */
function countRows(storage) {
  before(storage.sql, "exec", (cursor) => {
    cursors.push(cursor);
    return cursor;
  });
  const row = (written) => {
    counts.rowsWritten += 1;
    return written;
  };
  for (const method of ["setAlarm", "put", "delete"]) before(storage, method, row);
}
