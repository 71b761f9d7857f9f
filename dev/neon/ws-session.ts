import type { WebSocket } from "ws";
import type { Backend } from "./backend.ts";
import type { Login } from "./http-sql.ts";
import { concatenated } from "./wire.ts";

const SSL_REQUEST = 80877103;

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const message = (type: string, body: Buffer): Buffer => Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
const status = (key: string, value: string): Buffer => message("S", Buffer.from(`${key}\0${value}\0`));

const GREETING = Buffer.concat([
  message("R", int32(0)),
  status("server_version", "17.0"),
  status("client_encoding", "UTF8"),
  status("DateStyle", "ISO, MDY"),
  status("standard_conforming_strings", "on"),
  status("integer_datetimes", "on"),
  message("K", Buffer.concat([int32(1), int32(1)])),
  message("Z", Buffer.from("I")),
]);
const WRONG_PASSWORD = message("E", Buffer.from("SFATAL\0C28P01\0Mpassword authentication failed\0\0"));

/**
 * One connection of `Pool` or `Client`: the Postgres protocol in binary frames (https://www.postgresql.org/docs/current/protocol.html).
 * It holds the backend from its first message until Postgres is idle again.
 */
export class WsSession {
  readonly #socket: WebSocket;
  readonly #backend: Backend;
  readonly #login: Login;
  #unread: Buffer = Buffer.alloc(0);
  #stage: "startup" | "password" | "open" = "startup";
  #batch: Buffer[] = [];
  #release: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(socket: WebSocket, backend: Backend, login: Login) {
    this.#socket = socket;
    this.#backend = backend;
    this.#login = login;
    socket.on("message", (data: Buffer) => {
      this.#work = this.#work.then(() => this.#read(Buffer.from(data))).catch(() => socket.close());
    });
    socket.on("close", () => {
      this.#work = this.#work.then(() => this.#leave());
    });
  }

  async #leave(): Promise<void> {
    if (!this.#release) return;
    await this.#backend.rollback();
    this.#release();
    this.#release = undefined;
  }

  async #read(data: Buffer): Promise<void> {
    this.#unread = Buffer.concat([this.#unread, data]);
    for (let next = this.#nextMessage(); next !== undefined; next = this.#nextMessage()) await this.#take(next);
  }

  #nextMessage(): Buffer | undefined {
    const header = this.#stage === "startup" ? 0 : 1;
    if (this.#unread.length < header + 4) return undefined;
    const length = this.#unread.readInt32BE(header) + header;
    if (this.#unread.length < length) return undefined;
    const taken = this.#unread.subarray(0, length);
    this.#unread = this.#unread.subarray(length);
    return taken;
  }

  async #take(taken: Buffer): Promise<void> {
    if (this.#stage === "startup") {
      if (taken.readInt32BE(4) === SSL_REQUEST) return void this.#socket.send(Buffer.from("N"));
      this.#stage = "password";
      this.#socket.send(message("R", int32(3))); // cleartext: the driver sends the password along at once
      return;
    }
    const type = String.fromCharCode(taken[0] ?? 0);
    if (this.#stage === "password") return this.#logIn(type, taken);
    if (type === "X") return this.#socket.close();
    if (type === "Q" || type === "P") this.#backend.countStatement(sqlOf(type, taken));
    this.#batch.push(Buffer.from(taken));
    if (type === "S" || type === "Q" || type === "H") await this.#flush();
  }

  #logIn(type: string, taken: Buffer): void {
    if (type !== "p") throw new Error("expected a password message");
    if (taken.subarray(5, taken.length - 1).toString() !== this.#login.password) {
      this.#socket.send(WRONG_PASSWORD);
      return this.#socket.close();
    }
    this.#stage = "open";
    this.#socket.send(GREETING);
  }

  async #flush(): Promise<void> {
    this.#backend.counts.requests += 1;
    this.#release ??= await this.#backend.turn();
    const answer = await this.#backend.db.execProtocolRaw(concatenated(this.#batch), { syncToFs: false });
    this.#batch = [];
    if (answer.byteLength > 0) this.#socket.send(answer);
    const ready = answer.subarray(-6); // ReadyForQuery says whether a transaction is still open
    if (String.fromCharCode(ready[0] ?? 0) === "Z" && String.fromCharCode(ready[5] ?? 0) === "I") {
      this.#release();
      this.#release = undefined;
    }
  }
}

function sqlOf(type: "Q" | "P", taken: Buffer): string {
  const start = type === "Q" ? 5 : taken.indexOf(0, 5) + 1; // Parse begins with the statement's name
  return taken.subarray(start, taken.indexOf(0, start)).toString();
}
