// What goes wrong on purpose: lost answers, hidden messages, throttles, refusals.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { BehaviourPatch } from "../src/state/behaviour.ts";
import { ACCOUNT_SID, AUTH_TOKEN, createSdkClient, FROM } from "./sdk-client.ts";
import { POOL_NUMBER, SERVICE_SID, startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

const TO = "+13055550123";
const WAIT = { timeout: 15_000 };
let t: TestSimulator;

beforeAll(async () => {
  t = await startTestSimulator();
});
afterAll(() => t.stop());
beforeEach(() => t.prepare());

const send = (to = TO, body = "x", client = t.client) => client.messages.create({ to, from: FROM, body });
const listed = async () =>
  (await t.client.messages.list({ to: TO, from: FROM })).map((message) => message.body);

test("a timeout after accept gives no answer, yet the message exists and is delivered", async () => {
  await t.control.setBehaviour({ answers: { timeoutAfterAccept: 1 } });
  const hasty = createSdkClient(t.simulator.url, ACCOUNT_SID, AUTH_TOKEN, 1_000);
  await expect(send(TO, "lost answer", hasty)).rejects.toThrow(/timeout|aborted/i);
  await t.control.waitUntilIdle();
  expect(await listed()).toEqual(["lost answer"]);
  expect(t.posts()).toMatchObject([
    {
      accepted: true,
      answer: "held",
      httpStatus: null,
      status: "delivered",
      misbehaviour: "timeoutAfterAccept",
    },
  ]);
});

test("a held socket is closed when its time is over", async () => {
  await t.control.setBehaviour({ answers: { timeoutAfterAccept: 1, holdMs: 50 } });
  await expect(send()).rejects.toThrow();
  expect(t.posts()[0]?.accepted).toBe(true);
});

test.each([
  ["resetBeforeAccept", false, "reset", null],
  ["resetAfterAccept", true, "reset", null],
  ["errorBeforeAccept", false, "answered", 503],
  ["errorAfterAccept", true, "answered", 503],
] as const)("%s: the message exists = %s", async (kind, isAccepted, answer, httpStatus) => {
  await t.control.setBehaviour({ answers: { [kind]: 1, errorStatus: 503 } });
  const failure = await send().catch((error: { status?: number }) => error);
  expect(failure).toBeInstanceOf(Error);
  if (httpStatus !== null) expect(failure).toMatchObject({ status: httpStatus });
  expect(t.posts()).toMatchObject([{ accepted: isAccepted, answer, httpStatus, misbehaviour: kind }]);
  expect(await listed()).toHaveLength(isAccepted ? 1 : 0);
});

test("hidden messages are not listed, for a while or for good, but can be fetched", async () => {
  await t.control.setBehaviour({ hidden: { share: 1, forMs: 1_500 } });
  const { sid } = await send();
  expect(await listed()).toEqual([]);
  expect((await t.client.messages(sid).fetch()).sid).toBe(sid);
  await expect.poll(listed, WAIT).toEqual(["x"]);
  await t.prepare({ hidden: { share: 1, forMs: null } });
  await send();
  await t.control.waitUntilIdle();
  expect(await listed()).toEqual([]);
  expect(t.posts()).toMatchObject([{ hidden: true, status: "delivered" }]);
});

test("more requests at once than the limit are throttled with 20429, unprocessed", async () => {
  await t.control.setBehaviour({ limits: { concurrency: 2 }, answers: { hold: "before_accept" } });
  const first = [send("+13055550101"), send("+13055550102")];
  await expect.poll(() => t.control.held(), WAIT).toHaveLength(2);
  await expect(send("+13055550103")).rejects.toMatchObject({ code: 20429, status: 429 });
  await t.control.release();
  expect((await Promise.all(first)).map((message) => message.status)).toEqual(["queued", "queued"]);
  expect(t.posts().map((post) => [post.accepted, post.code])).toEqual([
    [true, null],
    [true, null],
    [false, 20429],
  ]);
});

test("a number's full queue is 21611, or 30001 later through a Messaging Service", async () => {
  await t.control.setBehaviour({ limits: { queueSeconds: 5 } });
  const slow = "+12125550160";
  await t.control.addNumbers([{ phoneNumber: slow, mps: 0.1 }]);
  await t.client.messages.create({ to: TO, from: slow, body: "fills ten seconds" });
  await expect(t.client.messages.create({ to: TO, from: slow, body: "x" })).rejects.toMatchObject({
    code: 21611,
    status: 429,
  });
  await t.control.addNumbers([
    { phoneNumber: slow, serviceSid: SERVICE_SID },
    { phoneNumber: POOL_NUMBER, mps: 0.1 },
  ]);
  for (const from of [slow, POOL_NUMBER])
    await t.client.messages.create({
      to: TO,
      from,
      messagingServiceSid: SERVICE_SID,
      body: "fills its queue",
    });
  const { sid } = await t.client.messages.create({
    to: TO,
    messagingServiceSid: SERVICE_SID,
    body: "too much",
  });
  await expect
    .poll(() => t.posts().find((post) => post.sid === sid), WAIT)
    .toMatchObject({ status: "failed", errorCode: 30001 });
});

test("the account's daily cap is 63038 with HTTP 429", async () => {
  await t.control.setBehaviour({ limits: { dailyMessages: 2 } });
  await send();
  await send();
  await expect(send()).rejects.toMatchObject({ code: 63038, status: 429 });
});

test("any code can be drawn as a refusal", async () => {
  await t.control.setBehaviour({ rejections: [{ code: 21611, share: 1 }] });
  await expect(send()).rejects.toMatchObject({ code: 21611, status: 429 });
});

test("overrides reach one number, one person or one message, and end after their times", async () => {
  const refuse = (code: number): BehaviourPatch => ({ rejections: [{ code, share: 1 }] });
  await t.control.addOverride({ to: TO, times: 1, behaviour: refuse(21612) });
  await t.control.addOverride({ mid: "m-9", behaviour: refuse(21614) });
  await expect(send()).rejects.toMatchObject({ code: 21612 });
  expect((await send()).status).toBe("queued");
  const marked = { to: TO, from: FROM, body: "x", statusCallback: `${t.statusUrl}?mid=m-9` };
  await expect(t.client.messages.create(marked)).rejects.toMatchObject({ code: 21614 });
  await t.control.addOverride({ number: FROM, behaviour: refuse(30007) });
  await expect(send("+13055550177")).rejects.toMatchObject({ code: 30007 });
  await t.control.clearOverrides();
  expect((await send()).status).toBe("queued");
});

test("one number can be filtered while another is clean", async () => {
  await t.control.addNumbers([{ phoneNumber: "+12125550102", mps: null }]);
  const failures = [{ code: 30007, share: 0.3 }];
  await t.control.addOverride({ number: FROM, behaviour: { delivery: { failures } } });
  for (let i = 0; i < 200; i++)
    await t.client.messages.create({
      to: `+1305555${1000 + i}`,
      from: i % 2 ? FROM : "+12125550102",
      body: "x",
    });
  await t.control.waitUntilIdle();
  const filtered = (from: string) =>
    t.posts().filter((post) => post.from === from && post.errorCode === 30007).length;
  expect(filtered("+12125550102")).toBe(0);
  expect(filtered(FROM)).toBeGreaterThan(15);
  expect(filtered(FROM)).toBeLessThan(45);
});

test("an answer can be held back after accepting, while callbacks are sent", async () => {
  await t.control.setBehaviour({ answers: { hold: "after_accept" } });
  let isAnswered = false;
  const marked = { to: TO, from: FROM, body: "x", statusCallback: `${t.statusUrl}?mid=m-1` };
  const created = t.client.messages.create(marked).then((message) => {
    isAnswered = true;
    return message;
  });
  await expect.poll(() => t.webhooks.received.length, WAIT).toBe(2);
  expect(isAnswered).toBe(false);
  expect(await t.control.release({ mid: "m-2" })).toBe(0);
  expect(await t.control.release({ mid: "m-1" })).toBe(1);
  expect((await created).sid).toBe(t.webhooks.received[0]?.params.MessageSid);
});

test("the price appears late, and failed messages cost nothing", async () => {
  await t.control.setBehaviour({ timeFactor: 1, delays: { sent: 0, final: 0, price: 1_500 } });
  const before = Number((await t.client.balance.fetch()).balance);
  const { sid } = await send();
  await t.control.waitUntilIdle();
  expect((await t.client.messages(sid).fetch()).price).toBeNull();
  await expect.poll(async () => (await t.client.messages(sid).fetch()).price, WAIT).toBe("-0.00830");
  await t.control.setBehaviour({ delivery: { failures: [{ code: 30001, share: 1 }] } });
  const failed = await send();
  await t.control.waitUntilIdle();
  expect(await t.client.messages(failed.sid).fetch()).toMatchObject({ status: "failed", price: null });
  expect(Number((await t.client.balance.fetch()).balance)).toBeCloseTo(before - 0.0083, 5);
});

test("lookups are throttled, fail, hang or find no number; each try of a phone is drawn separately", async () => {
  const behaviour: BehaviourPatch = {
    lookups: { throttled: 0.2, failed: 0.2, held: 0.1, invalid: 0.2 },
    answers: { holdMs: 30 },
  };
  await t.control.setBehaviour(behaviour);
  const people = Array.from({ length: 60 }, (_, i) => `+1305555${3000 + i}`);
  const look = (number: string) =>
    t.client.lookups.v2
      .phoneNumbers(number)
      .fetch({ fields: "line_type_intelligence" })
      .then(
        ({ valid }) => (valid ? "valid" : "invalid"),
        (error: { code?: number | string }) => String(error.code ?? "lost"),
      );
  const lookAll = () => Promise.all(people.map(look));
  const first = await lookAll();
  expect(new Set(first)).toEqual(new Set(["valid", "invalid", "20429", "20500", "lost"]));
  const second = await lookAll();
  expect(second).not.toEqual(first);
  // Whether the number exists depends on the phone, not on the try.
  const isTold = (word: string | undefined) => word === "valid" || word === "invalid";
  const changed = people.filter((_, i) => isTold(first[i]) && isTold(second[i]) && first[i] !== second[i]);
  expect(changed).toEqual([]);
  await t.control.reset();
  await t.control.setBehaviour(behaviour);
  expect(await lookAll()).toEqual(first);
});
