// The server connections of one login: lent to one client for one transaction at a time.
import { type Login, ServerConnection } from "./server-connection.ts";

/** As on the smallest hosted projects. */
const MOST = 15;
/** A connection that nobody needed for so long is closed. */
const IDLE_MS = 60_000;

export class ConnectionPool {
  private readonly free: { connection: ServerConnection; since: number }[] = [];
  private readonly all = new Set<ServerConnection>();
  private readonly waiting: { give(connection: ServerConnection): void; fail(error: unknown): void }[] = [];
  private opening = 0;
  private readonly sweep = setInterval(() => this.closeIdle(), IDLE_MS / 4).unref();

  constructor(private readonly login: Login) {}

  /** Waits in line if all connections are lent. @throws LoginRefused, or the connection's error */
  take(): Promise<ServerConnection> {
    // The one used last has its plans and caches at hand.
    for (let last = this.free.pop(); last; last = this.free.pop()) {
      if (!last.connection.isEnded) return Promise.resolve(last.connection);
      this.all.delete(last.connection);
    }
    return new Promise((give, fail) => {
      this.waiting.push({ give, fail });
      this.openForWaiting();
    });
  }

  /** Call it once for each connection taken, when its transaction has ended or it is broken. */
  giveBack(connection: ServerConnection): void {
    connection.client = undefined;
    if (connection.isEnded) {
      this.all.delete(connection);
      this.openForWaiting();
      return;
    }
    const next = this.waiting.shift();
    if (next) next.give(connection);
    else this.free.push({ connection, since: Date.now() });
  }

  get isEmpty(): boolean {
    return this.all.size === 0 && this.opening === 0 && this.waiting.length === 0;
  }

  close(): void {
    clearInterval(this.sweep);
    for (const connection of this.all) connection.destroy();
  }

  private openForWaiting(): void {
    while (this.opening < this.waiting.length && this.all.size + this.opening < MOST) {
      this.opening++;
      void this.open();
    }
  }

  private async open(): Promise<void> {
    try {
      const connection = await ServerConnection.open(this.login);
      this.opening--;
      this.all.add(connection);
      this.giveBack(connection);
    } catch (error) {
      this.opening--;
      this.waiting.shift()?.fail(error);
    }
  }

  private closeIdle(): void {
    const before = Date.now() - IDLE_MS;
    while (this.free[0] && (this.free[0].since < before || this.free[0].connection.isEnded)) {
      const { connection } = this.free.shift() as { connection: ServerConnection };
      this.all.delete(connection);
      connection.destroy();
    }
  }
}
