// A started stack is complete: every part answers at the address the env file gives.
import { randomUUID } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { waitFor } from "local-supabase/testing/wait-for";
import postgres from "postgres";
import { type InboundEntry, startSimulator } from "twilio-simulator";
import { connectSimulator } from "twilio-simulator/client";
import { afterAll, expect, inject, test } from "vitest";
import ws from "ws";
import ownerReplies from "../../scripts/stack/owner-replies.json" with { type: "json" };
import { registerSimulatedAccounts } from "../../scripts/stack/register-simulated-accounts.ts";

const stack = inject("stack");
const admin = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => {} });
afterAll(() => admin.end());

const newClient = () =>
  createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { transport: ws as never },
  });

test("the demo user signs in and belongs to an organisation of its own, as its admin", async () => {
  const client = newClient();
  const { data, error } = await client.auth.signInWithPassword({
    email: stack.DEMO_EMAIL,
    password: stack.DEMO_PASSWORD,
  });
  expect(error).toBeNull();
  const person = await client
    .from("users")
    .select("email, role, orgs!users_org_id_fkey(name)")
    .eq("id", data.user?.id)
    .single();
  expect(person.error).toBeNull();
  expect(person.data).toMatchObject({
    email: stack.DEMO_EMAIL,
    role: "admin",
    orgs: { name: "Demo Land Co" },
  });
});

test("the demo organisation has ten numbers at 10 messages a second, which its simulated Twilio account owns", async () => {
  const [account] = await admin`
    select a.org_id, a.account_sid from public.twilio_accounts a
    join public.users u on u.org_id = a.org_id where u.email = ${stack.DEMO_EMAIL}`;
  const numbers =
    await admin`select e164, mps, twilio_sid from public.phone_numbers where org_id = ${account?.org_id}`;
  expect(numbers).toHaveLength(10);
  expect(
    numbers.every((number) => Number(number.mps) === 10 && /^\+1\d{3}55501\d\d$/.test(number.e164)),
  ).toBe(true);
  const [token] = await admin`
    select decrypted_secret as text from vault.decrypted_secrets where name = ${`twilio_auth_token:${account?.org_id}`}`;
  const list = await fetch(
    `${stack.TWILIO_SIMULATOR_URL}/2010-04-01/Accounts/${account?.account_sid}/IncomingPhoneNumbers.json`,
    { headers: { authorization: `Basic ${btoa(`${account?.account_sid}:${token?.text}`)}` } },
  );
  const { incoming_phone_numbers: owned } = (await list.json()) as {
    incoming_phone_numbers: { sid: string }[];
  };
  expect(owned.map((number) => number.sid).sort()).toEqual(numbers.map((number) => number.twilio_sid).sort());
});

test("functions answer behind the gateway, and a killed one comes back with the next call", async () => {
  const health = () => fetch(`${stack.FUNCTIONS_URL}/settings/health`);
  expect((await health()).status).toBe(200);
  const control = (method: string, path: string) => fetch(stack.CONTROL_URL + path, { method });
  const killed = (await (await control("POST", "/functions/settings/kill")).json()) as number[];
  expect(killed.length).toBeGreaterThan(0);
  await waitFor(async () => (await health()).status === 200);
  const { functions } = (await (await control("GET", "/pids")).json()) as {
    functions: Record<string, number[]>;
  };
  expect(functions.settings?.some((pid) => killed.includes(pid))).toBe(false);
});

test("the worker's login role reaches the database with the password of this stack, and no other", async () => {
  const worker = postgres(stack.WORKER_DB_URL, { max: 1, onnotice: () => {} });
  expect(await worker`select current_user as name`).toEqual([{ name: "worker" }]);
  await worker.end();
  const wrong = new URL(stack.WORKER_DB_URL);
  wrong.password = "wrong";
  const stranger = postgres(wrong.href, { max: 1, onnotice: () => {} });
  await expect(stranger`select 1`).rejects.toThrow(/password authentication failed/);
  await stranger.end();
});

test("the secrets for calls of the worker are there, and the one that says whether Twilio is a simulator", async () => {
  const rows = await admin`
    select name, decrypted_secret from vault.decrypted_secrets
    where name in ('functions_url', 'worker_secret', 'twilio_is_loopback')`;
  expect(Object.fromEntries(rows.map((row) => [row.name, row.decrypted_secret]))).toEqual({
    functions_url: stack.FUNCTIONS_URL,
    worker_secret: stack.FUNCTIONS_ENV.WORKER_SECRET,
    twilio_is_loopback: "true",
  });
});

test("the Twilio simulator answers where the functions look for Twilio", async () => {
  expect(stack.FUNCTIONS_ENV.TWILIO_API_URL).toBe(stack.TWILIO_SIMULATOR_URL);
  expect(await connectSimulator(stack.TWILIO_SIMULATOR_URL).health()).toMatchObject({ ok: true });
});

test("people who answer the simulator's texts answer as owners of land do", async () => {
  const hex = randomUUID().replaceAll("-", "");
  const [accountSid, authToken, from, to] = [`AC${hex}`, hex, "+12125550100", "+13055550123"];
  const account = await connectSimulator(stack.TWILIO_SIMULATOR_URL).register({
    accountSid,
    authToken,
    numbers: [{ phoneNumber: from, mps: null, smsUrl: "" }],
    behaviour: { timeFactor: 0, people: { interested: 1, spanish: 0 } },
  });
  try {
    await fetch(`${stack.TWILIO_SIMULATOR_URL}/2010-04-01/Accounts/${accountSid}/Messages.json`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` },
      body: new URLSearchParams({ From: from, To: to, Body: "Would you sell?" }),
    });
    await account.waitUntilIdle();
    const [reply] = (await account.readRecord({ kind: "inbound" })) as InboundEntry[];
    expect(ownerReplies.interested.en).toContain(reply?.body);
  } finally {
    await account.remove();
  }
});

test("a simulator that starts with the stack learns accounts, tokens and numbers from the database", async () => {
  const hex = randomUUID().replaceAll("-", "");
  const e164 = `+1212555${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;
  const [org] = await admin`select private.create_org(${`Simulated ${hex}`}) as id`;
  const simulator = await startSimulator({ port: 0 });
  try {
    await admin`select private.set_twilio_account(${org?.id}, ${`AC${hex}`}, 'token-of-the-account')`;
    await admin`insert into public.phone_numbers (org_id, e164, mps) values (${org?.id}, ${e164}, 10)`;
    await registerSimulatedAccounts(connectSimulator(simulator.url), stack.ADMIN_DB_URL, stack.FUNCTIONS_URL);
    const account = simulator.account(`AC${hex}`);
    expect(account.authToken).toBe("token-of-the-account");
    expect(account.numbers.get(e164)).toMatchObject({
      mps: 10,
      smsUrl: `${stack.FUNCTIONS_URL}/twilio/inbound`,
    });
  } finally {
    await simulator.stop();
    await admin`delete from public.orgs where id = ${org?.id}`;
    await admin`delete from vault.secrets where name = ${`twilio_auth_token:${org?.id}`}`;
  }
});
