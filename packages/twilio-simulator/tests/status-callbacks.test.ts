// Status callbacks: Twilio's fields, real signatures, overrides in the fragment, and disorder on purpose.
import { createServer } from "node:net";
import twilio from "twilio";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ACCOUNT_SID, AUTH_TOKEN, FROM, type ReceivedWebhook } from "./sdk-client.ts";
import { SERVICE_SID, startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

const TO = "+13055550123";
let t: TestSimulator;

beforeAll(async () => {
  t = await startTestSimulator();
});
afterAll(() => t.stop());
beforeEach(() => t.prepare());

async function send(statusCallback: string, extra: object = {}): Promise<string> {
  const message = { to: TO, from: FROM, body: "¿Vende su terreno? José", statusCallback, ...extra };
  const { sid } = await t.client.messages.create(message);
  return sid;
}

const isSigned = (webhook: ReceivedWebhook, url = `${t.webhooks.url}${webhook.path}`, token = AUTH_TOKEN) =>
  twilio.validateRequest(token, String(webhook.headers["x-twilio-signature"]), url, webhook.params);

const statuses = () => t.webhooks.received.map((webhook) => webhook.params.MessageStatus);

test("sent and delivered are called back in order, signed over the URL with port and query", async () => {
  const sid = await send(`${t.statusUrl}?mid=m-1&a=2#rc=3&rp=5xx,ct,rt`);
  await t.control.waitUntilIdle();
  expect(statuses()).toEqual(["sent", "delivered"]);
  for (const webhook of t.webhooks.received) {
    expect(webhook.path).toBe("/functions/v1/twilio/status?mid=m-1&a=2");
    expect(webhook.headers["content-type"]).toMatch("application/x-www-form-urlencoded");
    expect(webhook.headers["i-twilio-idempotency-token"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(webhook.params).toMatchObject({
      AccountSid: ACCOUNT_SID,
      ApiVersion: "2010-04-01",
      From: FROM,
      MessageSid: sid,
      SmsSid: sid,
      SmsStatus: webhook.params.MessageStatus,
      To: TO,
    });
    expect(isSigned(webhook)).toBe(true);
    expect(isSigned(webhook, t.webhooks.url + webhook.path.replace("m-1", "m-2"))).toBe(false);
    expect(isSigned(webhook, undefined, "another token")).toBe(false);
  }
  expect(t.webhooks.received[1]?.params.RawDlrDoneDate).toMatch(/^\d{10}$/);
  expect(t.posts()[0]).toMatchObject({
    mid: "m-1",
    attempt: "2",
    sid,
    status: "delivered",
    answer: "answered",
  });
  expect(t.callbacks()).toMatchObject([
    { sid, status: "sent", httpStatus: 200, attempt: 1, lost: false, duplicate: false },
    { sid, status: "delivered", httpStatus: 200 },
  ]);
});

test("a Messaging Service adds queued, and its own StatusCallback is used if the message has none", async () => {
  await t.control.setServices([{ sid: SERVICE_SID, statusCallback: `${t.webhooks.url}/of-the-service` }]);
  await t.client.messages.create({ to: TO, messagingServiceSid: SERVICE_SID, body: "x" });
  await t.control.waitUntilIdle();
  await t.control.setServices([{ sid: SERVICE_SID, statusCallback: null }]);
  expect(statuses()).toEqual(["queued", "sent", "delivered"]);
  expect(
    t.webhooks.received.every((webhook) => webhook.path === "/of-the-service" && isSigned(webhook)),
  ).toBe(true);
  expect(t.webhooks.received[0]?.params.MessagingServiceSid).toBe(SERVICE_SID);
});

test("an undelivered message carries its code, a failed one was never sent", async () => {
  await t.control.setBehaviour({ delivery: { failures: [{ code: 30005, share: 1 }] } });
  const undelivered = await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(t.webhooks.received.map(({ params }) => [params.MessageStatus, params.ErrorCode])).toEqual([
    ["sent", undefined],
    ["undelivered", "30005"],
  ]);
  await t.control.setBehaviour({ delivery: { failures: [{ code: 30001, share: 1 }] } });
  const failed = await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(t.webhooks.received.at(-1)?.params).toMatchObject({ MessageStatus: "failed", ErrorCode: "30001" });
  expect(await t.client.messages(undelivered).fetch()).toMatchObject({
    status: "undelivered",
    errorCode: 30005,
  });
  expect(await t.client.messages(failed).fetch()).toMatchObject({
    status: "failed",
    errorCode: 30001,
    dateSent: null,
  });
});

test("an unconfirmed message stays sent", async () => {
  await t.control.setBehaviour({ delivery: { unconfirmed: 1 } });
  const sid = await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(statuses()).toEqual(["sent"]);
  expect((await t.client.messages(sid).fetch()).status).toBe("sent");
  expect((await t.control.verdict()).unconfirmed).toBe(1);
});

test("lost callbacks are never sent, and the record says so", async () => {
  await t.control.setBehaviour({ callbacks: { lost: 1 } });
  await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(t.webhooks.received).toHaveLength(0);
  expect(t.callbacks()).toMatchObject([
    { status: "sent", lost: true, httpStatus: null },
    { status: "delivered", lost: true, httpStatus: null },
  ]);
});

test("duplicated callbacks are sent again with the same idempotency token", async () => {
  await t.control.setBehaviour({ callbacks: { duplicated: 1 } });
  await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(statuses().sort()).toEqual(["delivered", "delivered", "sent", "sent"]);
  expect(
    new Set(t.webhooks.received.map((webhook) => webhook.headers["i-twilio-idempotency-token"])).size,
  ).toBe(2);
  expect(t.callbacks().filter((entry) => entry.duplicate)).toHaveLength(2);
});

test("reordered callbacks bring the final status first", async () => {
  await t.control.setBehaviour({ callbacks: { reordered: 1 } });
  await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(statuses()).toEqual(["delivered", "sent"]);
});

test("a callback can come before the answer to the POST", async () => {
  await t.control.setBehaviour({ callbacks: { beforeAnswer: 1 } });
  const sid = await send(t.statusUrl);
  expect(t.webhooks.received[0]?.params).toMatchObject({ MessageSid: sid, MessageStatus: "sent" });
  await t.control.waitUntilIdle();
  expect(statuses()).toEqual(["sent", "delivered"]);
  const [post] = t.posts();
  const [callback] = t.callbacks();
  expect(callback?.answeredMono).toBeLessThanOrEqual(post?.answeredMono as number);
});

test("a 5xx is not retried by default, and as often as the fragment says", async () => {
  t.webhooks.respond = () => ({ status: 503 });
  await t.control.setBehaviour({ delivery: { unconfirmed: 1 } });
  await send(`${t.statusUrl}?mid=a`);
  await t.control.waitUntilIdle();
  expect(t.webhooks.received).toHaveLength(1);
  await send(`${t.statusUrl}?mid=b#rc=2&rp=5xx,ct,rt`);
  await t.control.waitUntilIdle();
  expect(t.webhooks.received.map((webhook) => webhook.path.slice(-1))).toEqual(["a", "b", "b", "b"]);
  expect(t.callbacks().map((entry) => entry.attempt)).toEqual([1, 1, 2, 3]);
});

test("a retry ends with the first success", async () => {
  let calls = 0;
  t.webhooks.respond = () => ({ status: ++calls === 1 ? 500 : 204 });
  await t.control.setBehaviour({ delivery: { unconfirmed: 1 } });
  await send(`${t.statusUrl}#rc=5&rp=all`);
  await t.control.waitUntilIdle();
  expect(t.callbacks().map((entry) => entry.httpStatus)).toEqual([500, 204]);
});

test("a receiver that is too slow for rt is given up, and retried if rp names rt", async () => {
  let calls = 0;
  t.webhooks.respond = async () => {
    if (++calls === 1) await new Promise((resolve) => setTimeout(resolve, 5_000));
    return { status: 200 };
  };
  await t.control.setBehaviour({ delivery: { unconfirmed: 1 } });
  await send(`${t.statusUrl}#rt=1500&rc=1&rp=rt`);
  await t.control.waitUntilIdle();
  expect(t.callbacks()).toMatchObject([
    { error: "rt", httpStatus: null },
    { error: null, httpStatus: 200 },
  ]);
});

test("a refused connection is retried once by default", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  await t.control.setBehaviour({ delivery: { unconfirmed: 1 } });
  await send(`http://127.0.0.1:${port}/closed`);
  await t.control.waitUntilIdle();
  expect(t.callbacks().map((entry) => entry.error)).toEqual(["ct", "ct"]);
});

test("callbacks never leave this machine", async () => {
  await send("https://example.com/status");
  await t.control.waitUntilIdle();
  expect(t.callbacks().map((entry) => entry.error)).toEqual(["refused", "refused"]);
});

test("statuses move by hand under manual delivery, and a raw callback can say anything", async () => {
  await t.control.setBehaviour({ delivery: { manual: true } });
  const sid = await send(t.statusUrl);
  await t.control.waitUntilIdle();
  expect(statuses()).toEqual([]);
  expect(await t.control.setStatus(sid, "delivered")).toBe(true);
  expect(await t.control.setStatus(sid, "sent")).toBe(false);
  await t.control.sendCallback(sid, "sent");
  await t.control.waitUntilIdle();
  expect(statuses()).toEqual(["delivered", "sent"]);
  expect((await t.client.messages(sid).fetch()).status).toBe("delivered");
});

test("a number sends no faster than its mps, by segments, and fails what waits beyond its ValidityPeriod", async () => {
  await t.control.addNumbers([{ phoneNumber: "+12125550150", mps: 20 }]);
  const sids: string[] = [];
  const began = performance.now();
  for (let i = 0; i < 4; i++)
    sids.push(await send(t.statusUrl, { from: "+12125550150", body: "x".repeat(161) }));
  await t.control.waitUntilIdle();
  const sent = t.callbacks().filter((entry) => entry.status === "sent");
  expect(sent.map((entry) => entry.sid)).toEqual(sids);
  // Two segments at 20 a second are 100 ms each. The first starts at once, perhaps late on a busy machine.
  expect((sent[3]?.sentMono ?? 0) - began).toBeGreaterThanOrEqual(300);
  await t.control.addNumbers([{ phoneNumber: "+12125550151", mps: 0.05 }]);
  await send(t.statusUrl, { from: "+12125550151" });
  const late = await send(t.statusUrl, { from: "+12125550151", validityPeriod: 1 });
  await t.control.waitUntilIdle();
  expect(await t.client.messages(late).fetch()).toMatchObject({ status: "failed", errorCode: 30036 });
});
