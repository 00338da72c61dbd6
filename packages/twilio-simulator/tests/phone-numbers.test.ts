// Numbers, services, campaigns, lookup, account: through the official SDK.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ACCOUNT_SID, AUTH_TOKEN, createSdkClient, FROM } from "./sdk-client.ts";
import { POOL_NUMBER, SERVICE_SID, startTestSimulator, type TestSimulator } from "./start-test-simulator.ts";

let t: TestSimulator;

beforeAll(async () => {
  t = await startTestSimulator();
});
afterAll(() => t.stop());
beforeEach(() => t.prepare());

test("local numbers are found by area code, pattern and region, all of them fictional", async () => {
  const search = t.client.availablePhoneNumbers("US").local;
  const inDallas = await search.list({ areaCode: 214, limit: 5 });
  expect(inDallas.map((number) => number.phoneNumber)).toEqual([0, 1, 2, 3, 4].map((i) => `+1214555010${i}`));
  expect(inDallas[0]).toMatchObject({
    friendlyName: "(214) 555-0100",
    locality: "Dallas",
    region: "TX",
    isoCountry: "US",
    addressRequirements: "none",
    capabilities: { SMS: true, MMS: true, voice: true },
  });
  const inTexas = await search.list({ inRegion: "TX", limit: 1000 });
  expect(new Set(inTexas.map((number) => number.region))).toEqual(new Set(["TX"]));
  const withPattern = await search.list({ contains: "21455501*7", limit: 1000 });
  expect(withPattern.map((number) => number.phoneNumber)).toContain("+12145550117");
  expect(withPattern.every((number) => /^\+1214555\d\d\d7$/.test(number.phoneNumber))).toBe(true);
  const tollFree = await t.client.availablePhoneNumbers("US").tollFree.list({ areaCode: 888, limit: 2 });
  expect(tollFree.map((number) => number.phoneNumber)).toEqual(["+18885550100", "+18885550101"]);
});

test("a number is bought, listed, changed, used and released", async () => {
  const bought = await t.client.incomingPhoneNumbers.create({
    phoneNumber: "+14325550142",
    friendlyName: "Midland",
    smsUrl: `${t.webhooks.url}/inbound`,
  });
  expect(bought.sid).toMatch(/^PN[0-9a-f]{32}$/);
  expect(bought).toMatchObject({
    phoneNumber: "+14325550142",
    friendlyName: "Midland",
    capabilities: { sms: true },
  });
  const found = await t.client.incomingPhoneNumbers.list({ phoneNumber: "+14325550142" });
  expect(found.map((number) => number.sid)).toEqual([bought.sid]);
  const offered = await t.client.availablePhoneNumbers("US").local.list({ areaCode: 432, limit: 1000 });
  expect(offered.map((number) => number.phoneNumber)).not.toContain("+14325550142");
  await expect(t.client.incomingPhoneNumbers.create({ phoneNumber: "+14325550142" })).rejects.toMatchObject({
    code: 21422,
  });
  const changed = await t.client
    .incomingPhoneNumbers(bought.sid)
    .update({ smsUrl: "https://example.com/in" });
  expect(changed.smsUrl).toBe("https://example.com/in");
  expect((await t.client.incomingPhoneNumbers(bought.sid).fetch()).smsUrl).toBe("https://example.com/in");
  const message = { to: "+13055550123", from: "+14325550142", body: "x" };
  expect((await t.client.messages.create(message)).status).toBe("queued");
  expect(await t.client.incomingPhoneNumbers(bought.sid).remove()).toBe(true);
  await expect(t.client.messages.create(message)).rejects.toMatchObject({ code: 21606 });
  await expect(t.client.incomingPhoneNumbers(bought.sid).fetch()).rejects.toMatchObject({ code: 20404 });
});

test("a number is bought by area code, and nonsense is refused", async () => {
  const { phoneNumber, sid } = await t.client.incomingPhoneNumbers.create({ areaCode: "806" });
  expect(phoneNumber).toBe("+18065550100");
  await t.client.incomingPhoneNumbers(sid).remove();
  const buy = (options: object) => t.client.incomingPhoneNumbers.create(options);
  await expect(buy({ areaCode: "1" })).rejects.toMatchObject({ code: 21452 });
  await expect(buy({ phoneNumber: "12" })).rejects.toMatchObject({ code: 21421 });
  await expect(buy({ phoneNumber: "+15005550000" })).rejects.toMatchObject({ code: 21422 });
});

