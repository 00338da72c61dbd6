// The transaction pooler: isolates come and go each second, and the server's connections, with their plans, stay.
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { ClientSession, type Directory } from "./client-session.ts";
import { ConnectionPool } from "./connection-pool.ts";

export type PoolerOptions = { port: number; databasePort: number };

export type Pooler = { stop(): Promise<void> };

/**
 * A server connection is lent for a transaction, as Supabase's pooler does on port 6543. What a session sets, and statements
 * prepared by name, may be met by another client or be gone. Clients with another application_name have connections of their
 * own, so that pg_stat_activity names them.
 */
export async function startPooler({ port, databasePort }: PoolerOptions): Promise<Pooler> {
  const pools = new Map<string, ConnectionPool>();
  const sessions = new Map<string, ClientSession>();
  const sockets = new Set<Socket>();
  const directory: Directory = {
    poolOf(parameters, password) {
      const login = { port: databasePort, parameters, password };
      const id = createHash("sha256")
        .update(JSON.stringify([password, ...parameters]))
        .digest("hex");
      let pool = pools.get(id);
      if (!pool) {
        pool = new ConnectionPool(login);
        pools.set(id, pool);
      }
      return pool;
    },
    loginRefused(refused) {
      // Another password for each try must not leave a pool for each.
      for (const [id, pool] of pools) {
        if (pool !== refused || !pool.isEmpty) continue;
        pool.close();
        pools.delete(id);
      }
    },
    cancel: (key) => sessions.get(key)?.cancel(),
  };
  const server = createServer((socket) => {
    const session = new ClientSession(socket, directory);
    const key = session.key.toString("hex");
    sessions.set(key, session);
    sockets.add(socket);
    socket.once("close", () => {
      sessions.delete(key);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      for (const pool of pools.values()) pool.close();
      await closed;
    },
  };
}
