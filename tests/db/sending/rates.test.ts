// No number, campaign or organisation sends faster than its mps, for any number of workers and any delay.
import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, newSid, plan } from "../../fixtures/drive-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
beforeEach(() => bench.clear());

interface Slot {
  number: string;
  at: number;
}
/** The slots of all attempts, in ms after AFTERNOON, in order. */
async function slots(org: ArrangedOrg): Promise<Slot[]> {
  const rows = await bench.sql`
    select m.from_number as number, extract(epoch from a.slot_at - ${AFTERNOON}) * 1000 as at
    from public.send_attempts a join public.messages m on m.id = a.message_id where a.org_id = ${org.id} order by a.slot_at`;
  return rows.map((row) => ({ number: row.number, at: Number(row.at) }));
}

/** Slots are kept in microseconds. */
const ROUNDING_MS = 0.002;
function expectPace(at: number[], mps: number): void {
  for (let i = 1; i < at.length; i++) {
    expect((at[i] as number) - (at[i - 1] as number)).toBeGreaterThanOrEqual(1040 / mps - ROUNDING_MS);
  }
  // Each may start 40 ms after its slot: with any jitter, no sliding second has more than mps.
  for (const [i, first] of at.entries()) {
    const within = at.filter((other, j) => j >= i && other - (first + 40) < 1000);
    expect(within.length).toBeLessThanOrEqual(Math.max(1, Math.ceil(mps)));
  }
}

/** Plans and lets both workers claim at once, repeatedly, while time moves on in uneven steps. */
async function sendWithTwoWorkers(seconds: number): Promise<void> {
  const random = seededRandom("rates");
  for (let at = 0; at < seconds; at += 0.1 + random.next() * 0.6) {
    const now = later(AFTERNOON, at);
    await plan(bench.a.sql, now);
    await makeDue(bench.sql);
    await Promise.all([
      claim(bench.a.sql, { now, limit: 1 + random.below(20) }),
      claim(bench.b.sql, { now, limit: 1 + random.below(20) }),
    ]);
  }
}

test("two workers on two numbers of different pace keep every slot's distance", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 2 });
  const [fast, slow] = org.numbers;
  await bench.sql`update public.phone_numbers set mps = 20 where id = ${fast?.id ?? ""}`;
  await bench.sql`update public.phone_numbers set mps = 1.5 where id = ${slow?.id ?? ""}`;
  await arrangeLeads(bench.db, org.id, 200);
  await arrangeCampaign(bench.db, org);
  await sendWithTwoWorkers(6);
  const all = await slots(org);
  const of = (e164?: string) => all.filter((slot) => slot.number === e164).map((slot) => slot.at);
  expectPace(of(fast?.e164), 20);
  expectPace(of(slow?.e164), 1.5);
  expect(of(fast?.e164).length).toBeGreaterThan(0.5 * 6 * 20);
  expect(of(slow?.e164).length).toBeGreaterThanOrEqual(5);
});

test("a campaign's and an organisation's own mps hold over all their numbers together", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 3, fields: { mps: 12, cooldown_days: 0 } });
  await arrangeLeads(bench.db, org.id, 60);
  const slow = await arrangeCampaign(bench.db, org, { mps: 3 });
  await arrangeCampaign(bench.db, org);
  // Long enough that some are sent with any steps and limits.
  await sendWithTwoWorkers(10);
  const rows = await bench.sql`
    select m.campaign_id, extract(epoch from a.slot_at - ${AFTERNOON}) * 1000 as at from public.send_attempts a
    join public.messages m on m.id = a.message_id where a.org_id = ${org.id} order by a.slot_at`;
  expectPace(
    rows.map((row) => Number(row.at)),
    12,
  );
  const ofSlow = rows.filter((row) => row.campaign_id === slow).map((row) => Number(row.at));
  expectPace(ofSlow, 3);
  expect(ofSlow.length).toBeGreaterThanOrEqual(5);
});

test.each(["campaign", "organisation"])(
  "two workers that claim from different numbers at once keep the %s's own mps",
  async (whose) => {
    const org = await arrangeOrg(bench.db, {
      numbers: 2,
      fields: whose === "organisation" ? { mps: 2 } : {},
    });
    await arrangeLeads(bench.db, org.id, 2);
    await arrangeCampaign(bench.db, org, whose === "campaign" ? { mps: 2 } : {});
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(2);
    await makeDue(bench.sql);
    await bench.a.begin();
    const one = await claim(bench.a.sql, { now: AFTERNOON, limit: 1 });
    const other = claim(bench.b.sql, { now: AFTERNOON, limit: 1 });
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    const numbers = [...one, ...(await other)].map((send) => send.from_number);
    expect(new Set(numbers).size).toBe(2);
    expectPace(
      (await slots(org)).map((slot) => slot.at),
      2,
    );
  },
);

