// The outlook of a running campaign: whether it can send now, and if not, why and when. Each reason alone, and together.
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
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { plan } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
/** The midnight after AFTERNOON in Chicago. */
const MIDNIGHT = new Date("2026-06-11T05:00:00Z");
let org: ArrangedOrg;
let leads: ArrangedLead[];
let campaign: string;
let admin: Session;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 2 });
  // The zone is Chicago, so that all times below are in one zone.
  leads = await arrangeLeads(bench.db, org.id, 12, { state: "IL" });
  await bench.sql`
    update public.lead_phones p set e164 = '+1312555' || lpad(x.n::text, 4, '0')
    from (select id, row_number() over () as n from public.lead_phones where org_id = ${org.id}) x where p.id = x.id`;
  campaign = await arrangeCampaign(bench.db, org);
  admin = await signedIn(bench.db, org.adminId);
});

interface Reason {
  reason: string;
  count: number | null;
  until: string | null;
  time_zone: string | null;
}
interface Outlook {
  can_send: boolean;
  next_at: string | null;
  in_flight: number;
  reasons: Reason[];
}
async function outlook(now = AFTERNOON, id = campaign): Promise<Outlook> {
  const [row] = await admin.sql`select private.campaign_outlook(${id}, ${now}) as outlook`;
  return row?.outlook;
}
/** The outlook, with times as dates. */
async function told(now = AFTERNOON) {
  const { can_send, next_at, reasons } = await outlook(now);
  const date = (text: string | null) => text && new Date(text);
  return {
    can_send,
    next_at: date(next_at),
    reasons: reasons.map(({ reason, count, until }) => [reason, count, date(until)]),
  };
}
const setNumbers = (fields: Record<string, unknown>) =>
  bench.sql`update public.phone_numbers set ${bench.sql(fields)} where org_id = ${org.id}`;
const setOrg = (fields: Record<string, unknown>) =>
  bench.sql`update public.orgs set ${bench.sql(fields)} where id = ${org.id}`;
const setCampaign = (fields: Record<string, unknown>) =>
  bench.sql`update public.campaigns set ${bench.sql(fields)} where id = ${campaign}`;
const charge = (scope: string, id: string, count: number) => bench.sql`
  insert into private.daily_usage values (${scope}, ${id}, '2026-06-10', ${count}, ${count})`;
const restAll = async (until: Date) =>
  bench.sql`update private.number_pace p set resting_until = ${until}, resting_reason = 'queue_full' from public.phone_numbers n
    where n.id = p.phone_number_id and n.org_id = ${org.id}`;

test("a campaign that can send says so and nothing else, and one that does not run says nothing", async () => {
  expect(await outlook()).toEqual({ can_send: true, next_at: null, in_flight: 0, reasons: [] });
  await plan(bench.a.sql, AFTERNOON);
  expect(await outlook()).toEqual({ can_send: true, next_at: null, in_flight: 12, reasons: [] });
  await setCampaign({ status: "paused" });
  expect(await outlook()).toBeNull();
});

test("is not shown to another organisation", async () => {
  const other = await arrangeOrg(bench.db);
  admin = await signedIn(bench.db, other.adminId);
  expect(await outlook()).toBeNull();
});

