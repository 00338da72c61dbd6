// Campaigns with steps under every kind of event in random order, days apart, in one session and in four at once: figures add up at
// every instant, nobody gets a step twice or after a stop, and nothing deadlocks.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { addPhone, arrangeDrip, DAY } from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import { type DrivenState, type Lane, RandomDriver } from "../../fixtures/random-driver.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
/** Events of a run; STEPS_EVENTS changes it. */
const EVENTS = Number(process.env.STEPS_EVENTS ?? 400);
let org: ArrangedOrg;
let campaigns: string[];
let used = 1799;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 40, fields: { cooldown_days: 0 } });
  for (const [i, lead] of (await arrangeLeads(bench.db, org.id, 30)).entries())
    if (i % 2 === 0) await addPhone(bench.db, org.id, lead.id, phoneAt(used--));
  campaigns = [
    await arrangeDrip(bench.db, org, [{}, {}], { retry_undelivered: true }),
    await arrangeDrip(bench.db, org, [{}, { kind: "next_phone" }, {}]),
    await arrangeCampaign(bench.db, org),
  ];
});

/** What must hold however the events fell. */
async function judge(): Promise<void> {
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
  await bench.sql`select private.fold_stats()`;
  for (const id of campaigns)
    expect(
      (await bench.sql`select private.check_campaign_figures(${id}, ${AFTERNOON}) as right`)[0]?.right,
    ).toBe(true);
  const twice = await bench.sql`
    select campaign_id, to_number, step from public.messages where org_id = ${org.id} and kind = 'campaign' and is_live
    group by 1, 2, 3 having count(*) > 1`;
  expect(twice).toEqual([]);
  // A later text to a phone was planned only after the one before it was.
  const early = await bench.sql`
    select m.to_number, m.step from public.messages m join public.campaign_steps s using (campaign_id, step)
    where m.org_id = ${org.id} and s.kind = 'text' and not exists (
      select 1 from public.messages b where b.campaign_id = m.campaign_id and b.to_number = m.to_number and b.step = m.step - 1
        and b.created_at <= m.created_at - make_interval(hours => s.wait_hours))`;
  expect(early).toEqual([]);
  // No step was claimed after an answer that ends it, from any phone of the lead. Ids tell what was first by the real clock: both
  // are made under the lock of the contact.
  const late = await bench.sql`
    select m.to_number, m.step, i.classification, i.id as answer, a.id as attempt, o.e164 as answered_from, o.state::text,
      o.reason, o.step as answered_step from public.messages m
    join public.campaign_targets t on t.id = m.campaign_target_id
    join public.send_attempts a on a.message_id = m.id
    join public.campaign_targets o on o.lead_id = t.lead_id and o.campaign_id = t.campaign_id
    join public.messages i on i.kind = 'inbound' and i.from_number = o.e164 and i.org_id = m.org_id
    where m.org_id = ${org.id} and m.step > 1 and i.created_at >= t.replies_since and left(i.id::text, 13) < left(a.id::text, 13)
      and i.classification not in ('start') and (i.classification <> 'wrong_number' or o.e164 = t.e164)`;
  expect(late).toEqual([]);
}

test(`${EVENTS} events, one after the other`, async () => {
  const random = seededRandom("steps");
  const state: DrivenState = { now: AFTERNOON, held: [], posted: [] };
  const user = await signedIn(bench.db, org.adminId);
  const driver = new RandomDriver({ ...bench, user }, org, campaigns, random, state);
  const done: string[] = [];
  const reached = async () => {
    const [row] = await bench.sql`
      select max(step)::int as step, count(*) filter (where step > 1 and state = 'sent')::int as sent,
        count(*) filter (where step > 1 and state = 'canceled')::int as canceled
      from public.campaign_targets where org_id = ${org.id}`;
    return row?.step > 2 && row?.sent > 5 && row?.canceled > 0;
  };
  // Some seeds come to later steps late.
  for (let i = 0; i < EVENTS || (i < 10 * EVENTS && !(await reached())); i++) {
    if (random.next() < 0.02) state.now = later(state.now, DAY + 60);
    done.push(await driver.step());
    expect([i, done.slice(-3), await checkFigures(bench.db, org.id)]).toEqual([i, done.slice(-3), []]);
  }
  await user.end();
  await judge();
  expect(await reached()).toBe(true);
});

test("four sessions at once", async () => {
  const random = seededRandom("steps at once");
  const state: DrivenState = { now: AFTERNOON, held: [], posted: [] };
  const errors: string[] = [];
  const lanes: Lane[] = [];
  for (let i = 0; i < 4; i++) {
    const [a, b, holder] = [await bench.db.worker(), await bench.db.worker(), await bench.db.admin()];
    lanes.push({ sql: bench.sql, a, b, holder, user: await signedIn(bench.db, org.adminId) });
  }
  const run = async (lane: Lane) => {
    const driver = new RandomDriver(lane, org, campaigns, random, state);
    for (let i = 0; i < EVENTS / 3; i++) {
      if (random.next() < 0.01) state.now = later(state.now, DAY + 60);
      // A person's request may be too late, because another session was faster.
      await driver.step().catch((error) => {
        if (error.code !== "PT409")
          errors.push(`${error.code} ${error.message} ${error.detail ?? ""}\n${error.where ?? ""}`);
      });
    }
  };
  await Promise.all(lanes.map(run));
  for (const { a, b, holder, user } of lanes)
    await Promise.all([a, b, holder, user].map((each) => each.end()));
  expect(errors).toEqual([]);
  const [stats] =
    await bench.sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
  expect(stats?.deadlocks).toBe(0);
  await judge();
});