test("a worker that comes ten seconds late to 50 due messages sends no burst", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1, mps: 10 });
  await arrangeLeads(bench.db, org.id, 50);
  await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(50);
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: AFTERNOON, limit: 1 })).toHaveLength(1);
  const now = later(AFTERNOON, 10);
  const claims = await Promise.all([claim(bench.a.sql, { now }), claim(bench.b.sql, { now })]);
  // One second's worth, by both together; the rest is back in the queue until its slots.
  expect(claims.flat()).toHaveLength(10);
  for (const send of claims.flat()) expect(send.slot_in_ms).toBeLessThanOrEqual(1000);
  const all = await slots(org);
  expectPace(
    all.map((slot) => slot.at),
    10,
  );
  expect(all[1]?.at).toBe(10_000);
  const [queue] =
    await bench.sql`select count(*)::int as rows, min(vt) > clock_timestamp() as later from pgmq.q_sends`;
  expect(queue).toEqual({ rows: 39, later: true });
});

test("a claim that waited for its number's clock takes no slot from before it got the lock", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1, mps: 10, fields: { cooldown_days: 0 } });
  await arrangeLeads(bench.db, org.id, 5);
  await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  await bench.sql`select private.plan_sends(${org.id}, now())`;
  await makeDue(bench.sql);
  await bench.holder.begin();
  await bench.holder.sql`select 1 from private.number_pace for no key update`;
  const claiming = claim(bench.a.sql, { now: null, loopback: true });
  await bench.a.blocked(bench.holder);
  const [released] = await bench.sql`select clock_timestamp() as at`;
  await bench.holder.commit();
  expect(await claiming).toHaveLength(5);
  const [first] =
    await bench.sql`select min(slot_at) >= ${released?.at} as fresh from public.send_attempts where org_id = ${org.id}`;
  expect(first?.fresh).toBe(true);
});

test("a reply takes its number's next slot, before campaigns, at the same pace", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1, mps: 10 });
  const leads = await arrangeLeads(bench.db, org.id, 20);
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await bench.b.sql`
    select private.receive_inbound(${org.accountSid}, ${newSid()}, ${leads[0]?.e164 ?? ""}, ${org.numbers[0]?.e164 ?? ""}, 'ayuda', '{}',
      'help', 'exact', false, 'es', false, 'ayuda', ${AFTERNOON})`;
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: AFTERNOON });
  expect(sends[0]?.kind).toBe("auto_reply");
  // A slot for each segment of the answer, and the rest of the second for the campaign.
  expect(sends).toHaveLength(11 - (sends[0]?.charged_segments ?? 0));
  expectPace(
    (await slots(org)).map((slot) => slot.at),
    10,
  );
});

test("slots begin when the worker is free, and come no faster than it can post", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 2, mps: 1000 });
  await arrangeLeads(bench.db, org.id, 5);
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const sends = await bench.a.sql`
    select slot_in_ms from private.claim_sends(${randomUUID()}, 100, false, ${AFTERNOON}, 50, 20)`;
  expect(sends.map((send) => Math.round(send.slot_in_ms))).toEqual([50, 70, 90, 110, 130]);
});

test("a long text takes a slot for each of its segments, as at Twilio", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1, mps: 6 });
  await bench.sql`update public.templates set worst_segments = 3 where id = ${org.templateId}`;
  await arrangeLeads(bench.db, org.id, 30);
  await arrangeCampaign(bench.db, org);
  // Five seconds of six segments.
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(10);
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: AFTERNOON })).toHaveLength(2);
  expectPace(
    (await slots(org)).map((slot) => slot.at),
    2,
  );
});

test("the queue holds five seconds of each number and no more, for any number of plans", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 2, mps: 3 });
  await arrangeLeads(bench.db, org.id, 100);
  await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(30);
  expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(0);
  const perNumber = await bench.sql`
    select count(*)::int from public.messages where org_id = ${org.id} and status = 'queued' group by phone_number_id`;
  expect(perNumber.map((row) => row.count)).toEqual([15, 15]);
});

test("the queue holds five seconds of the organisation's own mps if that is less than its numbers'", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 2, fields: { mps: 3 } });
  await arrangeLeads(bench.db, org.id, 40);
  await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(15);
  expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(0);
});
