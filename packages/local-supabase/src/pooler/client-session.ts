// One client of the pooler: its login, and its transactions, each over a server connection that is borrowed for it.
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { ConnectionPool } from "./connection-pool.ts";
import { FrameScanner } from "./frame-scanner.ts";
import {
  CANCEL_REQUEST,
  fatalError,
  GSS_REQUEST,
  int32,
  message,
  readParameters,
  SSL_REQUEST,
} from "./messages.ts";
import { LoginRefused, type ServerConnection } from "./server-connection.ts";

export type Directory = {
  /** The pool of a login. */
  poolOf(parameters: Map<string, string>, password: string): ConnectionPool;
  loginRefused(pool: ConnectionPool): void;
  /** Cancels what the client with this key does. */
  cancel(key: string): void;
};

const CLEARTEXT_PASSWORD = 3;
/** A startup message is a few hundred bytes. */
const LONGEST_STARTUP = 10_000;

export class ClientSession {
  /** By this the client asks to cancel. */
  readonly key = randomBytes(8);
  private phase: "startup" | "password" | "working" | "ended" = "startup";
  private opened: Buffer = Buffer.alloc(0);
  private parameters = new Map<string, string>();
  private pool: ConnectionPool | undefined;
  private server: ServerConnection | undefined;
  private readonly scanner = new FrameScanner();

  constructor(
    private readonly socket: Socket,
    private readonly directory: Directory,
  ) {
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => this.end());
    socket.on("data", (chunk: Buffer) => void this.hear(chunk));
  }

  /** Cancels what this client's transaction does. */
  cancel(): void {
    this.server?.cancel();
  }

  private async hear(chunk: Buffer): Promise<void> {
    if (this.phase === "working") return this.passOn(chunk);
    this.opened = Buffer.concat([this.opened, chunk]);
    if (this.phase === "startup") this.readStartup();
    else if (this.phase === "password") await this.readPassword();
  }

  private readStartup(): void {
    if (this.opened.length < 8) return;
    const length = this.opened.readInt32BE(0);
    if (length < 8 || length > LONGEST_STARTUP) {
      this.refuse("08P01", "invalid length of startup packet");
      return;
    }
    if (this.opened.length < length) return;
    const version = this.opened.readInt32BE(4);
    const body = this.opened.subarray(8, length);
    this.opened = this.opened.subarray(length);
    if (version === SSL_REQUEST || version === GSS_REQUEST) {
      this.socket.write("N");
      this.readStartup();
      return;
    }
    if (version === CANCEL_REQUEST) {
      this.directory.cancel(body.toString("hex"));
      this.socket.end();
      return;
    }
    this.parameters = readParameters(body);
    this.phase = "password";
    this.socket.write(message("R", int32(CLEARTEXT_PASSWORD)));
  }

  /** The database judges the password, unless a connection with the same one is at hand. */
  private async readPassword(): Promise<void> {
    if (this.opened.length < 5 || this.opened.length < this.opened.readInt32BE(1) + 1) return;
    const password = this.opened.subarray(5, this.opened.readInt32BE(1)).toString();
    this.opened = Buffer.alloc(0);
    this.socket.pause();
    const pool = this.directory.poolOf(this.parameters, password);
    const server = await this.borrow(pool);
    if (!server) return;
    const { greeting } = server;
    pool.giveBack(server);
    this.pool = pool;
    this.phase = "working";
    this.socket.write(Buffer.concat([message("R", int32(0)), greeting, message("K", this.key)]));
    this.socket.write(message("Z", Buffer.from("I")));
    this.socket.resume();
  }

  private async passOn(chunk: Buffer): Promise<void> {
    const types: string[] = [];
    let hasLeft = false;
    const taken = this.scanner.scan(chunk, ({ type }) => {
      hasLeft = type === "X";
      if (!hasLeft) types.push(type);
      return !hasLeft;
    });
    if (taken > 0 && !(await this.send(chunk.subarray(0, taken), types))) return;
    if (hasLeft) this.socket.end();
  }

  /** @returns false if there is no connection to send it over */
  private async send(chunk: Buffer, types: string[]): Promise<boolean> {
    if (!this.server && this.pool) {
      this.socket.pause();
      const server = await this.borrow(this.pool);
      if (!server) return false;
      this.server = server;
      server.client = {
        receive: (answer) => this.receive(answer),
        serverIsFree: () => this.giveBack(),
        serverEnded: () => this.socket.end(),
      };
      this.socket.resume();
    }
    const { server } = this;
    if (!server) return false;
    if (!server.send(chunk, types)) {
      this.socket.pause();
      server.socket.once("drain", () => this.socket.resume());
    }
    return true;
  }

  private receive(answer: Buffer): void {
    const { server } = this;
    if (this.socket.write(answer) || !server) return;
    server.socket.pause();
    this.socket.once("drain", () => server.socket.resume());
  }

  private async borrow(pool: ConnectionPool): Promise<ServerConnection | undefined> {
    try {
      const server = await pool.take();
      if (this.phase !== "ended") return server;
      pool.giveBack(server);
    } catch (error) {
      if (error instanceof LoginRefused) {
        this.directory.loginRefused(pool);
        this.socket.end(error.answer);
      } else this.refuse("08006", `the pooler can't reach the database: ${(error as Error).message}`);
    }
    return undefined;
  }

  private giveBack(): void {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    // It may have waited for this client to read.
    server.socket.resume();
    this.pool?.giveBack(server);
  }

  private refuse(code: string, text: string): void {
    this.socket.end(fatalError(code, text));
  }

  /** A transaction that its client left is rolled back. */
  private end(): void {
    this.phase = "ended";
    this.server?.destroy();
    this.giveBack();
  }
}
