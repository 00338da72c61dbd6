// People who answer: by share, once, in their language, from a seed.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inferIntent } from "../src/people/keywords.ts";
import { REPLIES, type ReplyKind, replaceTexts } from "../src/people/person-texts.ts";
import { startSimulator } from "../src/start-simulator.ts";
import type { InboundEntry } from "../src/state/record.ts";
import { FROM } from "./sdk-client.ts";
import { startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

let t: TestSimulator;

beforeAll(async () => {
  t = await startTestSimulator();
});
afterAll(() => t.stop());
beforeEach(() => t.prepare());

const person = (i: number) => `+1305555${1000 + i}`;
const writeTo = (i: number, body = "x") => t.client.messages.create({ to: person(i), from: FROM, body });

async function writeToAll(count: number): Promise<InboundEntry[]> {
  await Promise.all(Array.from({ length: count }, (_, i) => writeTo(i)));
  expect(await t.control.waitUntilIdle()).toBe(true);
  return t.inbounds();
}

test("nobody answers by default", async () => {
  expect(await writeToAll(20)).toEqual([]);
});

test("shares decide how many answer how; the rest is silent", async () => {
  await t.control.setBehaviour({
    people: {
      interested: 0.2,
      notInterested: 0.1,
      stop: 0.1,
      alto: 0.1,
      stopThanks: 0.1,
      help: 0.05,
      wrongNumber: 0.1,
    },
  });
  const replies = await writeToAll(400);
  const of = (intent: string) => replies.filter((reply) => reply.intent === intent).length / 400;
  expect(of("interested")).toBeCloseTo(0.2, 1);
  expect(of("not_interested")).toBeCloseTo(0.1, 1);
  expect(of("stop")).toBeCloseTo(0.3, 1);
  expect(of("wrong_number")).toBeCloseTo(0.1, 1);
  expect(of("help")).toBeGreaterThan(0);
  expect(replies.every((reply) => reply.httpStatus === 200 && reply.to === FROM)).toBe(true);
  expect(new Set(replies.map((reply) => reply.from)).size).toBe(replies.length);
});

test("a person answers once for any number of messages, unless set to repeat", async () => {
  await t.control.setBehaviour({ people: { interested: 1 } });
  await writeTo(1);
  await t.control.waitUntilIdle();
  await writeTo(1, "second");
  await t.control.waitUntilIdle();
  expect(t.inbounds()).toHaveLength(1);
  await t.control.setBehaviour({ people: { repeat: true } });
  await writeTo(1, "third");
  await t.control.waitUntilIdle();
  expect(t.inbounds()).toHaveLength(2);
});

test("only a delivered message is answered", async () => {
  await t.control.setBehaviour({
    people: { interested: 1 },
    delivery: { failures: [{ code: 30003, share: 1 }] },
  });
  await writeTo(1);
  await t.control.setBehaviour({ delivery: { failures: [], unconfirmed: 1 } });
  await writeTo(2);
  await t.control.waitUntilIdle();
  expect(t.inbounds()).toEqual([]);
});

test("the language follows its share", async () => {
  await t.control.setBehaviour({ people: { interested: 1, spanish: 1 } });
  for (const reply of await writeToAll(20)) expect(REPLIES.interested.es).toContain(reply.body);
  await t.prepare({ people: { interested: 1, spanish: 0 } });
  for (const reply of await writeToAll(20)) expect(REPLIES.interested.en).toContain(reply.body);
});

test("the same seed gives the same answers", async () => {
  const people = { interested: 0.3, stop: 0.3, wrongNumber: 0.2 };
  const words = async () => (await writeToAll(60)).map((reply) => `${reply.from} ${reply.body}`).sort();
  await t.control.setBehaviour({ people });
  const first = await words();
  await t.prepare({ people });
  expect(await words()).toEqual(first);
});

test("a STOP from a person blocks and is answered by Twilio, ALTO is left to us", async () => {
  await t.control.setBehaviour({ people: { stop: 1 } });
  await writeTo(1);
  await t.control.waitUntilIdle();
  await expect(writeTo(1, "again")).rejects.toMatchObject({ code: 21610 });
  await t.prepare({ people: { alto: 1 } });
  await writeTo(2);
  await t.control.waitUntilIdle();
  expect(t.inbounds()[0]).toMatchObject({ intent: "stop", keyword: null });
  expect((await writeTo(2, "again")).status).toBe("queued");
});

test("given texts replace the default ones of their kind, and no others", async () => {
  const own = { interested: { en: ["How much for the boat?"], es: ["¿Cuánto por el barco?"] } };
  const replies = replaceTexts(own);
  expect(replies.interested).toEqual({ intent: "interested", ...own.interested });
  expect(replies.stop).toEqual(REPLIES.stop);
  await expect(startSimulator({ port: 0, replies: { interested: { en: [], es: ["x"] } } })).rejects.toThrow(
    /interested/,
  );
});

test.each(Object.entries(REPLIES) as [ReplyKind, (typeof REPLIES)[ReplyKind]][])(
  "every %s text means what it says it means",
  (_kind, { intent, en, es }) => {
    for (const text of [...en, ...es]) {
      const isPlain = intent === "interested" || intent === "not_interested";
      expect([text, inferIntent(text)]).toEqual([text, isPlain ? "other" : intent]);
    }
  },
);
