// A started platform is complete: every part answers at the address the env file gives.
import { createClient } from "@supabase/supabase-js";
import postgres from "postgres";
import { afterAll, expect, inject, test } from "vitest";
import { WebSocket } from "ws";
import { ROBOT_PASSWORD, VAULT_SECRET } from "./platform-for-tests.ts";

const platform = inject("platform");
const admin = postgres(platform.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
afterAll(() => admin.end());

const client = createClient(platform.API_URL, platform.PUBLISHABLE_KEY, {
  auth: { persistSession: false, autoRefreshToken: false },
  realtime: { transport: WebSocket as never },
});

test("REST serves what the project migrated and seeded, by the project's policies", async () => {
  const { data, error } = await client.from("colours").select("name").order("name");
  expect([error, data]).toEqual([null, [{ name: "blue" }, { name: "green" }]]);
});

test("functions answer behind the gateway, with the platform's variables and the project's own", async () => {
  const answer = await fetch(`${platform.FUNCTIONS_URL}/echo/env`);
  expect(await answer.json()).toMatchObject({
    SUPABASE_URL: platform.API_URL,
    SUPABASE_DB_URL: platform.DB_URL,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: platform.PUBLISHABLE_KEY }),
    OWN_VARIABLE: "of the project",
  });
});

test("a login role reaches the database with the password the project gave it, and no other", async () => {
  const connectAs = (password: string) =>
    postgres(platform.DB_URL, { username: "robot", password, max: 1, onnotice: () => {} });
  const robot = connectAs(ROBOT_PASSWORD);
  expect(await robot`select current_user as name`).toEqual([{ name: "robot" }]);
  await robot.end();
  const stranger = connectAs("wrong");
  await expect(stranger`select 1`).rejects.toThrow(/password authentication failed/);
  await stranger.end();
});

test("the Vault holds the secrets the project gave", async () => {
  expect(
    await admin`select decrypted_secret from vault.decrypted_secrets where name = ${VAULT_SECRET.name}`,
  ).toEqual([{ decrypted_secret: VAULT_SECRET.value }]);
});

test("the server listens on this machine only", async () => {
  const [row] = await admin`
    select current_setting('listen_addresses') as addresses, current_setting('TimeZone') as zone`;
  expect(row).toEqual({ addresses: "127.0.0.1", zone: "UTC" });
});
