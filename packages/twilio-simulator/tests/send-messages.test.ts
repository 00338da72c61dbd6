// Sending through the official SDK: shapes, lists, refusals.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { connectSimulator } from "../src/connect-simulator.ts";
import { type RunningSimulator, startSimulator } from "../src/start-simulator.ts";
import { ACCOUNT_SID, AUTH_TOKEN, createSdkClient, FROM } from "./sdk-client.ts";

const SERVICE = `MG${"b2".repeat(16)}`;
const TO = "+13055550123";
const WAIT = { timeout: 15_000 };

let simulator: RunningSimulator;
let client: ReturnType<typeof createSdkClient>;
const control = () => connectSimulator(simulator.url).account(ACCOUNT_SID);

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, seed: 42 });
  client = createSdkClient(simulator.url);
});
afterAll(() => simulator.stop());

beforeEach(async () => {
  const simulated = connectSimulator(simulator.url);
  const account = await simulated.register({
    accountSid: ACCOUNT_SID,
    authToken: AUTH_TOKEN,
    services: [{ sid: SERVICE }],
    numbers: [
      { phoneNumber: FROM, mps: null },
      { phoneNumber: "+12125550101", mps: null, serviceSid: SERVICE },
    ],
  });
  await account.reset();
  await account.replaceBehaviour({ timeFactor: 0 });
});

test("a message is created queued, with Twilio's fields, and ends delivered", async () => {
  const created = await client.messages.create({ to: TO, from: FROM, body: "Hola, ¿vende su terreno?" });
  expect(created.sid).toMatch(/^SM[0-9a-f]{32}$/);
  expect(created).toMatchObject({
    status: "queued",
    direction: "outbound-api",
    from: FROM,
    to: TO,
    numSegments: "1",
    numMedia: "0",
    price: null,
    priceUnit: "USD",
    errorCode: null,
    messagingServiceSid: null,
    apiVersion: "2010-04-01",
  });
  expect(created.dateSent).toBeNull();
  expect(Math.abs(created.dateCreated.getTime() - Date.now())).toBeLessThan(10_000);
  expect(await control().waitUntilIdle()).toBe(true);
  const fetched = await client.messages(created.sid).fetch();
  expect(fetched).toMatchObject({ status: "delivered", body: "Hola, ¿vende su terreno?" });
  expect(fetched.dateSent).toBeInstanceOf(Date);
  expect(fetched.price).toBe("-0.00830");
});

test("a message through a Messaging Service is accepted without sender and segments, which come later", async () => {
  await control().setBehaviour({ timeFactor: 1, delays: { queued: 300, sent: 60_000 } });
  const created = await client.messages.create({
    to: TO,
    messagingServiceSid: SERVICE,
    body: "á".repeat(71),
  });
  expect(created).toMatchObject({
    status: "accepted",
    from: null,
    numSegments: "0",
    messagingServiceSid: SERVICE,
  });
  const status = async () => (await client.messages(created.sid).fetch()).status;
  await expect.poll(status, WAIT).toBe("queued");
  expect(await client.messages(created.sid).fetch()).toMatchObject({
    from: "+12125550101",
    numSegments: "2",
  });
});

test("lists go by To, From and date of sending, newest first, page by page", async () => {
  for (let i = 0; i < 7; i++) await client.messages.create({ to: TO, from: FROM, body: `number ${i}` });
  await client.messages.create({ to: "+13055550124", from: FROM, body: "to another person" });
  await control().waitUntilIdle();
  const all = await client.messages.list({ to: TO, from: FROM, pageSize: 3 });
  expect(all.map((message) => message.body)).toEqual([6, 5, 4, 3, 2, 1, 0].map((i) => `number ${i}`));
  const day = 86_400_000;
  const sentAfter = (at: number) => client.messages.list({ to: TO, dateSentAfter: new Date(at) });
  expect(await sentAfter(Date.now() - day)).toHaveLength(7);
  expect(await sentAfter(Date.now() + day)).toHaveLength(0);
  expect(await client.messages.list({ dateSentBefore: new Date(Date.now() - 2 * day) })).toHaveLength(0);
  expect(await client.messages.list({ from: "+12125550101" })).toHaveLength(0);
});

