// A database and a gateway of a test file's own, with the tables and the bucket the gateway's tests use.
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { SignJWT } from "jose";
import postgres, { type Sql } from "postgres";
import { WebSocket } from "ws";
import { bootstrapDatabase } from "../src/database/bootstrap-database.ts";
import { startDatabase } from "../src/database/start-database.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../src/gateway/start-gateway.ts";

export const keys = {
  publishable: "sb_publishable_tests",
  secret: "sb_secret_tests",
  jwtSecret: "a-secret-of-the-tests-that-is-long-enough-for-hs256",
};

export type GatewayServer = {
  gateway: Gateway;
  url: string;
  /** As the superuser. */
  sql: Sql;
  /** As `postgres`, the role that migrations run as. */
  migrate(text: string): Promise<void>;
  storageDir: string;
  lines: string[];
  client(key?: string, headers?: Record<string, string>): SupabaseClient;
  /** A client signed up and in as a person of its own. */
  person(): Promise<{ client: SupabaseClient; id: string; email: string; token: string }>;
  stop(): Promise<void>;
};

const schema = `
create table public.notes (
  id bigint generated always as identity primary key,
  owner uuid not null default auth.uid(),
  body text not null
);
alter table public.notes enable row level security;
create policy "people read their notes" on public.notes for select to authenticated
  using (owner = (select auth.uid()));
create policy "people write their notes" on public.notes for insert to authenticated
  with check (owner = (select auth.uid()));
grant select, insert on public.notes to authenticated;
create table public.ungranted (id int primary key);
alter table public.ungranted enable row level security;
create policy "everyone would read this if it were granted" on public.ungranted for select using (true);
create table public.numbers (n int primary key);
insert into public.numbers select generate_series(1, 1500);
grant select on public.numbers to anon, service_role;
create function public.who_am_i() returns jsonb language sql stable as $$
  select jsonb_build_object('role', current_user, 'id', auth.uid(), 'claims', auth.jwt(), 'timeout', current_setting('statement_timeout'))
$$;
create type public.mood as enum ('calm', 'cross');
create table public.lists (
  id int primary key, words text[], numbers bigint[], moods public.mood[], times timestamptz[], data jsonb
);
grant select, insert on public.lists to anon;
create function public.add_up(a int, b int) returns int language sql as 'select a + b';
create function public.refuse(code text) returns void language plpgsql as $$
begin
  raise exception 'no, because of %', code using errcode = code, detail = 'a detail', hint = 'a hint';
end
$$;
create table public.checked (n int check (n > 0));
grant select, insert on public.checked to anon;
create function public.wait_for(seconds float) returns void language sql as 'select pg_sleep(seconds)';
insert into storage.buckets (id, name) values ('papers', 'papers');
insert into storage.buckets (id, name, public) values ('logos', 'logos', true);
insert into storage.buckets (id, name, file_size_limit) values ('small', 'small', 1000);
create policy "people keep files in a folder of their own" on storage.objects to authenticated
  using (bucket_id in ('papers', 'small') and (storage.foldername(name))[1] = (select auth.uid())::text)
  with check (bucket_id in ('papers', 'small') and (storage.foldername(name))[1] = (select auth.uid())::text);
`;

export async function startGatewayServer(overrides: Partial<GatewayOptions> = {}): Promise<GatewayServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "gateway-"));
  const port = await findFreePort();
  const database = await startDatabase({ dataDir, port, superuserPassword: "tests", durable: false });
  const { adminUrl } = database;
  await bootstrapDatabase({ adminUrl, postgresPassword: "postgres", authenticatorPassword: "tests" });
  const sql = postgres(adminUrl, { max: 2, onnotice: () => {} });
  const migrator = postgres(database.urlFor("postgres", "postgres"), { max: 1, onnotice: () => {} });
  const migrate = async (text: string) => void (await migrator.unsafe(text));
  await migrate(schema);

  const lines: string[] = [];
  const storageDir = join(dataDir, "storage");
  const gateway = await startGateway({
    port: 0,
    databaseUrl: database.urlFor("authenticator", "tests"),
    catalogUrl: adminUrl,
    keys,
    storageDir,
    log: (line) => void lines.push(line),
    ...overrides,
  });
  const client = (key = keys.publishable, headers: Record<string, string> = {}) =>
    createClient(gateway.url, key, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { headers },
      realtime: { transport: WebSocket as never },
    });
  return {
    gateway,
    url: gateway.url,
    sql,
    migrate,
    storageDir,
    lines,
    client,
    async person() {
      const email = `${crypto.randomUUID()}@example.com`;
      const own = client();
      const { data, error } = await own.auth.signUp({ email, password: "correct horse" });
      if (error || !data.session) throw error ?? new Error("signing up gave no session");
      return { client: own, id: data.session.user.id, email, token: data.session.access_token };
    },
    async stop() {
      await gateway.stop();
      await sql.end({ timeout: 1 });
      await migrator.end({ timeout: 1 });
      await database.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Signs a token as auth does; `claims` may replace anything. */
export function signToken(
  claims: Record<string, unknown>,
  secret = keys.jwtSecret,
  seconds = 3600,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ role: "authenticated", aud: "authenticated", ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(secret));
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
