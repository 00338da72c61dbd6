// Database connections for Kysely, each leased to one request at a time. The driver's own `reserve` is not safe when a
// connection is lost while reserved (postgres.js 3.4.9 then writes to a socket that is gone, which ends the process).
import type postgres from "postgres";

type Sql = postgres.Sql;
type Parameters = (string | number | boolean | null)[];
type Rows = Promise<unknown[] & { command: string; count: number }>;

/** What Kysely's dialect for postgres.js asks of a reserved connection. */
export type Lease = { unsafe(text: string, parameters?: Parameters): Rows; release(): void };

// After one of these nothing may be sent any more: Postgres ends the session, or it is gone already.
const isFatal = (error: unknown): boolean => {
  const { code, severity } = (error ?? {}) as { code?: string; severity?: string };
  return severity === "FATAL" || severity === "PANIC" || /^(CONNECTION_|CONNECT_|E[A-Z]+$)/.test(code ?? "");
};

class Member {
  private lost = true;
  private readonly sql: Sql;

  constructor(open: (onclose: () => void) => Sql) {
    this.sql = open(() => {
      this.lost = true;
    });
  }

  lease(release: () => void): Lease {
    // The first statement of a lease connects again if need be; a later one must not, or it would run outside of the
    // transaction and as the connection's own role.
    this.lost = false;
    let begun: Rows | null = null;
    let released = false;
    const send = (text: string, parameters: Parameters): Rows => {
      if (this.lost || released) {
        const error = new Error("the database connection was lost");
        return Promise.reject(Object.assign(error, { code: "CONNECTION_CLOSED" }));
      }
      const rows = this.sql.unsafe(text, parameters) as unknown as Rows;
      return rows.catch((error: unknown) => {
        if (isFatal(error)) this.lost = true;
        throw error;
      });
    };
    return {
      unsafe: (text, parameters = []) => {
        const rows = send(text, parameters);
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

  end(): Promise<void> {
    return this.sql.end({ timeout: 1 });
  }
}

/**
 * At most `max` connections, opened when first needed; who comes when all are taken waits in turn. `open` makes a driver
 * of one connection that calls back when it is lost.
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
