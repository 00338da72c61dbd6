/** What the Realtime server survives: restarts, clients that do not read, invalid frames. */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { subscribe } from "../src/testing/realtime-channel.ts";
import { waitFor } from "../src/testing/wait-for.ts";
import {
  north,
  publishableKey,
  type RealtimeServer,
  secretKey,
  signToken,
  startRealtimeServer,
} from "./start-realtime-server.ts";

let server: RealtimeServer;
let token: string;

beforeAll(async () => {
  // As on a paid plan: a subscriber falls behind by large broadcasts.
  server = await startRealtimeServer({ maxPayloadKb: 3000 });
  token = await signToken(north.user);
});
afterAll(() => server?.stop());

const send = (topic: string, event: string) => server.sql`select realtime.send('{}', ${event}, ${topic})`;
const topicOf = (name: string) => `${name}:${north.team}`;

test("after the database restarts, those who were connected get broadcasts again and new ones can join", async () => {
  const topic = topicOf("database");
  const { statuses, received } = await subscribe(await server.connect(() => token), topic);
  await server.restartDatabase();
  await waitFor(() => server.lines.includes("database connection is back"));
  await send(topic, "after");
  await waitFor(() => received.length > 0);
  expect(statuses).toEqual(["SUBSCRIBED"]);
  expect((await subscribe(await server.connect(() => token), topic)).statuses).toEqual(["SUBSCRIBED"]);
});

test("while the database is away a join says so, and supabase-js gets in once it is back", async () => {
  const client = await server.connect(() => token);
  let statuses: string[] = [];
  await server.restartDatabase(async () => {
    ({ statuses } = await subscribe(client, topicOf("away")));
  });
  expect(statuses[0]).toBe(
    "CHANNEL_ERROR: UnableToConnectToProject: Realtime was unable to connect to the project database",
  );
  await waitFor(() => statuses.at(-1) === "SUBSCRIBED");
});

test("a broadcast whose reading was cut off by the database is delivered when it can be read", async () => {
  const topic = topicOf("cut");
  const { received } = await subscribe(await server.connect(() => token), topic);
  const [sending, locking] = [await server.sql.reserve(), await server.sql.reserve()];
  const isWaiting = async (name: string) => {
    const [row] = await server.sql`
      select pid from pg_stat_activity where wait_event_type = 'Lock' and application_name = ${name}`;
    return row?.pid as number | undefined;
  };
  // The lock waits behind the sender and is queued before the reader, so the reader waits for it and can be ended meanwhile.
  await sending`begin`;
  await sending`select realtime.send('{}', 'cut', ${topic})`;
  await locking`set application_name = 'locking'`;
  await locking`begin`;
  const locked = locking`lock table realtime.messages in access exclusive mode`.execute();
  await waitFor(() => isWaiting("locking"));
  await sending`commit`;
  await locked;
  const reader = await waitFor(() => isWaiting("realtime_read"));
  await server.sql`select pg_terminate_backend(${reader})`;
  await waitFor(() => server.lines.some((line) => line.startsWith("1 broadcasts wait")));
  await locking`rollback`;
  await waitFor(() => received.length > 0);
  expect(received.map(({ event }) => event)).toEqual(["cut"]);
  sending.release();
  locking.release();
});

test("after the Realtime server restarts, clients come back by themselves and get broadcasts again", async () => {
  const topic = topicOf("server");
  const { statuses, received } = await subscribe(await server.connect(() => token), topic);
  await server.restartRealtime();
  await waitFor(() => statuses.filter((status) => status === "SUBSCRIBED").length === 2);
  await send(topic, "after");
  await waitFor(() => received.length > 0);
});

test("a subscriber that does not read is dropped with a log line, and the others lose nothing", async () => {
  const topic = topicOf("slow");
  const fast = await subscribe(await server.connect(() => token), topic);
  const slow = await openSocket();
  slow.send(JSON.stringify(["1", "1", `realtime:${topic}`, "phx_join", { config: { private: true } }]));
  const reply = await new Promise((resolve) => slow.once("message", (data) => resolve(String(data))));
  expect(reply).toContain('"status":"ok"');
  slow.pause();

  const rows = 40;
  for (let n = 0; n < rows; n += 1) {
    await server.sql`
      select realtime.send(jsonb_build_object('text', repeat('x', 900000), 'n', ${n}::int), 'n', ${topic})`;
  }
  await waitFor(() => fast.received.length === rows);
  expect(fast.received.map(({ payload }) => payload.n)).toEqual(Array.from({ length: rows }, (_, n) => n));
  expect(server.realtime().stats().droppedSlow).toBe(1);
  expect(server.lines.join("\n")).toMatch(/subscriber dropped: it is \d+ bytes behind/);
  slow.terminate();
});

test("a topic with line breaks makes one log line, and a very long one a short line", async () => {
  const client = await server.connect(() => token);
  const from = server.lines.length;
  await subscribe(client, "no\nline");
  await subscribe(client, `long-${"x".repeat(10_000)}`);
  const lines = server.lines.slice(from);
  expect(lines.join("\n").split("\n")).toHaveLength(lines.length);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(400);
});

test("a frame that is not of the protocol closes that connection and no other", async () => {
  const topic = topicOf("frames");
  const { received, statuses } = await subscribe(await server.connect(() => token), topic);
  for (const frame of [
    "{",
    '{"topic":"a"}',
    '["1","1",5,"phx_join",{}]',
    Buffer.from([3, 255, 0, 0, 0, 0, 1]),
  ]) {
    const socket = await openSocket();
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.send(frame);
    expect(await closed).toBe(1003);
  }
  await send(topic, "after");
  await waitFor(() => received.length > 0);
  expect(statuses).toEqual(["SUBSCRIBED"]);
});

test("an upgrade with an unknown protocol version, or one broken off half-way, affects no other connection", async () => {
  const refused = new WebSocket(`${server.url.replace("http", "ws")}/?apikey=${secretKey}&vsn=9`);
  const message = await new Promise((resolve) => refused.once("error", (error) => resolve(error.message)));
  expect(message).toBe("Unexpected server response: 400");

  const raw = connect(Number(new URL(server.url).port), "127.0.0.1");
  raw.write(
    `GET /realtime/v1/websocket?apikey=${publishableKey} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  );
  await new Promise((resolve) => raw.once("close", resolve).resume());
  expect((await subscribe(await server.connect(() => token), topicOf("harm"))).statuses).toEqual([
    "SUBSCRIBED",
  ]);
});

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(
    `${server.url.replace("http", "ws")}/realtime/v1/websocket?apikey=${secretKey}&vsn=2.0.0`,
  );
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}