describe("alone, and told as it is", () => {
  test.each<[string, () => PromiseLike<unknown>, [string, number | null, Date | null], Date | null]>([
    [
      "no active text",
      () => bench.sql`update public.templates set is_active = false where id = ${org.templateId}`,
      ["no_active_template", null, null],
      null,
    ],
    [
      "numbers that are all stopped",
      () => setNumbers({ status: "quarantined" }),
      ["no_active_number", 2, null],
      null,
    ],
    [
      "an account that rests",
      () =>
        bench.sql`update private.org_pace set resting_until = ${later(AFTERNOON, 900)} where org_id = ${org.id}`,
      ["account_resting", null, later(AFTERNOON, 900)],
      later(AFTERNOON, 900),
    ],
    [
      "the organisation's daily cap",
      // At any hour, or at midnight everybody would be outside their hours.
      async () => [
        await setOrg({ daily_cap: 5 }),
        await charge("org", org.id, 5),
        await setCampaign({ quiet_hours_override: true }),
      ],
      ["org_daily_cap", null, MIDNIGHT],
      MIDNIGHT,
    ],
    [
      "an organisation that may send nothing",
      () => setOrg({ daily_cap: 0 }),
      ["org_daily_cap", null, null],
      null,
    ],
    [
      "the campaign's daily cap",
      async () => [
        await setCampaign({ daily_cap: 7, quiet_hours_override: true }),
        await charge("campaign", campaign, 7),
      ],
      ["campaign_daily_cap", null, MIDNIGHT],
      MIDNIGHT,
    ],
    [
      "numbers that rest",
      () => restAll(later(AFTERNOON, 600)),
      ["numbers_resting", 2, later(AFTERNOON, 600)],
      later(AFTERNOON, 600),
    ],
    [
      "numbers that are full for today, in their own zone",
      async () => {
        await setNumbers({
          daily_cap: 3,
          time_zone: "America/Los_Angeles",
          quiet_starts: "03:00",
          quiet_ends: "03:01",
        });
        for (const { id } of org.numbers) await charge("number", id, 3);
        await setCampaign({ quiet_hours_override: true });
      },
      ["numbers_full", 2, new Date("2026-06-11T07:00:00Z")],
      new Date("2026-06-11T07:00:00Z"),
    ],
    [
      "numbers whose cap is too low for one text",
      () => setNumbers({ daily_cap: 0 }),
      ["numbers_full", 2, null],
      null,
    ],
    [
      "numbers in their own quiet hours",
      () => setNumbers({ quiet_starts: "14:00", quiet_ends: "16:30" }),
      ["numbers_outside_hours", 2, later(AFTERNOON, 5400)],
      later(AFTERNOON, 5400),
    ],
    [
      "people outside their hours",
      () => setOrg({ quiet_starts: "14:00", quiet_ends: "16:00" }),
      ["outside_hours", 12, later(AFTERNOON, 3600)],
      later(AFTERNOON, 3600),
    ],
    [
      "people who are put off",
      () =>
        bench.sql`update public.campaign_targets set not_before = ${later(AFTERNOON, 300)}::timestamptz + ordinal * interval '1 second' where campaign_id = ${campaign}`,
      ["put_off", 12, null],
      null,
    ],
    [
      "nobody left",
      () =>
        bench.sql`update public.campaign_targets set state = 'canceled', reason = 'stopped' where campaign_id = ${campaign}`,
      ["nothing_waiting", null, null],
      null,
    ],
  ])("%s", async (what, arrange, [reason, count, until], next) => {
    await arrange();
    const answer = await told();
    if (what === "people who are put off") {
      const [row] =
        await bench.sql`select min(not_before) as at from public.campaign_targets where campaign_id = ${campaign}`;
      until = next = row?.at;
    }
    expect(answer).toEqual({ can_send: false, next_at: next, reasons: [[reason, count, until]] });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
    if (next) {
      // Not before this time; from then on it sends.
      expect(await plan(bench.a.sql, later(next, -1))).toBe(0);
      expect((await told(later(next, -1))).can_send).toBe(false);
      expect((await told(later(next, 61))).can_send).toBe(true);
      expect(await plan(bench.a.sql, later(next, 61))).toBeGreaterThan(0);
    }
  });

  test("a pace slows and blocks nothing", async () => {
    await setCampaign({ mps: 0.01 });
    await setOrg({ mps: 0.02 });
    const slot = (table: string, key: string, id: string, seconds: number) =>
      bench.sql`update ${bench.sql(table)} set next_slot_at = ${later(AFTERNOON, seconds)} where ${bench.sql(key)} = ${id}`;
    await slot("private.campaign_pace", "campaign_id", campaign, 90);
    await slot("private.org_pace", "org_id", org.id, 45);
    for (const { id } of org.numbers) await slot("private.number_pace", "phone_number_id", id, 30);
    expect(await told()).toEqual({
      can_send: true,
      next_at: null,
      reasons: [
        ["number_pace", 2, later(AFTERNOON, 30)],
        ["campaign_pace", null, later(AFTERNOON, 90)],
        ["org_pace", null, later(AFTERNOON, 45)],
      ],
    });
  });
});

