/** Who may join a topic: API key, token and policies decide, at the join and as long as the channel is open. */
import { createHmac } from "node:crypto";
import type { SupabaseClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { subscribe } from "../src/testing/realtime-channel.ts";
import { waitFor } from "../src/testing/wait-for.ts";
import {
  jwtSecret,
  north,
  publishableKey,
  type RealtimeServer,
  secretKey,
  signToken,
  south,
  startRealtimeServer,
} from "./start-realtime-server.ts";

let server: RealtimeServer;

beforeAll(async () => {
  server = await startRealtimeServer();
});
afterAll(() => server?.stop());

const connectWith = async (token: string | Promise<string>) => {
  const value = await token;
  return server.connect(() => value);
};
const denied = (topic: string) =>
  `CHANNEL_ERROR: Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`;
const send = (topic: string, event: string) => server.sql`select realtime.send('{}', ${event}, ${topic})`;

/** Resolves once the client's socket has been refused. */
async function refusalOf(client: SupabaseClient): Promise<string> {
  const { statuses } = await subscribe(client, `team:${north.team}`);
  client.realtime.disconnect();
  return statuses[0] ?? "";
}

test("a member joins a topic of the own team and is refused one of another team, in hosted Realtime's words", async () => {
  const [ours, theirs] = [await connectWith(signToken(north.user)), await connectWith(signToken(south.user))];
  const topic = `team:${north.team}`;
  expect((await subscribe(ours, topic)).statuses).toEqual(["SUBSCRIBED"]);
  expect((await subscribe(theirs, topic)).statuses[0]).toBe(denied(topic));
  expect((await subscribe(theirs, `team:${south.team}`)).statuses).toEqual(["SUBSCRIBED"]);
});

test("a person who is not signed in is refused every private topic", async () => {
  const { statuses } = await subscribe(await server.connect(), `team:${north.team}`);
  expect(statuses[0]).toBe(denied(`team:${north.team}`));
});

test("a topic that makes the policy itself fail is refused and the policy's error is logged", async () => {
  const { statuses } = await subscribe(await connectWith(signToken(north.user)), "team:no-uuid");
  expect(statuses[0]).toBe(denied("team:no-uuid"));
  expect(server.lines.join("\n")).toMatch(/RlsPolicyError on topic team:no-uuid: 22P02/);
});

test("the secret key joins every topic, as it bypasses row level security", async () => {
  const { statuses } = await subscribe(await server.connect(undefined, secretKey), `team:${south.team}`);
  expect(statuses).toEqual(["SUBSCRIBED"]);
});

test("a connection without the project's API key is refused", async () => {
  expect(await refusalOf(await server.connect(undefined, "sb_publishable_other"))).toMatch(/^CHANNEL_ERROR/);
  const response = await fetch(`${server.url}/realtime/v1/api/broadcast`, {
    method: "POST",
    headers: { apikey: `${publishableKey}x` },
    body: "{}",
  });
  expect([response.status, await response.json()]).toEqual([401, { message: "Invalid API key" }]);
});

test("forged, unsigned, expired, incomplete and malformed tokens are each refused with their reason", async () => {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const claims = { sub: north.user, role: "authenticated", exp: Math.floor(Date.now() / 1000) + 600 };
  const withoutExpiry = `${encode({ alg: "HS256" })}.${encode({ sub: north.user, role: "authenticated" })}`;
  const signature = createHmac("sha256", jwtSecret).update(withoutExpiry).digest("base64url");
  const reasons = {
    [await signToken(north.user, 600, {}, "another-secret-that-is-as-long-as-the-first-one")]:
      "JwtSignatureError: Failed to validate JWT signature",
    [`${encode({ alg: "none" })}.${encode(claims)}.`]: "JwtSignatureError: Failed to validate JWT signature",
    [await signToken(north.user, -60)]: /InvalidJWTToken: Token has expired 6\d seconds ago/,
    [`${withoutExpiry}.${signature}`]: "InvalidJWTToken: Fields `role` and `exp` are required in JWT",
    [await signToken(north.user, 600, { role: undefined })]:
      "InvalidJWTToken: Fields `role` and `exp` are required in JWT",
    "not-a-token": "MalformedJWT: The token provided is not a valid JWT",
  };
  for (const [token, reason] of Object.entries(reasons)) {
    const { statuses } = await subscribe(await connectWith(token), `team:${north.team}`);
    expect(statuses[0]).toMatch(typeof reason === "string" ? `CHANNEL_ERROR: ${reason}` : reason);
  }
});

test("a token that names a superuser is refused, though its signature is right", async () => {
  const token = signToken(north.user, 600, { role: "supabase_admin" });
  const { statuses } = await subscribe(await connectWith(token), `team:${north.team}`);
  expect(statuses[0]).toBe(denied(`team:${north.team}`));
});

test("a channel whose token runs out is closed with the reason; one whose token was refreshed goes on", async () => {
  let token = await signToken(north.user, 5);
  const lapsing = await connectWith(token);
  const refreshing = await server.connect(() => token);
  const topic = `expiry:${north.team}`;
  const [lapsed, refreshed] = [await subscribe(lapsing, topic), await subscribe(refreshing, topic)];
  expect([lapsed.statuses, refreshed.statuses]).toEqual([["SUBSCRIBED"], ["SUBSCRIBED"]]);

  token = await signToken(north.user, 600);
  await refreshing.realtime.setAuth();
  await waitFor(() => lapsed.statuses.includes("CLOSED"));
  expect(lapsed.system).toEqual([
    {
      extension: "system",
      status: "error",
      message: expect.stringMatching(/^Token has expired \d+ seconds ago$/),
      channel: topic,
    },
  ]);
  await send(topic, "after");
  await waitFor(() => refreshed.received.length > 0);
  expect(refreshed.statuses).toEqual(["SUBSCRIBED"]);
  expect(lapsed.received).toEqual([]);
});

test("a refresh with a forged token, or with one whose policies no longer allow reading, closes the channel", async () => {
  const forged = await signToken(north.user, 600, {}, "another-secret-that-is-as-long-as-the-first-one");
  const other = await signToken(south.user);
  const topic = `refresh:${north.team}`;
  const reasons = {
    [forged]: "Failed to validate JWT signature",
    [other]: `You do not have permissions to read from this Channel topic: ${topic}`,
  };
  for (const [next, reason] of Object.entries(reasons)) {
    let token = await signToken(north.user);
    const client = await server.connect(() => token);
    const { statuses, system } = await subscribe(client, topic);
    token = next;
    await client.realtime.setAuth();
    await waitFor(() => statuses.includes("CLOSED"));
    expect(system[0]?.message).toBe(reason);
  }
});

test("membership is checked at every join, so a person who left the team gets no access", async () => {
  const user = "cccccccc-cccc-4ccc-8ccc-cccccccccccc";
  await server.sql`insert into public.members values (${user}, ${north.team}, false)`;
  const client = await connectWith(signToken(user));
  const first = await subscribe(client, `team:${north.team}`);
  await client.removeChannel(first.channel);
  await server.sql`delete from public.members where user_id = ${user}`;
  const second = await subscribe(client, `team:${north.team}`);
  expect([first.statuses[0], second.statuses[0]]).toEqual(["SUBSCRIBED", denied(`team:${north.team}`)]);
});

test("probing the policies leaves no row behind", async () => {
  await subscribe(await connectWith(signToken(north.user)), `probe:${north.team}`);
  expect(await server.sql`select from realtime.messages where topic = ${`probe:${north.team}`}`).toHaveLength(
    0,
  );
});

test("a connection holds 100 channels and no more", async () => {
  const client = await connectWith(signToken(north.user));
  const joins = Array.from({ length: 101 }, (_, n) => subscribe(client, `many-${n}:${north.team}`));
  const statuses = (await Promise.all(joins)).map((join) => join.statuses[0]);
  expect(statuses.filter((status) => status === "SUBSCRIBED")).toHaveLength(100);
  expect(statuses).toContain("CHANNEL_ERROR: ChannelRateLimitReached: Too many channels");
});

test("postgres may write policies on realtime.messages and change nothing else in the schema", async () => {
  const run = (statement: string) =>
    server.sql.begin(async (transaction) => {
      await transaction`set local session authorization postgres`;
      await transaction.unsafe(statement);
      throw new Error("allowed");
    });
  await expect(run("create policy p on realtime.messages for select using (false)")).rejects.toThrow(
    "allowed",
  );
  for (const statement of [
    "create table realtime.own ()",
    "create function realtime.own() returns int language sql as 'select 1'",
    "alter table realtime.messages disable row level security",
    "drop function realtime.topic()",
    "drop table realtime.messages",
    "drop schema realtime cascade",
  ]) {
    await expect(run(statement), statement).rejects.toMatchObject({ code: "42501" });
  }
  await expect(
    run("select realtime.probe_topic_access('t', '{}', '{}', 'broadcast', 'select')"),
  ).rejects.toMatchObject({ code: "42501" });
});
