// People's texts: the inbound webhook, Twilio's own keywords, and the block they cause.
import twilio from "twilio";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { AUTH_TOKEN, FROM } from "./sdk-client.ts";
import { POOL_NUMBER, SERVICE_SID, startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

const PERSON = "+13055550123";
let t: TestSimulator;

beforeAll(async () => {
  t = await startTestSimulator();
});
afterAll(() => t.stop());
beforeEach(() => t.prepare());

const say = (body: string, to = FROM) => t.control.sendInbound({ from: PERSON, to, body });
const write = (from = FROM) => t.client.messages.create({ to: PERSON, from, body: "x" });
const autoReplies = () =>
  t.simulator
    .record(t.client.accountSid)
    .flatMap((entry) => (entry.kind === "auto_reply" ? [entry.body] : []));

test("a text reaches the number's webhook, signed, with Twilio's fields", async () => {
  const entry = await say("Me interesa, ¿cuánto ofrece? 🏡");
  const webhook = t.webhooks.received[0];
  expect(webhook?.path).toBe("/inbound?org=7");
  expect(webhook?.params).toMatchObject({
    AccountSid: t.client.accountSid,
    ApiVersion: "2010-04-01",
    Body: "Me interesa, ¿cuánto ofrece? 🏡",
    From: PERSON,
    FromCountry: "US",
    FromCity: "",
    NumMedia: "0",
    NumSegments: "1",
    SmsStatus: "received",
    To: FROM,
  });
  expect(webhook?.params.MessageSid).toBe(entry.sid);
  expect(webhook?.params.SmsMessageSid).toBe(entry.sid);
  expect(webhook?.params).not.toHaveProperty("MessageStatus");
  expect(webhook?.params).not.toHaveProperty("OptOutType");
  const signature = String(webhook?.headers["x-twilio-signature"]);
  const url = `${t.webhooks.url}/inbound?org=7`;
  expect(twilio.validateRequest(AUTH_TOKEN, signature, url, webhook?.params ?? {})).toBe(true);
  expect(twilio.validateRequest(AUTH_TOKEN, signature, url, { ...webhook?.params, Body: "STOP" })).toBe(
    false,
  );
  const fetched = await t.client.messages(entry.sid).fetch();
  expect(fetched).toMatchObject({ direction: "inbound", status: "received", from: PERSON, to: FROM });
});

test("a picture arrives as MMS with its URL", async () => {
  const media = ["https://api.twilio.com/2010-04-01/a.jpg"];
  const entry = await t.control.sendInbound({ from: PERSON, to: FROM, body: "", media });
  expect(entry.sid).toMatch(/^MM/);
  expect(t.webhooks.received[0]?.params).toMatchObject({ NumMedia: "1", MediaUrl0: media[0] });
});

test.each(["STOP", "stop", " Unsubscribe ", "END", "QUIT", "STOPALL", "OPTOUT", "CANCEL"])(
  "%s blocks the sender, is answered by Twilio once, and is still forwarded",
  async (word) => {
    await say(word);
    await say(word);
    expect(t.webhooks.received.map((webhook) => webhook.params.Body)).toEqual([word, word]);
    expect(autoReplies()).toEqual([expect.stringContaining("unsubscribed")]);
    await expect(write()).rejects.toMatchObject({ code: 21610, status: 400 });
    expect((await t.client.messages.create({ to: PERSON, from: POOL_NUMBER, body: "x" })).sid).toMatch(/^SM/);
  },
);

test.each(["ALTO", "Stop. Thank you", "STOP please", "opt out", "this weekend"])(
  "%s is no keyword of Twilio's: nothing is blocked or answered",
  async (text) => {
    expect(await say(text)).toMatchObject({ keyword: null, httpStatus: 200 });
    expect(autoReplies()).toEqual([]);
    expect((await write()).status).toBe("queued");
  },
);

test.each(["START", "YES", "unstop"])("%s lifts the block and is answered", async (word) => {
  await say("STOP");
  await say(word);
  expect(autoReplies()).toEqual([
    expect.stringContaining("unsubscribed"),
    expect.stringContaining("re-subscribed"),
  ]);
  expect((await write()).status).toBe("queued");
});

test("YES without a block is an ordinary text", async () => {
  await say("YES");
  expect(autoReplies()).toEqual([]);
});

test.each(["HELP", "info"])("%s is answered and changes nothing", async (word) => {
  await say(word);
  expect(autoReplies()).toEqual([expect.stringContaining("Reply STOP")]);
  expect((await write()).status).toBe("queued");
});

test("toll-free opt-outs are undone by START and UNSTOP only", async () => {
  const tollFree = "+18885550100";
  await t.control.addNumbers([{ phoneNumber: tollFree, mps: null }]);
  await say("STOP", tollFree);
  await say("YES", tollFree);
  await expect(write(tollFree)).rejects.toMatchObject({ code: 21610 });
  await say("START", tollFree);
  expect((await write(tollFree)).status).toBe("queued");
});

test("in a Messaging Service the block covers the whole pool, and inbound goes to the service", async () => {
  await t.control.addNumbers([{ phoneNumber: "+12125550103", mps: null, serviceSid: SERVICE_SID }]);
  await say("STOP", POOL_NUMBER);
  expect(t.webhooks.received[0]).toMatchObject({
    path: "/service?org=7",
    params: { MessagingServiceSid: SERVICE_SID },
  });
  const viaService = { to: PERSON, messagingServiceSid: SERVICE_SID, body: "x" };
  await expect(t.client.messages.create(viaService)).rejects.toMatchObject({ code: 21610 });
  await expect(write("+12125550103")).rejects.toMatchObject({ code: 21610 });
  expect((await write(FROM)).status).toBe("queued");
  expect((await t.client.messages.create({ ...viaService, to: "+13055550124" })).status).toBe("accepted");
});

test("Advanced Opt-Out sends OptOutType, knows Spanish, and refuses later instead of at once", async () => {
  await t.control.setServices([{ sid: SERVICE_SID, advancedOptOut: {} }]);
  await say("alto", POOL_NUMBER);
  await say("AYUDA", POOL_NUMBER);
  expect(t.webhooks.received.map((webhook) => webhook.params.OptOutType)).toEqual(["STOP", "HELP"]);
  expect(autoReplies()).toHaveLength(1);
  const { sid } = await t.client.messages.create({
    to: PERSON,
    messagingServiceSid: SERVICE_SID,
    body: "x",
    statusCallback: t.statusUrl,
  });
  await t.control.waitUntilIdle();
  expect(await t.client.messages(sid).fetch()).toMatchObject({ status: "failed", errorCode: 21610 });
  await say("START", POOL_NUMBER);
  expect(t.webhooks.received.at(-1)?.params.OptOutType).toBe("START");
});

test("a service without InboundRequestUrl drops the text, unless the number's webhook is used", async () => {
  await t.control.setServices([{ sid: SERVICE_SID, inboundRequestUrl: null }]);
  expect(await say("hello", POOL_NUMBER)).toMatchObject({ url: null, httpStatus: null });
  await t.control.setServices([{ sid: SERVICE_SID, useInboundWebhookOnNumber: true }]);
  await t.control.addNumbers([{ phoneNumber: POOL_NUMBER, smsUrl: `${t.webhooks.url}/of-the-number` }]);
  await say("hello", POOL_NUMBER);
  expect(t.webhooks.received.map((webhook) => webhook.path)).toEqual(["/of-the-number"]);
});

test("TwiML replies are sent, and bad answers give Twilio's error codes", async () => {
  const body =
    "<?xml version='1.0'?><Response><Message>Tom &amp; Ana</Message><Message><Body>two</Body></Message></Response>";
  t.webhooks.respond = () => ({ status: 200, type: "text/xml", body });
  expect(await say("hello")).toMatchObject({ debuggerCode: null });
  expect(autoReplies()).toEqual(["Tom & Ana", "two"]);
  t.webhooks.respond = () => ({ status: 200, type: "application/json", body: "{}" });
  expect(await say("hello")).toMatchObject({ debuggerCode: 12300 });
  t.webhooks.respond = () => ({ status: 200, type: "text/xml", body: "<Response><Message>" });
  expect(await say("hello")).toMatchObject({ debuggerCode: 12100 });
  t.webhooks.respond = () => ({ status: 403 });
  expect(await say("hello")).toMatchObject({ debuggerCode: 11200, httpStatus: 403 });
});

test("a failing webhook is followed by the fallback", async () => {
  await t.control.addNumbers([{ phoneNumber: FROM, smsFallbackUrl: `${t.webhooks.url}/fallback` }]);
  t.webhooks.respond = (webhook) => ({ status: webhook.path === "/fallback" ? 200 : 500 });
  await say("hello");
  expect(t.webhooks.received.map((webhook) => webhook.path)).toEqual(["/inbound?org=7", "/fallback"]);
  expect(t.inbounds().map((entry) => entry.httpStatus)).toEqual([500, 200]);
});

test("a doubled inbound has one MessageSid", async () => {
  await t.control.setBehaviour({ inbound: { duplicated: 1 } });
  await say("hello");
  expect(t.webhooks.received).toHaveLength(2);
  expect(new Set(t.webhooks.received.map((webhook) => webhook.params.MessageSid)).size).toBe(1);
});

test("a text to a number that is not the account's is refused by name", async () => {
  await expect(say("hello", "+12125550198")).rejects.toThrow(/\+12125550198 is not a number/);
});
