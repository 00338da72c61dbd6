// Twilio's error codes: what each class does to the message, the phone, the number and the campaign.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { callApi } from "../fixtures/run-campaign.ts";
import { makeDue, postsTo, sendTo, waitForOutcome } from "../fixtures/send-to.ts";

const stack = inject("stack");
let org: TestOrg;
let leads: TestLead[];
const nextLead = () => leads.pop() as TestLead;
beforeAll(async () => {
  org = await createOrg(stack);
  leads = await addLeads(org, 20);
});
afterAll(() => org.close());

const refuse = (code: number) => ({ rejections: [{ code, share: 1 }] });
const failLater = (code: number, status: "undelivered" | "failed") => ({
  delivery: { failures: [{ code, share: 1, status }] },
});
const alertsOf = async (campaign: string) =>
  (await org.sql`select kind from public.alerts where campaign_id = ${campaign} order by kind`).map(
    (a) => a.kind,
  );

test.concurrent("20429, too many requests at once: sent again after a moment", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, refuse(20429), { times: 1 });
  expect(await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered")).toMatchObject({
    messages: ["failed", "delivered"],
    attempts: 2,
  });
  expect((await postsTo(org, lead)).map((post) => post.code)).toEqual([20429, null]);
});

test.concurrent.each([
  ["at once", refuse(21610)],
  ["later", failLater(21610, "failed")],
])(
  "21610, the person opted out, told %s: suppressed and never written to again",
  async (_when, behaviour) => {
    const lead = nextLead();
    const campaign = await sendTo(org, lead, behaviour);
    expect(await waitForOutcome(org, campaign, ({ state }) => state === "failed")).toMatchObject({
      reason: "opted_out",
      error_code: 21610,
      messages: ["failed"],
    });
    const [row] = await org.sql`
    select o.source, o.is_active, k.suppressed_at is not null as suppressed from public.opt_outs o
    join private.contacts k on k.org_id = o.org_id and k.e164 = o.e164
    where o.org_id = ${org.id} and o.e164 = ${lead.e164}`;
    expect(row).toEqual({ source: "carrier", is_active: true, suppressed: true });
  },
);

test.concurrent("30006, a landline: the phone is marked, the message stays undelivered", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, failLater(30006, "undelivered"));
  expect(await waitForOutcome(org, campaign, ({ delivery }) => delivery === "undelivered")).toMatchObject({
    state: "sent",
    error_code: 30006,
    messages: ["undelivered"],
  });
  const [phone] = await org.sql`
    select is_valid, invalid_reason, line_type from public.lead_phones where org_id = ${org.id} and e164 = ${lead.e164}`;
  expect(phone).toMatchObject({ is_valid: false, invalid_reason: "twilio_30006" });
});

test.concurrent("21211, no such number: failed for good, the phone is marked", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, refuse(21211));
  expect(await waitForOutcome(org, campaign, ({ state }) => state === "failed")).toMatchObject({
    reason: "invalid_phone",
    messages: ["failed"],
  });
  const [phone] = await org.sql`
    select is_valid, invalid_reason from public.lead_phones where org_id = ${org.id} and e164 = ${lead.e164}`;
  expect(phone).toEqual({ is_valid: false, invalid_reason: "twilio_21211" });
});

test.concurrent("30036, its time ran out in Twilio's queue: never handed to a carrier, so it is sent again", async () => {
  const lead = nextLead();
  const campaign = await sendTo(org, lead, failLater(30036, "failed"), { times: 1 });
  await waitForOutcome(org, campaign, ({ messages }) => messages[0] === "failed");
  await makeDue(org, campaign);
  expect(await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered")).toMatchObject({
    messages: ["failed", "delivered"],
  });
});

test.concurrent("30003, the phone was off: retried only if the campaign asks for it", async () => {
  const [off, on] = [nextLead(), nextLead()];
  const without = await sendTo(org, off, failLater(30003, "undelivered"), { times: 1 });
  const retried = await sendTo(org, on, failLater(30003, "undelivered"), {
    times: 1,
    retry_undelivered: true,
  });
  await waitForOutcome(org, without, ({ delivery }) => delivery === "undelivered");
  await waitForOutcome(org, retried, ({ messages }) => messages[0] === "undelivered");
  await makeDue(org, retried);
  expect(await waitForOutcome(org, retried, ({ delivery }) => delivery === "delivered")).toMatchObject({
    messages: ["undelivered", "delivered"],
  });
  // The scheduler completes a campaign every two seconds.
  expect(await waitForOutcome(org, without, ({ campaign }) => campaign === "completed")).toMatchObject({
    messages: ["undelivered"],
  });
});

