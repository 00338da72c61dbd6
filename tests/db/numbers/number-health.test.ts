// The health of numbers: the score of a mix of outcomes, that the stored score equals that of the raw messages even with late
// receipts, and that a number with a low score is quarantined until a person reactivates it.
import { beforeEach, describe, expect, test } from "vitest";
import { arrangeOutcomes, computeScore, type Outcomes } from "../../fixtures/arrange-outcomes.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { receipt } from "../../fixtures/drive-sending.ts";
import { type DrivenState, RandomDriver } from "../../fixtures/random-driver.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const HOUR = 3_600;
const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 2 });
});

const put = (outcomes: Outcomes, at = AFTERNOON, number = org.numbers[0]) =>
  arrangeOutcomes(bench.sql, org, number, outcomes, { at });
/** Runs scoring with cron's role. @returns how many numbers changed */
async function score(now = AFTERNOON): Promise<number> {
  const [row] = await bench.holder.sql`select private.score_numbers(${org.id}, ${now}) as changed`;
  return row?.changed;
}
async function numberNow(number = org.numbers[0]) {
  const [row] = await bench.sql`
    select status, status_reason, health_score as score from public.phone_numbers where id = ${number?.id ?? ""}`;
  return row as { status: string; status_reason: string | null; score: number | null };
}
const alerts = async () =>
  (
    await bench.sql`
      select severity, resolved_at, details from public.alerts where org_id = ${org.id} and kind = 'number_quarantined' order by created_at`
  ).map((row) => row);

describe("a mix of outcomes scores", () => {
  test.each<[string, Outcomes, number | null]>([
    ["nothing to go by", {}, null],
    ["49 delivered", { delivered: 49 }, null],
    ["50 delivered", { delivered: 50 }, 100],
    ["49 delivered and what nobody confirmed", { delivered: 49, unconfirmed: 100, unknown: 100 }, null],
    [
      "the example of docs/numbers.md",
      { delivered: 200, undelivered: { 30007: 10, 30005: 20, 30008: 4 }, unconfirmed: 6, stops: 4 },
      80,
    ],
    ["3 % filtered", { delivered: 97, undelivered: { 30007: 3 } }, 88],
    ["one in eight filtered", { delivered: 70, undelivered: { 30007: 10 } }, 50],
    ["30 % filtered", { delivered: 70, undelivered: { 30007: 30 } }, 0],
    ["blocked by people or carriers", { delivered: 90, undelivered: { 30004: 10 } }, 60],
    [
      "a bad list: a quarter of the phones dead",
      { delivered: 75, undelivered: { 30003: 9, 30005: 8, 30006: 8 } },
      98,
    ],
    [
      "what carriers failed without a reason",
      { delivered: 80, undelivered: { 30008: 10, 30410: 5, 0: 5 } },
      90,
    ],
    ["a code nobody has heard of", { delivered: 90, undelivered: { 39999: 10 } }, 95],
    ["answers that never came", { delivered: 90, unknown: 10 }, 95],
    ["one in ten who opts out", { delivered: 100, stops: 10 }, 90],
    [
      "what Twilio refused before any carrier saw it",
      { delivered: 50, refused: { 21211: 30, 20429: 30, 30034: 30, 39999: 30 } },
      100,
    ],
    [
      "what failed in Twilio's queue",
      { delivered: 50, undelivered: { 30001: 30, 30036: 30, 30022: 30 } },
      100,
    ],
    ["no receipt for hours", { delivered: 50, unconfirmed: 50 }, 95],
    ["all of it filtered", { undelivered: { 30007: 60 } }, 0],
  ])("%s", async (_mix, outcomes, expected) => {
    await put(outcomes, later(AFTERNOON, -5 * HOUR));
    await score();
    expect((await numberNow()).score).toBe(expected);
    expect(await computeScore(bench.sql, org.numbers[0]?.id ?? "", AFTERNOON)).toBe(expected);
    expect((await numberNow(org.numbers[1])).score).toBeNull();
  });

  test("messages sent within four hours and without a receipt don't count", async () => {
    await put({ delivered: 50, unconfirmed: 50 }, later(AFTERNOON, -3 * HOUR));
    await score();
    expect((await numberNow()).score).toBe(100);
    await score(later(AFTERNOON, HOUR));
    expect((await numberNow()).score).toBe(95);
  });

  test("weights halve every day, and end after a week", async () => {
    await put({ delivered: 60 }, later(AFTERNOON, -24 * HOUR));
    await put({ delivered: 54, undelivered: { 30007: 6 } });
    await score();
    // 30 of yesterday and 60 of today: (30 + 54 - 18) / 90.
    expect((await numberNow()).score).toBe(73);
    await score(later(AFTERNOON, 143 * HOUR));
    expect((await numberNow()).score).toBe(73);
    await score(later(AFTERNOON, 144 * HOUR));
    expect((await numberNow()).score).toBe(60);
    // Also read before the next run removes old rows.
    expect(
      await bench.sql`select 1 from private.number_scores(${org.id}, ${later(AFTERNOON, 168 * HOUR)})`,
    ).toHaveLength(0);
    await score(later(AFTERNOON, 168 * HOUR));
    expect((await numberNow()).score).toBeNull();
    const [left] =
      await bench.sql`select count(*)::int as n from private.number_outcomes where org_id = ${org.id}`;
    expect(left?.n).toBe(0);
  });

  test("for each known carrier too, the worst listed first", async () => {
    const [one, two, three] = await arrangeLeads(bench.db, org.id, 3);
    await bench.sql`update public.lead_phones set carrier = 'T-Mobile' where lead_id = ${one?.id ?? ""}`;
    await bench.sql`update public.lead_phones set carrier_info = '{"carrier_name": "AT&T"}' where lead_id = ${two?.id ?? ""}`;
    const to = (lead: typeof one, outcomes: Outcomes) =>
      arrangeOutcomes(bench.sql, org, org.numbers[0], outcomes, { at: AFTERNOON, ...(lead && { lead }) });
    await to(two, { delivered: 200 });
    await to(one, { delivered: 45, undelivered: { 30007: 15 } });
    await to(three, { delivered: 40 });
    await score();
    expect((await numberNow()).score).toBe(80);
    const admin = await signedIn(bench.db, org.adminId);
    const [row] =
      await admin.sql`select private.number_health(${org.numbers[0]?.id ?? ""}, ${AFTERNOON}) as health`;
    expect(row?.health.outcomes).toMatchObject({ delivered: 285, filtered: 15 });
    expect(row?.health.carriers).toMatchObject([
      { carrier: "T-Mobile", score: 0, filtered: 15 },
      { carrier: "AT&T", score: 100, filtered: 0 },
    ]);
  });
});

