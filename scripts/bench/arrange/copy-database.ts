// Databases of a bare server: made as copies, so that every run begins with the same one.
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import type { BareServer } from "../../stack/start-bare-server.ts";

export interface DatabaseCopy {
  name: string;
  /** As the superuser; several connections. */
  sql: postgres.Sql;
  /** A new connection with the role of the functions worker and twilio. */
  connectWorker(): postgres.Sql;
  /** Ends our connections, so that it can be copied. */
  disconnect(): Promise<void>;
  drop(): Promise<void>;
}

/** @param from no client may be connected to it; default: the migrated and seeded one */
export async function copyDatabase(server: BareServer, from = server.template): Promise<DatabaseCopy> {
  const name = `b_${randomUUID().replaceAll("-", "")}`;
  await onServer(server, `create database ${name} template ${from} strategy file_copy`);
  const sql = postgres(`${server.adminUrl}/${name}`, { max: 4, onnotice: () => {} });
  const workers: postgres.Sql[] = [];
  const disconnect = async () => {
    await Promise.all([sql, ...workers.splice(0)].map((one) => one.end({ timeout: 5 })));
  };
  return {
    name,
    sql,
    disconnect,
    connectWorker() {
      const worker = postgres(`${server.workerUrl}/${name}`, { max: 1, prepare: false, onnotice: () => {} });
      workers.push(worker);
      return worker;
    },
    async drop() {
      await disconnect();
      await onServer(server, `drop database ${name} with (force)`);
    },
  };
}

async function onServer(server: BareServer, statement: string): Promise<void> {
  const sql = postgres(`${server.adminUrl}/postgres`, { max: 1, onnotice: () => {} });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}
