// Every kind of Realtime channel: who may join it, that only the database can send there, and that nobody outside receives it.

import { type Subscription, subscribe } from "local-supabase/testing";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Actor, buildWorld, type World } from "./build-world.ts";
import { clientWith } from "./clients.ts";
import type { Side } from "./fill-org.ts";
import { readChannelKinds } from "./read-catalog.ts";
import { MALFORMED, TOPICS, type TopicExpectation } from "./topics.ts";

const stack = inject("stack");
const kinds = Object.keys(TOPICS);
const expectationOf = (kind: string) => TOPICS[kind] as TopicExpectation;
const topicOf = (kind: string, side: Side) => `${kind}:${expectationOf(kind).id(side)}`;

let world: World;
/** By "actor kind", what the first answers were. */
const outcomes = new Map<string, string>();
/** By "actor kind", of those who joined their own organisation's channels. */
const joined = new Map<string, Subscription>();
beforeAll(async () => {
  world = await buildWorld(stack);
  await Promise.all(world.actors.map(joinAll));
});
afterAll(() => world?.close());

/** All channels of both organisations at once: a socket that was refused waits longer before each new attempt. */
async function joinAll(actor: Actor): Promise<void> {
  if (actor.token) await actor.client.realtime.setAuth();
  await Promise.all(
    kinds.map(async (kind) => {
      const [own, other] = await Promise.all([
        subscribe(actor.client, topicOf(kind, world.ours), { broadcast: { ack: true } }),
        subscribe(actor.client, topicOf(kind, world.theirs)),
      ]);
      outcomes.set(`${actor.name} ${kind}`, `own ${statusOf(own)}, other ${statusOf(other)}`);
      if (isIn(actor)) joined.set(`${actor.name} ${kind}`, own);
      await actor.client.removeChannel(other.channel);
    }),
  );
  if (!isIn(actor)) await actor.client.removeAllChannels();
}

it("has an expectation for every kind of channel that may be joined or that the database broadcasts to", async () => {
  expect(await readChannelKinds(stack)).toEqual({ joined: kinds.sort(), broadcast: kinds.sort() });
});

/** A client that joins with this token from its first channel on. */
async function listenerWith(token: string) {
  const client = clientWith(stack, { token });
  await client.realtime.setAuth();
  return client;
}

const isIn = (actor: Actor) => actor.role !== undefined;
const statusOf = ({ statuses }: Subscription) => statuses[0]?.split(":")[0];

describe.each(kinds)("%s", (kind) => {
  it("is joined by people of its organisation and by nobody else", () => {
    expect(world.actors.map(({ name }) => `${name}: ${outcomes.get(`${name} ${kind}`)}`)).toEqual(
      world.actors.map(
        (actor) => `${actor.name}: own ${isIn(actor) ? "SUBSCRIBED" : "CHANNEL_ERROR"}, other CHANNEL_ERROR`,
      ),
    );
  });
});

it("can't be joined by a name that only looks like a channel's, by any caller", async () => {
  const client = await listenerWith(world.actor("admin").token as string);
  const names = MALFORMED(world.ours.id);
  expect(statusOf(await subscribe(client, `org:${world.ours.id}`))).toBe("SUBSCRIBED");
  const outcomes = await Promise.all(names.map(async (name) => statusOf(await subscribe(client, name))));
  await client.removeAllChannels();
  expect(names.filter((_name, i) => outcomes[i] !== "CHANNEL_ERROR")).toEqual([]);
});

it("carries nothing that a client sends, by websocket or over HTTP", async () => {
  const senders = world.actors.filter(isIn);
  const message = { type: "broadcast" as const, event: "forged", payload: { forged: true } };
  const byHttp = (token: string, topic: string) =>
    fetch(`${stack.API_URL}/realtime/v1/api/broadcast`, {
      method: "POST",
      headers: {
        apikey: stack.PUBLISHABLE_KEY,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ messages: [{ topic, ...message, private: true }] }),
    });
  const answers = await Promise.all(
    senders.flatMap(({ name, token }) =>
      kinds.flatMap((kind) => [
        // A refused message gets no answer; an allowed one is answered with "ok".
        joined.get(`${name} ${kind}`)?.channel.send(message, { timeout: 1500 }),
        byHttp(token as string, topicOf(kind, world.ours)).then(() => "timed out"),
        byHttp(token as string, topicOf(kind, world.theirs)).then(() => "timed out"),
      ]),
    ),
  );
  expect([...new Set(answers)]).toEqual(["timed out"]);
  const heard = await tellAll(world.ours);
  expect(heard.filter(({ events }) => events.includes("forged"))).toEqual([]);
});

it("broadcasts changes to its own organisation, and to no other in any way of listening", async () => {
  const { admin } = world.theirs.org;
  const [theirClient, publicClient] = [await listenerWith(admin.token), await listenerWith(admin.token)];
  const listen = (side: Side, isPrivate: boolean) =>
    Promise.all(
      kinds.map((kind) =>
        subscribe(isPrivate ? theirClient : publicClient, topicOf(kind, side), { private: isPrivate }),
      ),
    );
  const own = await listen(world.theirs, true);
  // Private channels are refused. Public ones anybody may join under any name, but the database never sends there.
  const refused = await listen(world.ours, true);
  const open = await listen(world.ours, false);
  expect(own.map(statusOf)).toEqual(kinds.map(() => "SUBSCRIBED"));
  expect(refused.map(statusOf)).toEqual(kinds.map(() => "CHANNEL_ERROR"));

  for (const { name, kind, tables } of await tellAll(world.ours)) {
    expect(tables, `${name} on ${kind}`).toContain(await tableOf(kind));
  }
  // Their own broadcasts arrive after all of ours, so none of ours is still on its way.
  await changeAll(world.theirs);
  await waitFor(() => own.every(({ received }) => received.length > 0));
  const owners = [...own, ...refused, ...open].flatMap(({ received }) =>
    received.flatMap(({ payload }) => payload.records.map((row: { org_id: string }) => row.org_id)),
  );
  expect([...new Set(owners)]).toEqual([world.theirs.id]);
  expect([...refused, ...open].flatMap(({ received }) => received)).toEqual([]);
  await Promise.all([theirClient.removeAllChannels(), publicClient.removeAllChannels()]);
});

const tables = new Map<string, string>();
const tableOf = async (kind: string) => tables.get(kind);

async function changeAll(side: Side): Promise<void> {
  for (const kind of kinds) tables.set(kind, await expectationOf(kind).change(world.sql, side));
}

/** Changes a row for every channel of a side, and waits until all members have received it. */
async function tellAll(side: Side) {
  const before = new Map([...joined].map(([key, { received }]) => [key, received.length]));
  await changeAll(side);
  await waitFor(() => [...joined].every(([key, { received }]) => received.length > (before.get(key) ?? 0)));
  return [...joined].map(([key, { received }]) => ({
    name: key.slice(0, key.lastIndexOf(" ")),
    kind: key.slice(key.lastIndexOf(" ") + 1),
    events: received.map(({ event }) => event),
    tables: received.map(({ payload }) => payload.table as string),
  }));
}