describe("the stored score", () => {
  test("equals that of the raw messages, after any events and any delay", async () => {
    const random = seededRandom("number-health");
    await bench.sql`update public.orgs set health_min_messages = 10, cooldown_days = 0, health_quarantine_below = 0 where id = ${org.id}`;
    await arrangeLeads(bench.db, org.id, 120);
    const campaigns = [await arrangeCampaign(bench.db, org), await arrangeCampaign(bench.db, org)];
    const state: DrivenState = { now: AFTERNOON, held: [], posted: [] };
    const user = await signedIn(bench.db, org.adminId);
    const driver = new RandomDriver({ ...bench, user }, org, campaigns, random, state);
    let known = 0;
    for (let day = 0; day < 6; day++) {
      // In daytime, so that people may be written to; receipts of earlier days still arrive.
      state.now = later(AFTERNOON, day * 24 * HOUR);
      // Enough messages for a score, whatever the driver stops.
      for (const number of org.numbers)
        await arrangeOutcomes(bench.sql, org, number, { delivered: 12 }, { at: state.now });
      for (let step = 0; step < 120; step++) {
        await driver.step();
        if (random.next() > 0.04) continue;
        await score(state.now);
        for (const { id, e164 } of org.numbers) {
          const stored = (await numberNow({ id, e164 })).score;
          expect(stored, `seed ${random.seed}, day ${day}, step ${step}`).toBe(
            await computeScore(bench.sql, id, state.now),
          );
          if (stored !== null) known++;
        }
      }
    }
    expect(known, `seed ${random.seed}`).toBeGreaterThan(5);
  });

  test("follows receipts that arrive days late, each counted in its own hour", async () => {
    const ids = await put({ unconfirmed: 60 }, later(AFTERNOON, -50 * HOUR));
    await put({ delivered: 60 });
    await score();
    expect((await numberNow()).score).toBe(98);
    for (const messageId of ids.slice(0, 30)) {
      const [message] = await bench.sql`select provider_sid from public.messages where id = ${messageId}`;
      await receipt(
        bench.a.sql,
        org.id,
        { messageId, attemptId: null, sid: message?.provider_sid, status: "undelivered", code: 30007 },
        AFTERNOON,
      );
    }
    await score();
    const expected = await computeScore(bench.sql, org.numbers[0]?.id ?? "", AFTERNOON);
    expect((await numberNow()).score).toBe(expected);
    expect(expected).toBeLessThan(75);
  });

  test("counts transactions that were under way during the previous run", async () => {
    await put({ delivered: 55 });
    await bench.a.begin();
    const [message] =
      await bench.sql`select id, provider_sid from public.messages where org_id = ${org.id} limit 1`;
    await bench.sql`update public.messages set status = 'sent' where id = ${message?.id}`;
    const late = { messageId: message?.id, attemptId: null, sid: message?.provider_sid };
    await receipt(bench.a.sql, org.id, { ...late, status: "undelivered", code: 30007 }, AFTERNOON);
    await score();
    expect((await numberNow()).score).toBe(100);
    await bench.a.commit();
    await score();
    expect((await numberNow()).score).toBe(93);
  });

  test("reads no messages of other hours, and never the whole table", async () => {
    for (let hour = 1; hour <= 20; hour++) await put({ delivered: 100 }, later(AFTERNOON, -hour * HOUR));
    await score();
    await bench.sql`vacuum analyze public.messages`;
    await put({ delivered: 10 });
    const counters = async () => {
      await bench.holder.sql`select pg_stat_force_next_flush()`;
      const [row] = await bench.holder.sql`
        select t.seq_tup_read::int as read_through, (select sum(i.idx_tup_read)::int from pg_stat_all_indexes i where i.relid = t.relid) as by_index
        from pg_stat_all_tables t where t.relid = 'public.messages'::regclass`;
      return row as unknown as { read_through: number; by_index: number };
    };
    await bench.sql`select pg_stat_force_next_flush()`;
    const before = await counters();
    await score();
    const after = await counters();
    expect(after.read_through - before.read_through).toBe(0);
    expect(after.by_index - before.by_index).toBeLessThanOrEqual(20);
  });
});

