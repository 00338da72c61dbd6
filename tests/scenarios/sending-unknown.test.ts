// POSTs without an answer: never sent again blindly, settled by a receipt or by Twilio's own list.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { makeDue, postsTo, readOutcome, sendTo, waitForOutcome } from "../fixtures/send-to.ts";

let org: TestOrg;
let leads: TestLead[];
const nextLead = () => leads.pop() as TestLead;
beforeAll(async () => {
  org = await createOrg(inject("stack"));
  leads = await addLeads(org, 20);
});
afterAll(() => org.close());

const LOST = { callbacks: { lost: 1 } } as const;
/** As anybody with the account's token may. */
const callTwilio = (path: string, form?: URLSearchParams) => {
  const { accountSid, authToken } = org.twilio;
  return fetch(`${org.stack.TWILIO_SIMULATOR_URL}/2010-04-01/Accounts/${accountSid}/${path}`, {
    headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` },
    ...(form && { method: "POST", body: form }),
  });
};
/** Of the last attempt. */
const waitForLooks = (campaign: string, looks: number) =>
  waitFor(async () => {
    const [row] = await org.sql`
      select a.looks from public.send_attempts a join public.messages m on m.attempt_id = a.id
      where m.campaign_id = ${campaign}`;
    return row?.looks === looks;
  });
const isUnknown = (outcome: { state: string }) => outcome.state === "unknown";

test.concurrent.each([
  ["holds the connection and closes it", { timeoutAfterAccept: 1, holdMs: 300 }],
  ["resets the connection", { resetAfterAccept: 1 }],
  ["answers 500", { errorAfterAccept: 1 }],
  ["answers 503", { errorAfterAccept: 1, errorStatus: 503 }],
])("Twilio accepts, then %s: the message is unknown until its receipt comes", async (_how, answers) => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, { answers, delivery: { manual: true } });
  expect(await waitForOutcome(org, campaign, isUnknown)).toMatchObject({ messages: ["unknown"] });
  const [post] = await postsTo(org, lead);
  await org.simulator.setStatus(post?.sid as string, "delivered");
  expect(await waitForOutcome(org, campaign, ({ state }) => state === "sent")).toMatchObject({
    delivery: "delivered",
    messages: ["delivered"],
    needs_attention: null,
  });
  expect(await postsTo(org, lead)).toHaveLength(1);
});

test.concurrent("no answer within 15 s is unknown, and Twilio's list settles it", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, { answers: { timeoutAfterAccept: 1, holdMs: 40_000 }, ...LOST });
  const began = performance.now();
  await waitForOutcome(org, campaign, ({ state }) => state === "sending");
  await waitForOutcome(org, campaign, isUnknown);
  expect(performance.now() - began).toBeGreaterThan(10_000);
  await makeDue(org, campaign);
  expect(await waitForOutcome(org, campaign, ({ state }) => state === "sent")).toMatchObject({
    delivery: "delivered",
    messages: ["delivered"],
  });
  expect(await postsTo(org, lead)).toHaveLength(1);
});

test.concurrent("a message that Twilio's list lacks twice is sent again, as a new message", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, { answers: { errorBeforeAccept: 1 } }, { times: 1 });
  await waitForOutcome(org, campaign, isUnknown);
  await makeDue(org, campaign);
  await waitForLooks(campaign, 1);
  // One look is not enough: a list may lag behind.
  expect(await readOutcome(org, campaign)).toMatchObject({ state: "unknown", messages: ["unknown"] });
  await makeDue(org, campaign);
  expect(await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered")).toMatchObject({
    messages: ["failed", "delivered"],
    attempts: 2,
  });
  expect((await postsTo(org, lead)).map((post) => post.accepted)).toEqual([false, true]);
});

test.concurrent("a message that Twilio's list shows only at the second look is not sent again", async () => {
  const lead = nextLead();
  const hidden = { share: 1, forMs: 4_000 };
  const campaign = await sendTo(org, lead, { answers: { errorAfterAccept: 1 }, hidden, ...LOST });
  await waitForOutcome(org, campaign, isUnknown);
  await makeDue(org, campaign);
  await waitForLooks(campaign, 1);
  await waitFor(async () => {
    const query = new URLSearchParams({ To: lead.e164 });
    const list = await (await callTwilio(`Messages.json?${query}`)).json();
    return list.messages.length === 1;
  });
  await makeDue(org, campaign);
  expect(await waitForOutcome(org, campaign, ({ state }) => state !== "unknown")).toMatchObject({
    state: "sent",
    messages: ["delivered"],
  });
  expect(await postsTo(org, lead)).toHaveLength(1);
});

test.concurrent("a message that could be one of several in Twilio's list is left to a person, with an alert", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, { answers: { errorAfterAccept: 1 }, ...LOST }, { times: 1 });
  await waitForOutcome(org, campaign, isUnknown);
  const [post] = await postsTo(org, lead);
  // Another sender on the account sends the same text in the same minute.
  const form = new URLSearchParams({
    To: lead.e164,
    From: post?.from as string,
    Body: post?.body as string,
  });
  expect((await callTwilio("Messages.json", form)).status).toBe(201);
  await makeDue(org, campaign);
  const outcome = await waitForOutcome(org, campaign, (one) => one.needs_attention !== null);
  expect(outcome).toMatchObject({ state: "unknown", needs_attention: expect.stringContaining("2 messages") });
  const alerts =
    await org.sql`select kind from public.alerts where org_id = ${org.id} and campaign_id = ${campaign}`;
  expect(alerts).toEqual([{ kind: "send_unclear" }]);
});

test.concurrent("a receipt that overtakes the POST's answer loses neither text nor segments", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, { callbacks: { beforeAnswer: 1 } });
  await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered");
  const message = await waitFor(async () => {
    const [row] = await org.sql`
      select m.content, m.segments, m.provider_sid, m.status, a.outcome, a.http_status
      from public.messages m join public.send_attempts a on a.id = m.attempt_id where m.campaign_id = ${campaign}`;
    return row?.http_status !== null && row;
  });
  const [post] = await postsTo(org, lead);
  expect(message).toEqual({
    content: post?.body,
    segments: 1,
    provider_sid: post?.sid,
    status: "delivered",
    outcome: "accepted",
    http_status: 201,
  });
});

test.concurrent("a receipt that arrives while the POST is held open settles the send at once; the answer adds its text", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, {
    answers: { hold: "after_accept" },
    delivery: { manual: true },
  });
  await waitFor(async () => (await org.simulator.held()).some(({ to }) => to === lead.e164));
  const [post] = await postsTo(org, lead);
  await org.simulator.sendCallback(post?.sid as string, "delivered");
  expect(await readOutcome(org, campaign)).toMatchObject({
    state: "sent",
    delivery: "delivered",
    messages: ["delivered"],
    attempt_outcomes: ["accepted"],
  });
  const textOf = async () => {
    const [row] = await org.sql`
      select m.content, m.segments, m.status::text, a.http_status from public.messages m join public.send_attempts a on a.id = m.attempt_id
      where m.campaign_id = ${campaign}`;
    return row;
  };
  expect(await textOf()).toMatchObject({ content: null, http_status: null });
  await org.simulator.release({ to: lead.e164 });
  await waitFor(async () => (await textOf())?.http_status === 201);
  expect(await textOf()).toMatchObject({ content: post?.body, segments: 1, status: "delivered" });
  expect(await postsTo(org, lead)).toHaveLength(1);
});
