/** Broadcasts from the database reach those who joined their topic, and nobody else. */
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subscribe } from "../src/testing/realtime-channel.ts";
import { waitFor } from "../src/testing/wait-for.ts";
import {
  north,
  type RealtimeServer,
  signToken,
  south,
  startRealtimeServer,
} from "./start-realtime-server.ts";

let server: RealtimeServer;
let client: SupabaseClient;

beforeAll(async () => {
  server = await startRealtimeServer();
  const token = await signToken(north.user);
  client = await server.connect(() => token);
});
afterAll(() => server?.stop());

/** Each test has a topic of its own in the team. */
const topicOf = (name: string, team = north.team) => `${name}:${team}`;

const send = (topic: string, event: string, payload: object, isPrivate = true) =>
  server.sql`select realtime.send(${server.sql.json(payload as never)}, ${event}, ${topic}, ${isPrivate})`;

test("what realtime.send sends arrives with its payload, an id added to it, and the id of the message", async () => {
  const topic = topicOf("send");
  const { statuses, received } = await subscribe(client, topic);
  expect(statuses).toEqual(["SUBSCRIBED"]);

  await send(topic, "greeting", { text: "¿Vende su terreno? 🌵" });
  await waitFor(() => received.length > 0);
  const [row] = await server.sql`select id from realtime.messages where topic = ${topic}`;
  const id = row?.id;
  expect(received).toEqual([
    { type: "broadcast", event: "greeting", payload: { id, text: "¿Vende su terreno? 🌵" }, meta: { id } },
  ]);
});

test("realtime.broadcast_changes brings operation, schema, table, record and old_record of a changed row", async () => {
  const topic = topicOf("changes");
  await server.sql.unsafe(`
    create table public.towns (id int primary key, name text not null);
    create function public.broadcast_town() returns trigger language plpgsql security definer set search_path = ''
      as $$ begin
        perform realtime.broadcast_changes('${topic}', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
    create trigger broadcast_town after insert or update or delete on public.towns
      for each row execute function public.broadcast_town();`);
  const { received } = await subscribe(client, topic);

  await server.sql`insert into public.towns values (1, 'Mora')`;
  await server.sql`update public.towns set name = 'Taos'`;
  await server.sql`delete from public.towns`;
  await waitFor(() => received.length === 3);

  const common = { id: expect.any(String), schema: "public", table: "towns" };
  const [mora, taos] = [
    { id: 1, name: "Mora" },
    { id: 1, name: "Taos" },
  ];
  expect(received.map(({ payload }) => payload)).toEqual([
    { ...common, operation: "INSERT", record: mora, old_record: null },
    { ...common, operation: "UPDATE", record: taos, old_record: mora },
    { ...common, operation: "DELETE", record: null, old_record: taos },
  ]);
  expect(received.map(({ event }) => event)).toEqual(["INSERT", "UPDATE", "DELETE"]);
});

test("nothing arrives before the commit, and nothing if it is rolled back", async () => {
  const topic = topicOf("commit");
  const { received } = await subscribe(client, topic);
  const transaction = await server.sql.reserve();

  await transaction`begin`;
  await transaction`select realtime.send('{"n": 1}', 'undone', ${topic})`;
  await transaction`rollback`;
  await transaction`begin`;
  await transaction`select realtime.send('{"n": 2}', 'held', ${topic})`;
  // A message committed later by somebody else overtakes it, so the channel works and the first is truly held.
  await send(topic, "other", { n: 3 });
  await waitFor(() => received.length > 0);
  expect(received.map(({ event }) => event)).toEqual(["other"]);

  await transaction`commit`;
  transaction.release();
  await waitFor(() => received.length > 1);
  expect(received.map(({ event }) => event)).toEqual(["other", "held"]);
});

test("messages of one topic arrive in the order they were sent, within and across transactions", async () => {
  const topic = topicOf("order");
  const { received } = await subscribe(client, topic);
  const count = 1000;
  for (let batch = 0; batch < count; batch += 250) {
    await server.sql`
      select realtime.send(jsonb_build_object('n', n), 'n', ${topic})
      from generate_series(${batch}::int, ${batch + 249}::int) as n`;
  }
  await waitFor(() => received.length >= count);
  expect(received.map(({ payload }) => payload.n)).toEqual(Array.from({ length: count }, (_, n) => n));
});

test("one insert of many rows, more than a notification can name, delivers them all in order", async () => {
  const topic = topicOf("bulk");
  const { received } = await subscribe(client, topic);
  await server.sql`
    insert into realtime.messages (topic, extension, event, private, payload)
    select ${topic}, 'broadcast', 'row', true, jsonb_build_object('n', n) from generate_series(1, 650) as n`;
  await waitFor(() => received.length >= 650);
  expect(received.map(({ payload }) => payload.n)).toEqual(Array.from({ length: 650 }, (_, n) => n + 1));
});