test("a message still queued has no date of sending, so only a list without dates finds it", async () => {
  await control().setBehaviour({ delivery: { manual: true } });
  const { sid } = await client.messages.create({ to: TO, from: FROM, body: "waiting" });
  expect(await client.messages.list({ to: TO, dateSentAfter: new Date(Date.now() - 60_000) })).toHaveLength(
    0,
  );
  expect((await client.messages.list({ to: TO })).map((message) => message.sid)).toEqual([sid]);
});

test.each([
  [21604, 400, { to: "", from: FROM, body: "x" }],
  [21211, 400, { to: "+1305555", from: FROM, body: "x" }],
  [21211, 400, { to: "not a number", from: FROM, body: "x" }],
  [21408, 400, { to: "+447700900123", from: FROM, body: "x" }],
  [21614, 400, { to: "+15005550009", from: FROM, body: "x" }],
  [21603, 400, { to: TO, body: "x" }],
  [21212, 400, { to: TO, from: "12", body: "x" }],
  [21606, 400, { to: TO, from: "+12125550199", body: "x" }],
  [21602, 400, { to: TO, from: FROM, body: "" }],
  [21617, 400, { to: TO, from: FROM, body: "x".repeat(1601) }],
  [21609, 400, { to: TO, from: FROM, body: "x", statusCallback: "http://bad_host.example/x" }],
  [90014, 400, { to: TO, from: FROM, body: "x", validityPeriod: 0 }],
  [90007, 400, { to: TO, from: FROM, body: "x", validityPeriod: 36_001 }],
  [21705, 400, { to: TO, messagingServiceSid: `MG${"0".repeat(32)}`, body: "x" }],
])("code %i with HTTP %i refuses what Twilio refuses", async (code, status, request) => {
  // biome-ignore lint/suspicious/noExplicitAny: some requests are wrong on purpose
  await expect(client.messages.create(request as any)).rejects.toMatchObject({
    code,
    status,
    moreInfo: `https://www.twilio.com/docs/errors/${code}`,
  });
  expect(simulator.record(ACCOUNT_SID).filter((entry) => entry.kind === "post")).toMatchObject([
    { accepted: false, code, httpStatus: status, sid: null },
  ]);
});

test("a wrong token is refused with 20003, and another account's path is not served", async () => {
  const stranger = createSdkClient(simulator.url, ACCOUNT_SID, "wrong");
  await expect(stranger.messages.create({ to: TO, from: FROM, body: "x" })).rejects.toMatchObject({
    code: 20003,
    status: 401,
  });
  const other = `AC${"c3".repeat(16)}`;
  await connectSimulator(simulator.url).register({ accountSid: other, authToken: "other" });
  const intruder = createSdkClient(simulator.url, other, "other");
  await expect(intruder.api.v2010.accounts(ACCOUNT_SID).messages.list()).rejects.toMatchObject({
    code: 20003,
  });
});

test("fetching an unknown message is 20404", async () => {
  await expect(client.messages(`SM${"0".repeat(32)}`).fetch()).rejects.toMatchObject({
    code: 20404,
    status: 404,
  });
});

test("a finished message can be redacted and deleted; the record keeps both", async () => {
  const { sid } = await client.messages.create({ to: TO, from: FROM, body: "private" });
  await control().waitUntilIdle();
  expect((await client.messages(sid).update({ body: "" })).body).toBe("");
  expect(await client.messages(sid).remove()).toBe(true);
  await expect(client.messages(sid).fetch()).rejects.toMatchObject({ code: 20404 });
  expect(simulator.record(ACCOUNT_SID)[0]).toMatchObject({ kind: "post", sid, body: "private" });
});

test("a scheduled message can be canceled, a sent one cannot", async () => {
  const { sid, status } = await client.messages.create({
    to: TO,
    messagingServiceSid: SERVICE,
    body: "later",
    scheduleType: "fixed",
    sendAt: new Date(Date.now() + 3_600_000),
  });
  expect(status).toBe("scheduled");
  expect((await client.messages(sid).update({ status: "canceled" })).status).toBe("canceled");
  await expect(client.messages(sid).update({ status: "canceled" })).rejects.toMatchObject({ status: 400 });
});
