// Four sessions do every kind of operation on the same people at the same time: no deadlock, no error, and all invariants hold.
import { expect, test } from "vitest";
import {
  AFTERNOON,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import { plan } from "../../fixtures/drive-sending.ts";
import { type DrivenState, type Lane, RandomDriver } from "../../fixtures/random-driver.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
/** Steps of each session; STRESS_STEPS changes it. */
const STEPS = Number(process.env.STRESS_STEPS ?? 120);
const MPS = 40;

test("hundreds of operations in four sessions", async () => {
  const random = seededRandom("stress");
  const org = await arrangeOrg(bench.db, { mps: MPS, fields: { cooldown_days: 0 } });
  // Few people and many campaigns, so that operations often meet.
  await arrangeLeads(bench.db, org.id, Math.ceil(STEPS / 5));
  const campaigns: string[] = [];
  for (let i = 0; i < 4; i++) {
    campaigns.push(
      await arrangeCampaign(bench.db, org, { retry_undelivered: i === 0, quiet_hours_override: i > 1 }),
    );
  }
  const state: DrivenState = { now: AFTERNOON, held: [], posted: [] };
  const errors: string[] = [];
  const done: string[] = [];
  const run = async (lane: Lane) => {
    const driver = new RandomDriver(lane, org, campaigns, random, state);
    for (let i = 0; i < STEPS; i++) {
      // A person's request may be too late, because another session was faster.
      const step = driver.step().catch((error) => {
        if (error.code !== "PT409")
          errors.push(`${error.code} ${error.message} ${error.detail ?? ""}\n${error.where ?? ""}`);
        return "refused";
      });
      done.push(await step);
    }
  };
  const lanes: Lane[] = [];
  for (let i = 0; i < 4; i++) {
    const [a, b, holder] = [await bench.db.worker(), await bench.db.worker(), await bench.db.admin()];
    lanes.push({ sql: bench.sql, a, b, holder, user: await signedIn(bench.db, org.adminId) });
  }
  // The first plan computes every window; if all began together, the others would end before it.
  await plan(bench.a.sql, AFTERNOON);
  await Promise.all(lanes.map(run));

  expect(errors).toEqual([]);
  const [stats] =
    await bench.sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
  expect(stats?.deadlocks).toBe(0);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
  expect(new Set(done).size).toBeGreaterThan(8);

  // Nobody was claimed twice for one step, except by a retry after a failed message.
  const live = await bench.sql`
    select 1 from public.messages where org_id = ${org.id} and kind = 'campaign' and status not in ('failed', 'undelivered', 'canceled')
    group by campaign_id, to_number, step having count(*) > 1`;
  expect(live).toEqual([]);
  // Every slot kept its distance.
  const slots = await bench.sql`
    select extract(epoch from gap)::float8 * 1000 as gap from (
      select a.slot_at - lag(a.slot_at) over (partition by m.phone_number_id order by a.slot_at) as gap
      from public.send_attempts a join public.messages m on m.id = a.message_id where a.org_id = ${org.id}
    ) x where gap is not null`;
  expect(slots.length).toBeGreaterThan(20);
  for (const { gap } of slots) expect(gap).toBeGreaterThanOrEqual(1040 / MPS - 0.002);
  // The charges equal the messages planned and not refunded.
  const [caps] = await bench.sql`
    select (select coalesce(sum(messages), 0)::int from private.daily_usage where scope_id = ${org.id}) as org,
      (select coalesce(sum(messages), 0)::int from private.daily_usage u where u.scope_id in (select id from public.campaigns where org_id = ${org.id})) as campaigns,
      (select coalesce(sum(messages), 0)::int from private.daily_usage u where u.scope_id in (select id from public.phone_numbers where org_id = ${org.id})) as numbers`;
  expect(new Set([caps?.org, caps?.campaigns, caps?.numbers]).size).toBe(1);
});
