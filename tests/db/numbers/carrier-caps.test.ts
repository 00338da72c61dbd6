// A carrier's daily cap for a brand, and the daily cap of a number that warms up.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeNumber,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, plan, rejected, settle } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, fields: { cooldown_days: 0 } });
});

const cap = async (carrier: string, segments: number) => {
  const [row] = await bench.sql`
    insert into public.carrier_caps (org_id, carrier, daily_segments) values (${org.id}, ${carrier}, ${segments}) returning id`;
  return row?.id as string;
};
const setCarrier = (leads: ArrangedLead[], carrier: string | null) =>
  bench.sql`update public.lead_phones set carrier = ${carrier} where lead_id = any (${leads.map((lead) => lead.id)}::uuid[])`;
const usedOf = async (id: string) => {
  const [row] = await bench.sql`
    select coalesce(sum(segments), 0)::int as segments from private.daily_usage where scope = 'carrier' and scope_id = ${id}`;
  return row?.segments as number;
};
/** 00:00 Pacific after AFTERNOON. */
const MIDNIGHT_PACIFIC = new Date("2026-06-11T07:00:00Z");

describe("a carrier's cap", () => {
  test("ends the day for its phones, and for no others", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 30);
    await setCarrier(leads.slice(0, 20), "T-Mobile USA, Inc.");
    await setCarrier(leads.slice(20), "Verizon Wireless");
    const mobile = await cap("t-mobile", 5);
    const id = await arrangeCampaign(bench.db, org);
    expect(await plan(bench.sql, AFTERNOON)).toBe(15);
    expect(await usedOf(mobile)).toBe(5);
    const waiting = await bench.sql`
      select distinct not_before from public.campaign_targets where campaign_id = ${id} and state = 'waiting'`;
    expect(waiting).toEqual([{ not_before: MIDNIGHT_PACIFIC }]);
    // The carrier's day is Pacific: one second before its midnight it has not begun. (Nobody may be written to then; only the cap
    // is asked.)
    await bench.sql`update public.campaigns set quiet_hours_override = true where id = ${id}`;
    expect(await plan(bench.sql, later(MIDNIGHT_PACIFIC, -1))).toBe(0);
    expect(await plan(bench.sql, MIDNIGHT_PACIFIC)).toBe(5);
  });

  test("counts an unknown carrier as the tightest", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 30);
    await setCarrier(leads, null);
    const [tight, wide] = [await cap("t-mobile", 4), await cap("verizon", 1000)];
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.sql, AFTERNOON)).toBe(4);
    expect([await usedOf(tight), await usedOf(wide)]).toEqual([4, 0]);
  });

  test("counts nothing of a carrier that has none", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 10);
    await setCarrier(leads, "US Cellular");
    const id = await cap("t-mobile", 0);
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.sql, AFTERNOON)).toBe(10);
    expect(await usedOf(id)).toBe(0);
  });

  test("counts segments, and refunds what was not sent", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 10);
    await setCarrier(leads, "T-Mobile");
    await bench.sql`update public.templates set worst_segments = 3 where id = ${org.templateId}`;
    const id = await cap("t-mobile", 10);
    const campaign = await arrangeCampaign(bench.db, org);
    expect(await plan(bench.sql, AFTERNOON)).toBe(3);
    expect(await usedOf(id)).toBe(9);
    await makeDue(bench.sql);
    const [send] = await claim(bench.a.sql, { now: AFTERNOON, limit: 1 });
    await settle(bench.a.sql, [rejected(send?.attempt_id ?? "", 21211)], AFTERNOON);
    expect(await usedOf(id)).toBe(6);
    await bench.sql`select private.withdraw_queued(${campaign}, 'waiting', 'paused', ${AFTERNOON})`;
    expect(await usedOf(id)).toBe(0);
  });

  test("charged yesterday is not valid after midnight Pacific: the message is planned again and charged to today", async () => {
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    await setCarrier([lead as ArrangedLead], "T-Mobile");
    const id = await cap("t-mobile", 10);
    // The organisation's and the number's day end elsewhere, so that only the carrier's changes.
    await bench.sql`update public.orgs set time_zone = 'Pacific/Honolulu', quiet_starts = '00:01', quiet_ends = '00:00' where id = ${org.id}`;
    await bench.sql`update public.phone_numbers set time_zone = 'Pacific/Honolulu' where org_id = ${org.id}`;
    const campaign = await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
    const before = later(MIDNIGHT_PACIFIC, -2);
    expect(await plan(bench.sql, before)).toBe(1);
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: MIDNIGHT_PACIFIC, loopback: true })).toEqual([]);
    expect(await usedOf(id)).toBe(0);
    expect(await plan(bench.sql, MIDNIGHT_PACIFIC)).toBe(1);
    const days = await bench.sql`
      select day::text from private.daily_usage where scope = 'carrier' and scope_id = ${id} and segments > 0`;
    expect(days).toEqual([{ day: "2026-06-11" }]);
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: later(MIDNIGHT_PACIFIC, 1), loopback: true })).toHaveLength(1);
    expect(campaign).toBeTruthy();
  });
});

describe("a number that warms up", () => {
  test.each([
    ["the day before it begins", -1, 0],
    ["its first day", 0, 100],
    ["its second", 1, 200],
    ["its fifth", 4, 1600],
    ["its sixth", 5, 2000],
    ["the day after the last: its own cap alone", 6, 5000],
  ])("on %s", async (_day, days, expected) => {
    const [row] = await bench.sql`
      select private.number_cap(5000, '2026-06-10', o.warmup_caps, ${new Date(Date.UTC(2026, 5, 10 + days)).toISOString().slice(0, 10)}) as cap
      from public.orgs o where o.id = ${org.id}`;
    expect(row?.cap).toBe(expected);
  });

  test("never exceeds its own cap, and without one only the ramp counts", async () => {
    const [row] = await bench.sql`
      select private.number_cap(50, '2026-06-10', '{100,200}', '2026-06-10') as own,
        private.number_cap(null, '2026-06-10', '{100,200}', '2026-06-11') as ramp,
        private.number_cap(null, '2026-06-10', '{100,200}', '2026-06-12') as warm,
        private.number_cap(7, null, '{100,200}', '2026-06-10') as never`;
    expect(row).toEqual({ own: 50, ramp: 200, warm: null, never: 7 });
  });

  test("is planned no further than the day's part of the organisation's ramp; the warm one takes the rest", async () => {
    await bench.sql`update public.phone_numbers set status = 'paused' where org_id = ${org.id}`;
    await bench.sql`update public.orgs set warmup_caps = '{3,6}' where id = ${org.id}`;
    const fresh = await arrangeNumber(bench.sql, org.id, { mps: 1000, warmup_started_on: "2026-06-10" });
    await arrangeLeads(bench.db, org.id, 20);
    await arrangeCampaign(bench.db, org);
    expect(await plan(bench.sql, AFTERNOON)).toBe(3);
    expect(await plan(bench.sql, later(AFTERNOON, 86_400))).toBe(6);
    await arrangeNumber(bench.sql, org.id, { mps: 1000 });
    expect(await plan(bench.sql, later(AFTERNOON, 86_402))).toBe(11);
    const rows = await bench.sql`
      select segments from private.daily_usage where scope = 'number' and scope_id = ${fresh.id} order by day`;
    expect(rows.map((row) => row.segments)).toEqual([3, 6]);
  });
});