test("a Messaging Service is made, filled, changed and removed", async () => {
  const service = await t.client.messaging.v1.services.create({
    friendlyName: "Campaigns",
    inboundRequestUrl: "https://example.com/in",
    stickySender: true,
    validityPeriod: 3600,
    usecase: "marketing",
  });
  expect(service.sid).toMatch(/^MG[0-9a-f]{32}$/);
  expect(service).toMatchObject({
    friendlyName: "Campaigns",
    validityPeriod: 3600,
    usAppToPersonRegistered: false,
  });
  const pool = t.client.messaging.v1.services(service.sid).phoneNumbers;
  const [owned] = await t.client.incomingPhoneNumbers.list({ phoneNumber: FROM });
  const phoneNumberSid = String(owned?.sid);
  expect(await pool.create({ phoneNumberSid })).toMatchObject({ phoneNumber: FROM, countryCode: "US" });
  await expect(pool.create({ phoneNumberSid })).rejects.toMatchObject({ code: 21710, status: 409 });
  const other = t.client.messaging.v1.services(SERVICE_SID).phoneNumbers;
  await expect(other.create({ phoneNumberSid })).rejects.toMatchObject({ code: 21712 });
  expect((await pool.list()).map((number) => number.phoneNumber)).toEqual([FROM]);
  const outside = { to: "+13055550123", from: POOL_NUMBER, messagingServiceSid: service.sid, body: "x" };
  await expect(t.client.messages.create(outside)).rejects.toMatchObject({ code: 21606 });
  const pinned = await t.client.messages.create({ ...outside, from: FROM });
  expect(pinned).toMatchObject({ status: "accepted", from: FROM });
  expect(await pool(phoneNumberSid).remove()).toBe(true);
  const unpinned = { to: "+13055550123", messagingServiceSid: service.sid, body: "x" };
  await expect(t.client.messages.create(unpinned)).rejects.toMatchObject({ code: 21704 });
  const renamed = await t.client.messaging.v1.services(service.sid).update({ friendlyName: "Renamed" });
  expect(renamed.friendlyName).toBe("Renamed");
  const names = (await t.client.messaging.v1.services.list({ pageSize: 1 })).map((one) => one.friendlyName);
  expect(names).toContain("Renamed");
  expect(await t.client.messaging.v1.services(service.sid).remove()).toBe(true);
  await expect(t.client.messaging.v1.services(service.sid).fetch()).rejects.toMatchObject({ code: 20404 });
});

test("a service's A2P campaign shows its status, and its rate limits once verified", async () => {
  const usa2p = t.client.messaging.v1.services(SERVICE_SID).usAppToPerson;
  await t.control.setServices([{ sid: SERVICE_SID, campaign: null }]);
  expect(await usa2p.list()).toEqual([]);
  await t.control.setServices([{ sid: SERVICE_SID, campaign: { status: "IN_PROGRESS" } }]);
  expect(await usa2p.list()).toMatchObject([{ campaignStatus: "IN_PROGRESS", rateLimits: null, errors: [] }]);
  await t.control.setServices([
    { sid: SERVICE_SID, campaign: { status: "VERIFIED", mps: 75, brandTier: "TOP" } },
  ]);
  const [campaign] = await usa2p.list();
  expect(campaign).toMatchObject({
    campaignStatus: "VERIFIED",
    messagingServiceSid: SERVICE_SID,
    rateLimits: { att: { mps: 75 }, tmobile: { brand_tier: "TOP" } },
  });
  expect((await usa2p(String(campaign?.sid)).fetch()).campaignStatus).toBe("VERIFIED");
  await t.control.setServices([{ sid: SERVICE_SID, campaign: { status: "FAILED" } }]);
  expect((await usa2p.list())[0]?.errors).toHaveLength(1);
});

test("lookup tells validity and line type, and a landline never receives", async () => {
  await t.control.setLines({ "+13055550199": "landline" });
  const look = (number: string) =>
    t.client.lookups.v2.phoneNumbers(number).fetch({ fields: "line_type_intelligence" });
  const mobile = await look("+13055550123");
  expect(mobile).toMatchObject({
    valid: true,
    phoneNumber: "+13055550123",
    nationalFormat: "(305) 555-0123",
  });
  expect(mobile.lineTypeIntelligence).toMatchObject({ type: "mobile", errorCode: null });
  expect((await look("+13055550199")).lineTypeIntelligence).toMatchObject({ type: "landline" });
  expect(await look("+1305")).toMatchObject({ valid: false, validationErrors: ["TOO_SHORT"] });
  const basic = await t.client.lookups.v2.phoneNumbers("+13055550199").fetch();
  expect(basic.lineTypeIntelligence ?? null).toBeNull();
  const { sid } = await t.client.messages.create({ to: "+13055550199", from: FROM, body: "x" });
  await t.control.waitUntilIdle();
  expect(await t.client.messages(sid).fetch()).toMatchObject({ status: "undelivered", errorCode: 30006 });
});