describe("together", () => {
  test("reasons that must all end count by the latest end, alternatives by the earliest", async () => {
    const [one, two] = org.numbers;
    await bench.sql`update private.number_pace set resting_until = ${later(AFTERNOON, 7200)} where phone_number_id = ${one?.id ?? ""}`;
    await bench.sql`update public.phone_numbers set quiet_starts = '14:00', quiet_ends = '16:00' where id = ${two?.id ?? ""}`;
    await bench.sql`update private.org_pace set resting_until = ${later(AFTERNOON, 60)} where org_id = ${org.id}`;
    expect(await told()).toEqual({
      can_send: false,
      next_at: later(AFTERNOON, 3600),
      reasons: [
        ["account_resting", null, later(AFTERNOON, 60)],
        ["numbers_resting", 1, later(AFTERNOON, 7200)],
        ["numbers_outside_hours", 1, later(AFTERNOON, 3600)],
      ],
    });
  });

  test("one number that can send is enough, and the reason of the other is shown", async () => {
    await bench.sql`update private.number_pace set resting_until = ${later(AFTERNOON, 7200)} where phone_number_id = ${org.numbers[0]?.id ?? ""}`;
    expect(await told()).toEqual({
      can_send: true,
      next_at: null,
      reasons: [["numbers_resting", 1, later(AFTERNOON, 7200)]],
    });
  });

  test("a number outside the campaign's pool does not count", async () => {
    const [pooled] = org.numbers;
    await bench.sql`insert into public.campaign_phone_numbers values (${org.id}, ${campaign}, ${pooled?.id ?? ""})`;
    await bench.sql`update public.phone_numbers set status = 'paused' where id = ${pooled?.id ?? ""}`;
    await arrangeNumber(bench.sql, org.id);
    expect(await told()).toMatchObject({
      can_send: false,
      next_at: null,
      reasons: [["no_active_number", 1, null]],
    });
  });

  test("those who may be written to are enough, and the others are counted", async () => {
    const east = leads.slice(0, 4).map((lead) => lead.id);
    // 21:00 in New York while it is 20:00 in Chicago.
    const evening = new Date("2026-06-11T00:30:00Z");
    await setOrg({ quiet_starts: "23:00", quiet_ends: "07:00" });
    await bench.sql`update public.campaign_targets set window_key = 'America/New_York|NY' where campaign_id = ${campaign} and lead_id in ${bench.sql(east)}`;
    await bench.sql`update public.campaign_targets set window_key = 'America/Los_Angeles|CA' where campaign_id = ${campaign} and lead_id not in ${bench.sql(east)}`;
    const answer = await told(later(evening, 1800));
    expect(answer.can_send).toBe(true);
    expect(answer.reasons).toMatchObject([["outside_hours", 4, expect.any(Date)]]);
    const [, , until] = answer.reasons[0] as [string, number, Date];
    // Tomorrow morning in New York.
    expect(until.getTime()).toBeGreaterThan(new Date("2026-06-11T11:59:00Z").getTime());
    expect(until.getTime()).toBeLessThan(new Date("2026-06-11T16:00:00Z").getTime());
  });
});

test("a campaign that may send at any hour ignores people's hours and its numbers' hours", async () => {
  await setOrg({ quiet_starts: "14:00", quiet_ends: "16:00" });
  await setNumbers({ quiet_starts: "14:00", quiet_ends: "16:30" });
  await setCampaign({ quiet_hours_override: true });
  expect(await told()).toEqual({ can_send: true, next_at: null, reasons: [] });
});

test("a window that closes within a minute counts as closed: nothing is planned into its end", async () => {
  await setOrg({ quiet_starts: "15:00:45", quiet_ends: "16:00" });
  expect(await told()).toMatchObject({
    can_send: false,
    reasons: [["outside_hours", 12, later(AFTERNOON, 45)]],
  });
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
});

test("reads the backlog by its index alone, and not those who could be written to", async () => {
  await bench.sql`
    insert into public.campaign_targets (org_id, campaign_id, lead_id, e164, ordinal, window_key)
    select ${org.id}, ${campaign}, ${leads[0]?.id ?? ""}, '+1312777' || lpad(n::text, 5, '0'), n, 'America/Chicago|IL' from generate_series(100, 20000) n`;
  await bench.sql`vacuum analyze public.campaign_targets`;
  const counters = async () => {
    await admin.sql`select pg_stat_force_next_flush()`;
    await bench.sql`select pg_stat_force_next_flush()`;
    const [row] = await bench.sql`
      select t.seq_tup_read::int as read_through,
        (select sum(i.idx_tup_read)::int from pg_stat_all_indexes i where i.relid = t.relid) as by_index
      from pg_stat_all_tables t where t.relid = 'public.campaign_targets'::regclass`;
    return row as unknown as { read_through: number; by_index: number };
  };
  await outlook();
  const before = await counters();
  expect((await outlook()).can_send).toBe(true);
  const after = await counters();
  expect(after.read_through - before.read_through).toBe(0);
  expect(after.by_index - before.by_index).toBeLessThan(50);
});
