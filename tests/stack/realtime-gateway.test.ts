/** Live updates as a dashboard gets them: signed in with supabase-js, through the gateway, by the project's own policies. */
import { randomUUID } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { subscribe } from "local-supabase/testing";
import { waitFor } from "local-supabase/testing/wait-for";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { WebSocket } from "ws";
import { openChannel } from "../../scripts/realtime/open-channel.ts";

const stack = inject("stack");
const sql = postgres(stack.ADMIN_DB_URL, { max: 1, onnotice: () => undefined });
const clients: SupabaseClient[] = [];

interface Person {
  client: SupabaseClient;
  orgId: string;
}
let ours: Person;
let theirs: Person;

async function signUp(transport: unknown = WebSocket): Promise<Person> {
  const client = createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
    realtime: { transport: transport as never },
  });
  clients.push(client);
  const email = `${randomUUID()}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: "correct horse battery" });
  if (error || !data.user) throw new Error(`sign-up failed: ${error?.message}`);
  const [person] = await sql`select org_id from public.users where id = ${data.user.id}`;
  return { client, orgId: person?.org_id };
}

beforeAll(async () => {
  [ours, theirs] = [await signUp(), await signUp()];
});
afterAll(async () => {
  for (const client of clients) await client.realtime.disconnect();
  await sql.end();
});

test("a person who signed up joins the channels of the own org and is refused those of another", async () => {
  for (const name of ["org", "inbox"]) {
    const topic = `${name}:${ours.orgId}`;
    const joined = await subscribe(ours.client, topic);
    const refused = await subscribe(theirs.client, topic);
    expect(joined.statuses).toEqual(["SUBSCRIBED"]);
    expect(refused.statuses[0]).toMatch(/^CHANNEL_ERROR: Unauthorized/);

    await sql`select realtime.send('{"n": 1}', 'UPDATE', ${topic})`;
    await waitFor(() => joined.received.length > 0);
    expect(joined.received[0]).toMatchObject({ event: "UPDATE", payload: { n: 1 } });
    expect(refused.received).toEqual([]);
    await theirs.client.removeChannel(refused.channel);
  }
});

test("a channel opened without private: true joins, but hears nothing of the private one", async () => {
  const topic = `org:${ours.orgId}`;
  const eavesdropper = await subscribe(theirs.client, topic, { private: false });
  await sql`select realtime.send('{}', 'private', ${topic})`;
  await sql`select realtime.send('{}', 'public', ${topic}, false)`;
  await waitFor(() => eavesdropper.received.length > 0);
  expect(eavesdropper.received.map(({ event }) => event)).toEqual(["public"]);
});

test("a channel tells when it is ready, again after its connection was lost: then the state is read again", async () => {
  const sockets: WebSocket[] = [];
  class KnownSocket extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols);
      sockets.push(this);
    }
  }
  const person = await signUp(KnownSocket);
  await person.client.realtime.setAuth();
  const topic = `org:${person.orgId}`;
  let reads = 0;
  const heard: string[] = [];
  const onBroadcast = ({ event }: { event: string }) => heard.push(event);
  await openChannel(person.client, topic, { onBroadcast, onReady: () => reads++ });
  expect(reads).toBe(1);
  sockets.at(-1)?.terminate();
  await waitFor(() => reads === 2);
  await sql`select realtime.send('{}', 'after', ${topic})`;
  await waitFor(() => heard.length > 0);
  expect(heard).toEqual(["after"]);
  await expect(openChannel(person.client, `org:${ours.orgId}`, { onBroadcast })).rejects.toThrow(
    /^Unauthorized/,
  );
});

test("the endpoint that broadcasts over HTTP answers through the gateway, to browsers of any origin too", async () => {
  const url = `${stack.API_URL}/realtime/v1/api/broadcast`;
  const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: "https://app.example.com" } });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);

  const topic = `org:${ours.orgId}`;
  const channel = ours.client.channel(`${topic}-http`, { config: { private: false } });
  expect(await channel.httpSend("note", { n: 1 })).toEqual({ success: true });
});
