// Database connections for Kysely, each leased to one request at a time. The driver's own `reserve` is not safe when a
// connection is lost while reserved (postgres.js 3.4.9 then writes to a socket that is gone, which ends the process).
import type postgres from "postgres";

type Sql = postgres.Sql;
type Parameters = (string | number | boolean | null)[];
type Rows = Promise<unknown[] & { command: string; count: number }>;

/** What Kysely's dialect for postgres.js asks of a reserved connection. */
export type Lease = { unsafe(text: string, parameters?: Parameters): Rows; release(): void };

// After one of these nothing more may be sent: Postgres ends the session, or it has ended already.
const isFatal = (error: unknown): boolean => {
  const { code, severity } = (error ?? {}) as { code?: string; severity?: string };
  return severity === "FATAL" || severity === "PANIC" || /^(CONNECTION_|CONNECT_|E[A-Z]+$)/.test(code ?? "");
};

const lostError = () =>
  Object.assign(new Error("the database connection was lost"), { code: "CONNECTION_CLOSED" });

/** One connection, for as long as it lasts. */
class Connection {
  isLost = false;
  private readonly sql: Sql;
  private readonly abandon = new Set<(error: Error) => void>();

  constructor(open: (onclose: () => void) => Sql) {
    this.sql = open(() => this.lose());
  }

  async send(text: string, parameters: Parameters): Rows {
    if (this.isLost) throw lostError();
    let abandon: (error: Error) => void = () => {};
    const lost = new Promise<never>((_, reject) => {
      abandon = reject;
      this.abandon.add(reject);
    });
    try {
      return await Promise.race([this.sql.unsafe(text, parameters) as unknown as Rows, lost]);
    } catch (error) {
      if (isFatal(error)) this.lose();
      throw error;
    } finally {
      this.abandon.delete(abandon);
    }
  }

  end(): Promise<void> {
    return this.sql.end({ timeout: 1 });
  }

  /** The driver drops a statement that was sent between a connection's last error and its end: its promise would never settle. */
  private lose(): void {
    this.isLost = true;
    for (const reject of this.abandon) reject(lostError());
  }
}

class Member {
  private connection: Connection | null = null;

  constructor(private readonly open: (onclose: () => void) => Sql) {}

  lease(release: () => void): Lease {
    // Only the start of a lease may take another connection. A later statement must not, nor may the driver reconnect by itself:
    // the statement would run outside of the transaction and as the connection's own role.
    if (this.connection?.isLost) {
      this.connection.end().catch(() => {});
      this.connection = null;
    }
    this.connection ??= new Connection(this.open);
    const { connection } = this;
    let begun: Rows | null = null;
    let released = false;
    return {
      unsafe: (text, parameters = []) => {
        const rows = released ? Promise.reject(lostError()) : connection.send(text, parameters);
        rows.catch(() => {});
        if (text.startsWith("begin;")) {
          // `begin` and the settings go out together with the statement after them: one round trip less.
          begun = rows;
          return Promise.resolve(Object.assign([], { command: "BEGIN", count: 0 }));
        }
        const before = begun;
        begun = null;
        return before ? before.then(() => rows) : rows;
      },
      release: () => {
        if (released) return;
        released = true;
        release();
      },
    };
  }

  async end(): Promise<void> {
    await this.connection?.end();
  }
}

/**
 * At most `max` connections, opened when first needed; further requests wait in turn. `open` makes a driver
 * with one connection that calls back when it is lost.
 */
export function createConnectionPool(max: number, open: (onclose: () => void) => Sql) {
  const members: Member[] = [];
  const free: Member[] = [];
  const waiting: ((member: Member) => void)[] = [];

  const take = async (): Promise<Member> => {
    const member = free.pop();
    if (member) return member;
    if (members.length < max) {
      const opened = new Member(open);
      members.push(opened);
      return opened;
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (member: Member) => {
    const next = waiting.shift();
    if (next) next(member);
    else free.push(member);
  };
  const reserve = async (): Promise<Lease> => {
    const member = await take();
    return member.lease(() => giveBack(member));
  };
  const end = async () => void (await Promise.all(members.map((member) => member.end())));
  // Kysely's dialect recognises the driver as a function with `reserve`.
  return Object.assign(() => {}, { reserve, end });
}