describe("quarantine", () => {
  const ILL: Outcomes = { delivered: 50, undelivered: { 30007: 20 } };

  test("happens at the next run, with the reason and one critical alert, and stays", async () => {
    await put(ILL);
    await put({ delivered: 70 }, AFTERNOON, org.numbers[1]);
    expect(await score()).toBe(2);
    expect(await numberNow()).toEqual({
      status: "quarantined",
      score: 0,
      status_reason:
        "Health score 0: of 70 messages in 7 days 20 were filtered and 0 failed; 0 people opted out.",
    });
    expect(await numberNow(org.numbers[1])).toMatchObject({ status: "active", score: 100 });
    // Also after good outcomes of replies that are still sent from it.
    await put({ delivered: 1000 });
    await score();
    await put(ILL);
    await score(later(AFTERNOON, HOUR));
    expect((await numberNow()).status).toBe("quarantined");
    expect(await alerts()).toMatchObject([
      { severity: "critical", resolved_at: null, details: { score: 0, filtered: 20 } },
    ]);
    const events =
      await bench.sql`select event_type, phone_number from public.audit_events where org_id = ${org.id}`;
    expect(events).toMatchObject([{ event_type: "number_quarantined", phone_number: org.numbers[0]?.e164 }]);
  });

  test.each<[string, Record<string, number>, string]>([
    ["a lower threshold of the organisation", { health_quarantine_below: 29 }, "active"],
    ["a higher one", { health_quarantine_below: 30 }, "quarantined"],
    ["none", { health_quarantine_below: 0 }, "active"],
    ["more outcomes asked for than there are", { health_min_messages: 63 }, "active"],
  ])("heeds %s", async (_which, settings, status) => {
    await bench.sql`update public.orgs set ${bench.sql(settings)} where id = ${org.id}`;
    // 29 in a hundred.
    await put({ delivered: 51, undelivered: { 30007: 11 } });
    await score();
    expect((await numberNow()).status).toBe(status);
  });

  test("does not affect a paused number until it is active again", async () => {
    const [number] = org.numbers;
    await bench.sql`update public.phone_numbers set status = 'paused' where id = ${number?.id ?? ""}`;
    await put(ILL);
    await score();
    expect(await numberNow()).toMatchObject({ status: "paused", score: 0 });
    const admin = await signedIn(bench.db, org.adminId);
    await admin.sql`select private.set_number_status(${number?.id ?? ""}, 'active', null, ${AFTERNOON})`;
    await score();
    expect((await numberNow()).status).toBe("quarantined");
  });

  test("ends when a person reactivates the number, whose score then begins again", async () => {
    const [number] = org.numbers;
    const old = await put({ ...ILL, unconfirmed: 30 });
    await score();
    const admin = await signedIn(bench.db, org.adminId);
    const back = later(AFTERNOON, 600);
    await admin.sql`select private.set_number_status(${number?.id ?? ""}, 'active', null, ${back})`;
    expect(await numberNow()).toEqual({ status: "active", status_reason: null, score: null });
    expect(await alerts()).toMatchObject([{ resolved_at: back }]);
    // A late receipt of an earlier message changes the counts of its hour, but not the number's score.
    await bench.sql`update public.messages set status = 'undelivered', error_code = 30007 where id in ${bench.sql(old.slice(-30))}`;
    await put({ delivered: 49 }, later(back, 60));
    await score(later(back, 120));
    expect(await numberNow()).toMatchObject({ status: "active", score: null });
    await put({ delivered: 1 }, later(back, 60));
    await score(later(back, 120));
    expect(await numberNow()).toMatchObject({ status: "active", score: 100 });
    expect(await computeScore(bench.sql, number?.id ?? "", later(back, 120))).toBe(100);
    // If its outcomes stay bad, it is quarantined again, with a new alert.
    await put({ undelivered: { 30007: 20 } }, later(back, 60));
    await score(later(back, 180));
    expect((await numberNow()).status).toBe("quarantined");
    expect(await alerts()).toMatchObject([{ resolved_at: back }, { resolved_at: null }]);
  });

  test("does not conflict with a reactivation: one waits for the other", async () => {
    const [number] = org.numbers;
    await put(ILL);
    await score();
    const admin = await signedIn(bench.db, org.adminId);
    await put(ILL);
    await bench.holder.begin();
    await score();
    const reactivated =
      admin.sql`select private.set_number_status(${number?.id ?? ""}, 'active', null, ${later(AFTERNOON, 60)})`.execute();
    await admin.blocked(bench.holder);
    await bench.holder.commit();
    await reactivated;
    await score(later(AFTERNOON, 60));
    expect(await numberNow()).toMatchObject({ status: "active", score: null });
  });

  test("is done by the scheduled job for each organisation, even if one of them fails", async () => {
    const now = new Date();
    const other = await arrangeOrg(bench.db, { numbers: 1 });
    await put(ILL, now);
    await arrangeOutcomes(bench.sql, other, other.numbers[0], ILL, { at: now });
    const [first] = [org, other].sort((a, b) => (a.id < b.id ? -1 : 1));
    await bench.sql.unsafe(`
      create function private.refuse_one() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
      create trigger refuse_one before insert on private.number_outcomes for each row when (new.org_id = '${first?.id}') execute function private.refuse_one()`);
    const [job] = await bench.sql`select command, schedule from cron.job where jobname = 'score'`;
    expect(job?.schedule).toBe("*/2 * * * *");
    try {
      await bench.holder.sql.unsafe(job?.command).simple();
    } finally {
      await bench.sql`drop function private.refuse_one() cascade`;
    }
    const of = ({ numbers }: ArrangedOrg) => numberNow(numbers[0]);
    expect((await of(first === org ? other : org)).status).toBe("quarantined");
    expect((await of(first as ArrangedOrg)).status).toBe("active");
    // The hours it could not count are counted after its rest.
    await bench.sql`update private.work_failures set next_try_at = now()`;
    await bench.holder.sql.unsafe(job?.command).simple();
    expect((await of(first as ArrangedOrg)).status).toBe("quarantined");
  });
});
