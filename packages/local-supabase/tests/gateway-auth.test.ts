// Auth through the gateway with supabase-js: signing up and in, refreshing, expiry, and what must not leak.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { waitFor } from "../src/testing/wait-for.ts";
import { type GatewayServer, keys, startGatewayServer } from "./start-gateway-server.ts";

let server: GatewayServer;

beforeAll(async () => {
  server = await startGatewayServer({ jwtExpirySeconds: 2 });
});
afterAll(() => server?.stop());

it("signs people up and in without asking for a confirmation", async () => {
  const { id, email } = await server.person();
  const client = server.client();
  const { data, error } = await client.auth.signInWithPassword({ email, password: "correct horse" });
  expect([error, data.user?.id]).toEqual([null, id]);
  expect((await client.auth.getUser()).data.user?.email).toBe(email);
  expect(decodeJwt(data.session?.access_token ?? "")).toMatchObject({
    sub: id,
    email,
    role: "authenticated",
    aud: "authenticated",
    session_id: expect.any(String),
  });
});

it("refuses a wrong password and a second sign-up of the same address", async () => {
  const { email } = await server.person();
  const wrong = await server.client().auth.signInWithPassword({ email, password: "wrong horse" });
  expect([wrong.error?.status, wrong.error?.code]).toEqual([400, "invalid_credentials"]);
  const again = await server.client().auth.signUp({ email, password: "correct horse" });
  expect(again.error?.code).toBe("user_already_exists");
});

it("lets a token expire when it says, and refreshes the session", async () => {
  const { client, token } = await server.person();
  const claims = decodeJwt(token);
  expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(2);
  const ask = (bearer: string) =>
    fetch(`${server.url}/rest/v1/notes`, {
      headers: { apikey: keys.publishable, authorization: `Bearer ${bearer}` },
    });
  expect((await ask(token)).status).toBe(200);
  const refused = await waitFor(async () => {
    const answer = await ask(token);
    return answer.status === 401 && answer;
  });
  expect((await refused.json()).message).toBe("JWT expired");
  const { data, error } = await client.auth.refreshSession();
  expect(error).toBeNull();
  expect((await ask(data.session?.access_token ?? "")).status).toBe(200);
});

it("refuses a refresh token that was made up", async () => {
  const { error } = await server.client().auth.refreshSession({ refresh_token: "made-up" });
  expect(error?.status).toBe(400);
});

it("ends a session on signing out", async () => {
  const { client } = await server.person();
  const session = (await client.auth.getSession()).data.session;
  await client.auth.signOut();
  const { error } = await server
    .client()
    .auth.refreshSession({ refresh_token: session?.refresh_token ?? "" });
  expect(error).not.toBeNull();
});

it("runs a migration's trigger on sign-up, and lets it see the new person", async () => {
  await server.migrate(`
    create table public.welcomes (id uuid primary key references auth.users (id), email text not null);
    create function public.welcome() returns trigger language plpgsql security definer set search_path = '' as $$
    begin insert into public.welcomes values (new.id, new.email); return new; end $$;
    create trigger welcome after insert on auth.users for each row execute function public.welcome()`);
  const { id, email } = await server.person();
  expect(await server.sql`select * from public.welcomes`).toEqual([{ id, email }]);
  await server.sql.unsafe("drop trigger welcome on auth.users");
});

it("writes mails to a folder and neither address nor code to the log", async () => {
  const { email } = await server.person();
  const { error } = await server.client().auth.resetPasswordForEmail(email);
  expect(error).toBeNull();
  const folder = join(server.storageDir, "mail");
  const [file] = await waitFor(() => readdir(folder).catch(() => null));
  const mail = await readFile(join(folder, file ?? ""), "utf8");
  expect(mail).toContain(`To: ${email}`);
  const code = /token=([\w-]+)/.exec(mail)?.[1] ?? "";
  expect(code).not.toBe("");
  const log = server.lines.join("\n");
  expect(log).toContain(file);
  expect(log).not.toContain(email);
  expect(log).not.toContain(code);
});

it("answers a missing API key with 401", async () => {
  const answer = await fetch(`${server.url}/auth/v1/token?grant_type=password`, {
    method: "POST",
    body: "{}",
  });
  expect(answer.status).toBe(401);
});

it("serves two hundred sign-ins at once", async () => {
  const { email } = await server.person();
  const tries = Array.from({ length: 200 }, () =>
    server.client().auth.signInWithPassword({ email, password: "correct horse" }),
  );
  const failed = (await Promise.all(tries)).filter(({ error }) => error);
  expect(failed).toEqual([]);
});
