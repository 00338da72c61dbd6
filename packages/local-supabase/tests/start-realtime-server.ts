/** A database with two teams and a Realtime server, of a test file's own. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { SignJWT } from "jose";
import postgres, { type Sql } from "postgres";
import { WebSocket } from "ws";
import { bootstrapDatabase } from "../src/database/bootstrap-database.ts";
import { startDatabase } from "../src/database/start-database.ts";
import { attachRealtime, type Realtime, type RealtimeOptions } from "../src/realtime/attach-realtime.ts";

export const jwtSecret = "a-secret-of-the-tests-that-is-long-enough-for-hs256";
export const publishableKey = "sb_publishable_tests";
export const secretKey = "sb_secret_tests";

export const north = {
  team: "11111111-1111-4111-8111-111111111111",
  user: "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa",
};
export const south = {
  team: "22222222-2222-4222-8222-222222222222",
  user: "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
};

export interface RealtimeServer {
  url: string;
  /** As the superuser. */
  sql: Sql;
  realtime(): Realtime;
  /** What the server has logged. */
  lines: string[];
  /** A client that asks `getToken` for its token whenever supabase-js does. */
  connect(getToken?: () => string | Promise<string>, key?: string): Promise<SupabaseClient>;
  /** Stops the database, does what is given, and starts it again. */
  restartDatabase(meanwhile?: () => Promise<void>): Promise<void>;
  /** Ends the Realtime server, closing every connection, and starts another at the same address. */
  restartRealtime(): Promise<void>;
  stop(): Promise<void>;
}

/** Takes options of attachRealtime to override; returns a running server with policies by team on topics `…:<team id>`. */
export async function startRealtimeServer(overrides: Partial<RealtimeOptions> = {}): Promise<RealtimeServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "realtime-"));
  const port = await findFreePort();
  const start = () => startDatabase({ dataDir, port, superuserPassword: "tests", durable: false });
  let database = await start();
  const { adminUrl } = database;
  await bootstrapDatabase({ adminUrl, postgresPassword: "postgres", authenticatorPassword: "tests" });
  const sql = postgres(adminUrl, { max: 4, onnotice: () => undefined, backoff: () => 0.1 });
  await createTeams(database.urlFor("postgres", "postgres"));

  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  const attach = () => attachRealtime({ adminUrl, jwtSecret, publishableKey, secretKey, log, ...overrides });
  let realtime = await attach();
  const http = createServer(getRequestListener((request) => realtime.handleBroadcast(request)));
  http.on("upgrade", (request, socket, head) => realtime.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;

  const clients: SupabaseClient[] = [];
  return {
    url,
    sql,
    realtime: () => realtime,
    lines,
    async connect(getToken, key = publishableKey) {
      const client = createClient(url, key, {
        ...(getToken ? { accessToken: async () => getToken() } : {}),
        auth: { persistSession: false, autoRefreshToken: false },
        realtime: { transport: WebSocket as never, reconnectAfterMs: () => 100 },
      });
      clients.push(client);
      // Without it supabase-js sends the first join before it has asked for the token (its documentation asks for this too).
      await client.realtime.setAuth();
      return client;
    },
    async restartDatabase(meanwhile) {
      await database.stop();
      await meanwhile?.();
      database = await start();
    },
    async restartRealtime() {
      await realtime.stop();
      realtime = await attach();
    },
    async stop() {
      for (const client of clients) client.realtime.disconnect();
      await realtime.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await sql.end({ timeout: 1 });
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Signs a token of a user, for the given seconds from now. */
export function signToken(
  user: string,
  seconds = 3600,
  claims: object = {},
  secret = jwtSecret,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ sub: user, role: "authenticated", ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(secret));
}

/** As `postgres`, the role that migrations run as. */
async function createTeams(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`
    create table public.members (user_id uuid primary key, team_id uuid not null, may_send boolean not null);
    create function public.team_of_topic() returns uuid language sql stable set search_path = ''
      as $$ select split_part(realtime.topic(), ':', 2)::uuid $$;
    grant select on public.members to authenticated;
    create policy "members join the topics of their team" on realtime.messages for select to authenticated
      using (extension in ('broadcast', 'presence') and exists (
        select from public.members as m
        where m.user_id = (select auth.uid()) and m.team_id = (select public.team_of_topic())));
    create policy "members who may send to it send to their team" on realtime.messages for insert to authenticated
      with check (exists (
        select from public.members as m
        where m.user_id = (select auth.uid()) and m.may_send and m.team_id = (select public.team_of_topic())));
    insert into public.members values ('${north.user}', '${north.team}', true), ('${south.user}', '${south.team}', true);
  `);
  await sql.end();
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createSocketServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