test("a payload of 50 kB and one of 250 kB arrive whole; one over 256 kB is dropped and logged", async () => {
  const topic = topicOf("large");
  const { received } = await subscribe(client, topic);
  const repeat = (length: number) => server.sql`
    select realtime.send(jsonb_build_object('text', repeat('ñ', ${length}::int)), 'large', ${topic})`;
  await repeat(128_000);
  await repeat(25_000);
  await repeat(125_000);
  await waitFor(() => received.length === 2);
  expect(received.map(({ payload }) => payload.text.length)).toEqual([25_000, 125_000]);
  expect(received[0]?.payload.text).toBe("ñ".repeat(25_000));
  expect(server.lines.join("\n")).toContain("UnableToBroadcastChanges: 2560");
});

test("only a client that asks is told once broadcasts from the database arrive", async () => {
  const topic = topicOf("ready");
  const quiet = await subscribe(client, topicOf("not-asked"));
  const { system, received } = await subscribe(client, topic, { broadcast: { replication_ready: true } });
  await waitFor(() => system.length > 0);
  await send(topic, "now", {});
  await waitFor(() => received.length > 0);
  expect(system).toEqual([
    { extension: "system", status: "ok", message: "Replication connection established", channel: topic },
  ]);
  expect(quiet.system).toEqual([]);
});

test("after the connection that receives broadcasts was lost, ready is sent once they arrive again", async () => {
  const topic = topicOf("lost");
  await server.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'realtime_listen'`;
  await waitFor(() => server.lines.some((line) => line.startsWith("database connection lost")));
  const { system, received } = await subscribe(client, topic, { broadcast: { replication_ready: true } });
  await waitFor(() => system.length > 0);
  expect(server.lines).toContain("database connection is back");
  await send(topic, "now", {});
  await waitFor(() => received.length > 0);
});

test("a message reaches no other topic, no other team, and no public channel of the same name", async () => {
  const token = await signToken(south.user);
  const stranger = await server.connect(() => token);
  const own = await subscribe(client, topicOf("apart"));
  const others = [
    await subscribe(client, topicOf("apart-too")),
    await subscribe(stranger, topicOf("apart", south.team)),
    await subscribe(stranger, topicOf("apart"), { private: false }),
  ];
  expect(others.map(({ statuses }) => statuses[0])).toEqual(["SUBSCRIBED", "SUBSCRIBED", "SUBSCRIBED"]);

  await send(topicOf("apart"), "private", {});
  await waitFor(() => own.received.length > 0);
  // A later message on each of the other channels shows that nothing arrived before it.
  await send(topicOf("apart-too"), "last", {});
  await send(topicOf("apart", south.team), "last", {});
  await send(topicOf("apart"), "last", {}, false);
  await waitFor(() => others.every(({ received }) => received.length > 0));
  expect(others.map(({ received }) => received.map(({ event }) => event))).toEqual([
    ["last"],
    ["last"],
    ["last"],
  ]);
  expect(own.received.map(({ event }) => event)).toEqual(["private"]);
});

test("bytes sent with realtime.send_binary arrive as an ArrayBuffer", async () => {
  const topic = topicOf("bytes");
  const { received } = await subscribe(client, topic);
  await server.sql`select realtime.send_binary('\\x00ff10', 'bytes', ${topic})`;
  await waitFor(() => received.length > 0);
  expect([...new Uint8Array(received[0]?.payload)]).toEqual([0x00, 0xff, 0x10]);
});

test("realtime.send warns and lets the transaction go on if the payload is no object or a policy refuses", async () => {
  const topic = topicOf("warned");
  const sent = await server.sql.begin(async (transaction) => {
    await transaction`select realtime.send('[1]', 'list', ${topic})`;
    await transaction`set local role authenticated`;
    await transaction`select realtime.send('{}', 'refused', ${topic})`;
    await transaction`reset role`;
    return transaction`select event from realtime.messages where topic = ${topic}`;
  });
  expect(sent).toEqual([]);
});

test("replay brings the newest messages since a moment, oldest first and marked, then the live ones once", async () => {
  const topic = topicOf("replay");
  const { relayed } = server.realtime().stats();
  for (const n of [1, 2, 3]) await send(topic, "n", { n });
  // A message still on its way when the topic is joined would rightly arrive as a live one.
  await waitFor(() => server.realtime().stats().relayed === relayed + 3);
  const since = Date.now() - 60_000;
  const { received } = await subscribe(client, topic, { broadcast: { replay: { since, limit: 2 } } });
  await send(topic, "n", { n: 4 });
  await waitFor(() => received.length >= 3);
  expect(received.map(({ payload, meta }) => [payload.n, meta?.replayed ?? false])).toEqual([
    [2, true],
    [3, true],
    [4, false],
  ]);
});
