// Nothing is claimed for a phone after its opt-out committed, whichever of the two begins first.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
} from "../../fixtures/arrange-sending.ts";
import {
  type Claimed,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  rejected,
  sendAll,
  settle,
  writeStop,
} from "../../fixtures/drive-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
});

const stop = (lead: ArrangedLead, now = AFTERNOON, session = bench.b) =>
  writeStop(session.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", now);
const statesOf = async (lead: ArrangedLead) =>
  (
    await bench.sql`
      select t.state::text || coalesce(' ' || t.reason, '') as state from public.campaign_targets t
      where t.e164 = ${lead.e164} and t.org_id = ${org.id} order by 1`
  ).map((row) => row.state);

async function queueOne(): Promise<ArrangedLead> {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  return lead;
}

test("a STOP under way keeps its person out of a claim, and permanently once it is committed", async () => {
  const lead = await queueOne();
  await bench.b.begin();
  expect(await stop(lead)).toBe("stop");
  // Not committed: the claim can't know, and does not wait.
  expect(await claim(bench.a.sql, { now: AFTERNOON })).toEqual([]);
  await bench.b.commit();
  await makeDue(bench.sql);
  expect((await claim(bench.a.sql, { now: AFTERNOON })).filter((send) => send.kind === "campaign")).toEqual(
    [],
  );
  expect(await statesOf(lead)).toEqual(["canceled opted_out"]);
});

test("a STOP that is rolled back lets the person be claimed", async () => {
  const lead = await queueOne();
  await bench.b.begin();
  await stop(lead);
  expect(await claim(bench.a.sql, { now: AFTERNOON })).toEqual([]);
  await bench.b.rollback();
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: AFTERNOON })).toHaveLength(1);
});

test("a claim that waits for its number's clock sees the STOP that committed meanwhile", async () => {
  const lead = await queueOne();
  await bench.holder.begin();
  await bench.holder.sql`select 1 from private.number_pace for no key update`;
  const claiming = claim(bench.a.sql, { now: AFTERNOON });
  await bench.a.blocked(bench.holder);
  expect(await stop(lead)).toBe("stop");
  await bench.holder.commit();
  expect(await claiming).toEqual([]);
  expect(await statesOf(lead)).toEqual(["canceled opted_out"]);
});

test("a claim that reads the queue before a manual opt-out, and locks after it, excludes the person", async () => {
  const lead = await queueOne();
  await bench.holder.begin();
  await bench.holder.sql`select 1 from private.number_pace for no key update`;
  const claiming = claim(bench.a.sql, { now: AFTERNOON });
  await bench.a.blocked(bench.holder);
  // Only the contact, as if the message was queued again by a transaction that did not see the opt-out.
  await bench.sql`update private.contacts set suppressed_at = ${AFTERNOON} where e164 = ${lead.e164} and org_id = ${org.id}`;
  await bench.holder.commit();
  expect(await claiming).toEqual([]);
  expect(await statesOf(lead)).toEqual(["excluded suppressed"]);
});

test("a STOP waits for the claim that came first, and cancels the person's other messages", async () => {
  const lead = await queueOne();
  await bench.a.begin();
  expect(await claim(bench.a.sql, { now: AFTERNOON })).toHaveLength(1);
  const stopping = stop(lead);
  await bench.b.blocked(bench.a);
  await bench.a.commit();
  expect(await stopping).toBe("stop");
  expect(await statesOf(lead)).toEqual(["sending"]);
  // The message under way when they wrote was sent; they are not written to again.
  await arrangeCampaign(bench.db, org);
  expect(await statesOf(lead)).toEqual(["excluded do_not_contact", "sending"]);
});

test.each(["the person's STOP", "the carrier's word (21610)"])(
  "%s, which meets their START under way, is heard after it",
  async (whose) => {
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    const [send] = await sendAll(bench.a.sql, bench.sql, AFTERNOON);
    const lead = { id: "", e164: send?.to_number ?? "" };
    await stop(lead);
    await bench.a.begin();
    await bench.a.sql`
    select private.receive_inbound(${org.accountSid}, ${newSid()}, ${lead.e164}, ${org.numbers[0]?.e164 ?? ""}, 'ALTA', '{}', 'start',
      'exact', false, 'es', false, 'alta', ${AFTERNOON})`;
    const failed = {
      messageId: send?.message_id ?? "",
      attemptId: send?.attempt_id ?? "",
      sid: send?.sid ?? "",
      status: "failed",
    };
    const stopping = whose.includes("STOP")
      ? stop(lead)
      : receipt(bench.b.sql, org.id, { ...failed, code: 21610 }, AFTERNOON);
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    await stopping;
    const [contact] = await bench.sql`
    select c.suppressed_at is not null as suppressed, o.is_active from private.contacts c
    join public.opt_outs o using (org_id, e164) where c.org_id = ${org.id} and c.e164 = ${lead.e164}`;
    expect(contact).toEqual({ suppressed: true, is_active: true });
  },
);

