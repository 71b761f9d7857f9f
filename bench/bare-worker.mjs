import { DurableObject } from "cloudflare:workers";

/**
 * What the platform itself can do, without us: the least a Worker must do with a webhook, and the least a Durable Object must write for a
 * task (a row when it is submitted, the row again when it is done). Bundled and run by bench-mesh.ts.
 */
export default {
  async fetch(request, env) {
    const [, first, second] = new URL(request.url).pathname.split("/");
    if (first === "ingest") return ingest(request, env);
    const object = env.BARE.getByName(first);
    if (second === "socket") return object.fetch(request);
    const body = await request.json();
    return Response.json(second === "tasks" ? await object.submit(body) : await object.complete(body));
  },
};

const encoder = new TextEncoder();
let key;

/** Checks the signature over the raw body and sends the body on. */
async function ingest(request, env) {
  key ??= await crypto.subtle.importKey("raw", encoder.encode(env.SECRET), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const body = await request.arrayBuffer();
  const signature = Uint8Array.fromHex((request.headers.get("x-hub-signature-256") ?? "").slice("sha256=".length));
  if (!(await crypto.subtle.verify("HMAC", key, signature, body))) return new Response(null, { status: 401 });
  await env.INBOUND.send(new TextDecoder().decode(body));
  return Response.json({ status: "accepted" }, { status: 202 });
}

/** Tasks in one table. The object named `plain` commits each call by itself, the others what arrived together. */
export class BareObject extends DurableObject {
  #waiting = [];

  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS tasks (id INTEGER PRIMARY KEY, payload TEXT, done INTEGER NOT NULL)");
  }

  submit(payloads) {
    return this.#commit(() => this.#insert(payloads));
  }

  complete(ids) {
    return this.#commit(() => this.#done(ids));
  }

  /** The worker's socket: it is told of each task, and says when it is done. */
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, message) {
    const ids = JSON.parse(message);
    await this.complete(ids);
    socket.send(JSON.stringify({ acknowledged: ids }));
  }

  #insert(payloads) {
    const rows = this.ctx.storage.sql
      .exec(
        "INSERT INTO tasks (payload, done) SELECT value, 0 FROM json_each(?) RETURNING id, payload",
        JSON.stringify(payloads.map((payload) => JSON.stringify(payload))),
      )
      .toArray();
    const [socket] = this.ctx.getWebSockets();
    socket?.send(JSON.stringify({ assigned: rows }));
    return rows.map(({ id }) => id);
  }

  #done(ids) {
    this.ctx.storage.sql.exec("UPDATE tasks SET done = 1 WHERE id IN (SELECT value FROM json_each(?))", JSON.stringify(ids));
    return ids;
  }

  #commit(work) {
    if (this.ctx.id.name === "plain") return this.ctx.storage.transactionSync(work);
    return new Promise((resolve) => {
      this.#waiting.push({ work, resolve });
      if (this.#waiting.length === 1) setTimeout(() => this.#together(), 0);
    });
  }

  #together() {
    const group = this.#waiting;
    this.#waiting = [];
    const results = this.ctx.storage.transactionSync(() => group.map(({ work }) => work()));
    for (const [index, { resolve }] of group.entries()) resolve(results[index]);
  }
}