test.concurrent("an unknown error fails the message and needs attention", async () => {
  const campaign = await sendTo(org, nextLead(), refuse(99999));
  expect(await waitForOutcome(org, campaign, ({ state }) => state === "failed")).toMatchObject({
    error_code: 99999,
    needs_attention: expect.stringContaining("99999"),
  });
});

test.concurrent("30034, a number that is not registered, is quarantined and another one sends", async () => {
  const own = await createOrg(stack, { numbers: 2 });
  try {
    const [lead] = (await addLeads(own, 1)) as [TestLead];
    const first = own.numbers[0] as { id: string; e164: string };
    await own.simulator.addOverride({ number: first.e164, behaviour: refuse(30034) });
    await own.sql`
      insert into private.contacts (org_id, e164, phone_number_id) values (${own.id}, ${lead.e164}, ${first.id})`;
    const campaign = await sendTo(own, lead);
    await waitForOutcome(own, campaign, ({ messages }) => messages[0] === "failed");
    const [number] =
      await own.sql`select status, status_reason from public.phone_numbers where id = ${first.id}`;
    expect(number).toEqual({ status: "quarantined", status_reason: expect.stringContaining("30034") });
    await waitForOutcome(own, campaign, ({ delivery }) => delivery === "delivered", { due: true });
    expect((await postsTo(own, lead)).map((post) => post.from)).toEqual(own.numbers.map((one) => one.e164));
  } finally {
    await own.close();
  }
});

test.concurrent("a refused token pauses the campaign with an alert; corrected and resumed, it completes", async () => {
  const own = await createOrg(stack);
  try {
    const [lead] = (await addLeads(own, 1)) as [TestLead];
    const { accountSid, authToken } = own.twilio;
    await own.sql`select private.set_twilio_account(${own.id}, ${accountSid}, 'wrong')`;
    const campaign = await sendTo(own, lead);
    expect(await waitForOutcome(own, campaign, (one) => one.campaign === "paused")).toMatchObject({
      state: "waiting",
      messages: ["failed"],
    });
    const [row] = await own.sql`
      select c.needs_attention, (select array_agg(a.kind) from public.alerts a where a.campaign_id = c.id) as alerts
      from public.campaigns c where c.id = ${campaign}`;
    expect(row).toEqual({ needs_attention: expect.stringContaining("20003"), alerts: ["campaign_paused"] });
    await own.sql`select private.set_twilio_account(${own.id}, ${accountSid}, ${authToken})`;
    await callApi(own, "POST", `/campaigns/${campaign}/resume`);
    await waitForOutcome(own, campaign, ({ delivery }) => delivery === "delivered", { due: true });
    // The isolate may still hold the old token: that costs one more refusal and pauses nothing again.
    expect((await postsTo(own, lead)).filter((post) => post.accepted)).toHaveLength(1);
  } finally {
    await own.close();
  }
});

test.concurrent("an organisation whose token is gone sends nothing: paused, with the reason", async () => {
  const own = await createOrg(stack);
  try {
    const [lead] = (await addLeads(own, 1)) as [TestLead];
    await own.sql`update public.twilio_accounts set auth_token_secret_id = null where org_id = ${own.id}`;
    const campaign = await sendTo(own, lead);
    await waitForOutcome(own, campaign, (one) => one.campaign === "paused");
    expect(await postsTo(own, lead)).toEqual([]);
    const [message] =
      await own.sql`select error_message from public.messages where campaign_id = ${campaign}`;
    expect(message?.error_message).toContain("auth token");
  } finally {
    await own.close();
  }
});

test.concurrent("a text longer than it was charged for is charged again before it is sent", async () => {
  const lead = nextLead();
  // As when worst cases were counted with older sizes: the template says 1 segment and needs 2.
  const [row] = await org.sql`
    insert into public.templates (org_id, category, language, name, content, encoding, worst_segments)
    values (${org.id}, 'initial', 'es', 'too long', ${"Compramos su terreno. ".repeat(9)}, 'GSM-7', 1) returning id`;
  const campaign = await sendTo(org, lead, {}, { template_ids: [row?.id] });
  await waitForOutcome(org, campaign, ({ delivery }) => delivery === "delivered");
  // A receipt may come before the worker has told what it posted.
  const message = await waitFor(async () => {
    const [row] = await org.sql`
      select charged_segments, segments from public.messages where campaign_id = ${campaign} and status = 'delivered'`;
    return row?.segments === null ? undefined : row;
  });
  expect(message).toEqual({ charged_segments: 2, segments: 2 });
  expect(await postsTo(org, lead)).toHaveLength(1);
  expect(await alertsOf(campaign)).toEqual([]);
});
