// One connection of the pooler to the database server.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { FrameScanner } from "./frame-scanner.ts";
import { cancelRequest, int32, message, startup } from "./messages.ts";
import { ScramLogin } from "./scram-login.ts";

export type Login = { port: number; parameters: Map<string, string>; password: string };

/** The server refused the login, in its own words. */
export class LoginRefused extends Error {
  /** @param answer the server's ErrorResponse, to be passed on as it is */
  constructor(readonly answer: Buffer) {
    super("the database refused the login");
  }
}

const AUTHENTICATION = { ok: 0, cleartext: 3, sasl: 10, saslContinue: 11, saslFinal: 12 } as const;
const IDLE = "I".charCodeAt(0);
/** ReadyForQuery: type, length, status. */
const READY_LENGTH = 6;

export class ServerConnection {
  /** ParameterStatus messages of the login, for clients. */
  greeting = Buffer.alloc(0);
  /** Who gets what the server says now; nobody while the connection waits in its pool. */
  client: { receive(chunk: Buffer): void; serverIsFree(): void; serverEnded(): void } | undefined;
  isEnded = false;
  private key = Buffer.alloc(8);
  private readonly scanner = new FrameScanner();
  /** The types of the messages sent that ReadyForQuery will answer, in their order. */
  private readonly awaited: string[] = [];
  /** Whether messages were sent that belong to one which is not sent yet. */
  private isHalfSaid = false;

  private constructor(
    readonly socket: Socket,
    private readonly login: Login,
  ) {}

  /** @throws LoginRefused, or the connection's error */
  static async open(login: Login): Promise<ServerConnection> {
    const socket = connect({ host: "127.0.0.1", port: login.port, noDelay: true });
    const connection = new ServerConnection(socket, login);
    try {
      await once(socket, "connect");
      await connection.logIn();
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.on("data", (chunk: Buffer) => connection.hear(chunk));
    socket.on("error", () => {});
    socket.once("close", () => {
      connection.isEnded = true;
      connection.client?.serverEnded();
    });
    return connection;
  }

  /**
   * Passes on what a client says.
   * @param types of the messages that begin in the chunk
   * @returns false if the client should wait for the socket's `drain`
   */
  send(chunk: Buffer, types: string[]): boolean {
    for (const type of types) {
      // Query, Sync and FunctionCall: the server answers them with ReadyForQuery. Rows of a COPY belong to its Query.
      const isEnd = "QSF".includes(type);
      if (isEnd) this.awaited.push(type);
      if (!"dcf".includes(type)) this.isHalfSaid = !isEnd;
    }
    return this.socket.write(chunk);
  }

  /** Asks the server, over a connection of its own, to cancel what this one does. */
  cancel(): void {
    const socket = connect({ host: "127.0.0.1", port: this.login.port });
    socket.on("error", () => {});
    socket.end(cancelRequest(this.key));
  }

  /** Ends it in the middle of whatever it does: the server rolls back. */
  destroy(): void {
    this.isEnded = true;
    this.socket.destroy();
  }

  private hear(chunk: Buffer): void {
    let end = chunk.length;
    let isFree = false;
    this.scanner.scan(chunk, ({ type, first }, begin) => {
      // The server reads rows now, and ignores the Sync that was sent with the COPY.
      if (type === "G" && this.awaited[0] === "S") this.awaited.shift();
      if (type !== "Z") return true;
      this.awaited.shift();
      if (first === IDLE && this.awaited.length === 0 && !this.isHalfSaid && !isFree) {
        isFree = true;
        end = begin + READY_LENGTH;
      }
      return true;
    });
    // What follows is said to nobody in particular, such as the end of an idle connection. No client may take it for its own.
    this.client?.receive(chunk.subarray(0, end));
    if (isFree) this.client?.serverIsFree();
  }

  private async logIn(): Promise<void> {
    const { parameters, password } = this.login;
    const scram = new ScramLogin(password);
    const say = (bytes: Buffer) => this.socket.write(bytes);
    say(startup(parameters));
    const greeting: Buffer[] = [];
    for await (const { type, body, whole } of readMessages(this.socket)) {
      if (type === "E") throw new LoginRefused(whole);
      if (type === "S") greeting.push(whole);
      if (type === "K") this.key = Buffer.from(body);
      if (type === "Z") break;
      if (type !== "R") continue;
      const kind = body.readInt32BE(0);
      const rest = body.subarray(4);
      if (kind === AUTHENTICATION.cleartext) say(message("p", password));
      else if (kind === AUTHENTICATION.sasl) {
        const first = Buffer.from(scram.first);
        say(message("p", "SCRAM-SHA-256", int32(first.length), first));
      } else if (kind === AUTHENTICATION.saslContinue) {
        say(message("p", Buffer.from(scram.answer(rest.toString()))));
      } else if (kind !== AUTHENTICATION.ok && kind !== AUTHENTICATION.saslFinal) {
        throw new Error(`the database asks for a kind of login that the pooler does not have: ${kind}`);
      }
    }
    this.greeting = Buffer.concat(greeting);
  }
}

type Message = { type: string; body: Buffer; whole: Buffer };

/** Whole messages, as long as they are asked for; the socket stays open. @throws Error if the server ends the connection */
async function* readMessages(socket: Socket): AsyncGenerator<Message> {
  let buffer = Buffer.alloc(0);
  const chunks: Buffer[] = [];
  let wake = () => {};
  let failure: Error | undefined;
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    wake();
  };
  const onClose = () => {
    failure ??= new Error("the database ended the connection");
    wake();
  };
  const onError = (error: Error) => {
    failure = error;
  };
  socket.on("data", onData).on("close", onClose).on("error", onError);
  try {
    for (;;) {
      const length = buffer.length < 5 ? Number.POSITIVE_INFINITY : buffer.readInt32BE(1) + 1;
      if (buffer.length >= length) {
        const whole = buffer.subarray(0, length);
        buffer = buffer.subarray(length);
        yield { type: String.fromCharCode(whole[0] as number), body: whole.subarray(5), whole };
        continue;
      }
      if (chunks.length === 0 && !failure) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (chunks.length === 0) throw failure;
      buffer = Buffer.concat([buffer, ...chunks.splice(0)]);
    }
  } finally {
    socket.off("data", onData).off("close", onClose).off("error", onError);
  }
}