test("two STOPs at the same moment are confirmed once", async () => {
  const lead = await queueOne();
  await bench.a.begin();
  await stop(lead, AFTERNOON, bench.a);
  const second = stop(lead);
  await bench.b.blocked(bench.a);
  await bench.a.commit();
  await second;
  const answers =
    await bench.sql`select 1 from public.messages where to_number = ${lead.e164} and kind = 'auto_reply'`;
  expect(answers).toHaveLength(1);
});

test("a message given back after its person's STOP is excluded, not sent again", async () => {
  const lead = await queueOne();
  const [send] = (await claim(bench.a.sql, { now: AFTERNOON })) as [Claimed];
  await stop(lead);
  await settle(bench.a.sql, [{ attempt_id: send.attempt_id, outcome: "not_posted" }], AFTERNOON);
  await makeDue(bench.sql);
  expect((await claim(bench.a.sql, { now: AFTERNOON })).filter((each) => each.kind === "campaign")).toEqual(
    [],
  );
  expect(await statesOf(lead)).toEqual(["excluded suppressed"]);
});

test("a message refused for a passing reason is not retried after its person's STOP", async () => {
  const lead = await queueOne();
  const [send] = (await claim(bench.a.sql, { now: AFTERNOON })) as [Claimed];
  await stop(lead);
  await settle(bench.a.sql, [rejected(send.attempt_id, 20429)], AFTERNOON);
  expect(await statesOf(lead)).toEqual(["failed error"]);
});

test("a STOP cancels waiting and queued messages of every campaign, and a plan under way has no effect", async () => {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await arrangeCampaign(bench.db, org, { status: "paused" });
  await arrangeCampaign(bench.db, org, {});
  await bench.a.begin();
  await plan(bench.a.sql, AFTERNOON);
  const stopping = stop(lead);
  await bench.b.blocked(bench.a);
  await bench.a.commit();
  await stopping;
  expect(await statesOf(lead)).toEqual(Array(3).fill("canceled opted_out"));
  const live =
    await bench.sql`select 1 from public.messages where to_number = ${lead.e164} and kind = 'campaign' and status <> 'canceled'`;
  expect(live).toEqual([]);
});

test("a STOP that commits after a plan has found its person waiting keeps the plan from queueing a message", async () => {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  await arrangeCampaign(bench.db, org);
  await bench.holder.begin();
  // Planning reads it after finding people and before locking them.
  await bench.holder.sql`lock table private.template_usage in access exclusive mode`;
  const planning = plan(bench.a.sql, AFTERNOON);
  await bench.a.blocked(bench.holder);
  expect(await stop(lead)).toBe("stop");
  await bench.holder.commit();
  expect(await planning).toBe(0);
  expect(await statesOf(lead)).toEqual(["canceled opted_out"]);
});

test.each([
  ["the claim begins", 0],
  ["the STOP begins", 1],
])("50 rounds of both at once, %s: none is claimed after its STOP was answered", async (_name, first) => {
  const random = seededRandom("opt-outs");
  // At any hour, by the real clock: it only matters which commits first.
  await bench.sql`update public.phone_numbers set mps = 1000 where org_id = ${org.id}`;
  const leads = await arrangeLeads(bench.db, org.id, 50);
  const campaign = await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  await bench.sql`select private.plan_sends(${org.id}, now())`;
  const stoppedAt = new Map<string, number>();
  for (const lead of leads) {
    await bench.sql`
      update pgmq.q_sends q set vt = clock_timestamp() - interval '1 second' from public.messages m
      where m.id = (q.message ->> 'message_id')::uuid and m.to_number = ${lead.e164} and m.status = 'queued'`;
    await bench.sql`
      update pgmq.q_sends q set vt = 'infinity' from public.messages m
      where m.id = (q.message ->> 'message_id')::uuid and m.to_number <> ${lead.e164}`;
    const calls = [
      () => claim(bench.a.sql, { now: null, loopback: true }),
      () => stop(lead, new Date()).then(() => stoppedAt.set(lead.e164, Date.now() + 1)),
    ];
    const one = calls[first]?.();
    // A claim takes some milliseconds; the other call begins anywhere within them.
    const start = performance.now() + random.next() * 6;
    while (performance.now() < start) await new Promise(setImmediate);
    await Promise.all([one, calls[1 - first]?.()]);
  }
  await makeDue(bench.sql);
  const late = await claim(bench.a.sql, { now: null, loopback: true });
  expect(late.filter((send) => send.kind === "campaign")).toEqual([]);
  const attempts = await bench.sql`
    select m.to_number, extract(epoch from a.claimed_at) * 1000 as at from public.send_attempts a
    join public.messages m on m.id = a.message_id where m.campaign_id = ${campaign}`;
  for (const { to_number, at } of attempts)
    expect(Number(at)).toBeLessThanOrEqual(stoppedAt.get(to_number) as number);
  const states =
    await bench.sql`select distinct state::text from public.campaign_targets where campaign_id = ${campaign}`;
  expect(["canceled", "sending"]).toEqual(expect.arrayContaining(states.map((row) => row.state)));
});