test("lines can be drawn by share, the same for lookup and delivery", async () => {
  await t.control.setBehaviour({ lines: { landline: 0.3, fixedVoip: 0.2 } });
  const people = Array.from({ length: 60 }, (_, i) => `+1305555${2000 + i}`);
  const types = await Promise.all(
    people.map(async (number) => {
      const found = await t.client.lookups.v2
        .phoneNumbers(number)
        .fetch({ fields: "line_type_intelligence" });
      return (found.lineTypeIntelligence as unknown as { type: string }).type;
    }),
  );
  for (const to of people) await t.client.messages.create({ to, from: FROM, body: "x" });
  await t.control.waitUntilIdle();
  expect(t.posts().map((post) => post.errorCode === 30006)).toEqual(types.map((type) => type === "landline"));
  expect(new Set(types)).toEqual(new Set(["mobile", "landline", "fixedVoip"]));
});

test("balance and account are Twilio's, and a suspended account is refused", async () => {
  expect(await t.client.balance.fetch()).toMatchObject({
    accountSid: ACCOUNT_SID,
    balance: "100.00000",
    currency: "USD",
  });
  const account = await t.client.api.v2010.accounts(ACCOUNT_SID).fetch();
  expect(account).toMatchObject({ sid: ACCOUNT_SID, status: "active", type: "Full", authToken: AUTH_TOKEN });
  t.simulator.account(ACCOUNT_SID).status = "suspended";
  await expect(t.client.balance.fetch()).rejects.toMatchObject({ code: 20003, status: 401 });
  t.simulator.account(ACCOUNT_SID).status = "active";
});

test("an API key of the account serves as well as its token", async () => {
  const key = `SK${"f6".repeat(16)}`;
  t.simulator.register({ accountSid: ACCOUNT_SID, authToken: AUTH_TOKEN, apiKeys: { [key]: "secret" } });
  const address = `${t.simulator.url}/2010-04-01/Accounts/${ACCOUNT_SID}/Balance.json`;
  const ask = async (pair: string) =>
    (await fetch(address, { headers: { authorization: `Basic ${btoa(pair)}` } })).status;
  expect(await ask(`${key}:secret`)).toBe(200);
  expect(await ask(`${key}:wrong`)).toBe(401);
  expect((await fetch(address)).status).toBe(401);
});

test("deactivations of a day come by a redirect", async () => {
  await t.control.setDeactivations("2026-11-20", ["+13055550123", "+13055550124"]);
  const headers = { authorization: `Basic ${btoa(`${ACCOUNT_SID}:${AUTH_TOKEN}`)}` };
  const address = `${t.simulator.url}/v1/Deactivations?Date=`;
  const redirect = await fetch(`${address}2026-11-20`, { headers, redirect: "manual" });
  expect(redirect.status).toBe(307);
  const { redirect_to } = (await redirect.json()) as { redirect_to: string };
  expect(redirect.headers.get("location")).toBe(redirect_to);
  expect(await (await fetch(redirect_to)).text()).toBe("+13055550123\n+13055550124\n");
  expect((await fetch(`${address}2026-11-19`, { headers })).status).toBe(404);
  const deactivations = t.client.messaging.v1.deactivations();
  await expect(deactivations.fetch({ date: new Date("2026-11-19T12:00:00Z") })).rejects.toMatchObject({
    code: 30113,
  });
});

test("an unknown path is 20404, a wrong method 20004", async () => {
  const client = createSdkClient(t.simulator.url);
  await expect(client.api.v2010.accounts(ACCOUNT_SID).calls.list()).rejects.toMatchObject({ code: 20404 });
  const headers = { authorization: `Basic ${btoa(`${ACCOUNT_SID}:${AUTH_TOKEN}`)}` };
  const address = `${t.simulator.url}/2010-04-01/Accounts/${ACCOUNT_SID}/Balance.json`;
  const answer = await fetch(address, { method: "DELETE", headers });
  expect([answer.status, ((await answer.json()) as { code: number }).code]).toEqual([405, 20004]);
});
