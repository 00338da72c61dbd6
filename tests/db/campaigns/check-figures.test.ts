// The job that compares figures with targets: it does nothing while they add up; else it corrects them and raises an alert.
import { beforeEach, expect, test } from "vitest";
import { addOutcomes, arrangeEmptyCampaign } from "../../fixtures/arrange-campaign-outcomes.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import { sendAll } from "../../fixtures/drive-sending.ts";
import { RandomDriver } from "../../fixtures/random-driver.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  // Campaigns of earlier tests are checked now, and not due again for an hour.
  await bench.sql`select private.check_figures(${AFTERNOON})`;
  await bench.sql`update public.alerts set resolved_at = now() where resolved_at is null`;
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
});

const check = async (now: Date, rows = 500_000) =>
  (await bench.holder.sql`select private.check_figures(${now}, ${rows}) as wrong`)[0]?.wrong as number;
const alerts = () => bench.sql`
  select severity, message, campaign_id, details from public.alerts
  where kind = 'figures_do_not_add_up' and resolved_at is null and org_id = ${org.id}`;
const stats = async (id: string) =>
  (
    await bench.sql`select audience, waiting, sent, failed, delivered from public.campaign_stats where campaign_id = ${id}`
  )[0];

test("figures that were changed are corrected, with a critical alert that has both", async () => {
  const id = await arrangeEmptyCampaign(bench.db, org, AFTERNOON, { name: "Texas" });
  await addOutcomes(bench.db, org, id, { sent: 5, failed: 2 }, AFTERNOON);
  expect(await check(AFTERNOON)).toBe(0);
  await bench.sql`update public.campaign_stats set sent = 6, failed = 0, waiting = 3 where campaign_id = ${id}`;
  // Running campaigns are checked once a minute.
  expect(await check(later(AFTERNOON, 59))).toBe(0);
  expect(await check(later(AFTERNOON, 60))).toBe(1);
  expect(await stats(id)).toEqual({ audience: 7, waiting: 0, sent: 5, failed: 2, delivered: 0 });
  expect(await alerts()).toEqual([
    {
      severity: "critical",
      campaign_id: id,
      message: expect.stringContaining(
        'The figures of campaign "Texas" differed from its targets and were counted anew: failed was 0, is 2; sent was 6, is 5; waiting was 3, is 0.',
      ),
      details: {
        failed: { told: 0, counted: 2 },
        sent: { told: 6, counted: 5 },
        waiting: { told: 3, counted: 0 },
      },
    },
  ]);
  expect(await check(later(AFTERNOON, 180))).toBe(0);
});

test("a delta that was lost is found, and one that is not folded yet is no mistake", async () => {
  await arrangeLeads(bench.db, org.id, 4);
  const id = await arrangeCampaign(bench.db, org);
  await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  expect(await check(AFTERNOON)).toBe(0);
  await bench.sql`delete from private.campaign_deltas where campaign_id = ${id} and sent <> 0`;
  expect(await check(later(AFTERNOON, 60))).toBe(1);
  expect((await alerts())[0]?.details).toMatchObject({ sent: { told: 0, counted: 4 } });
  expect(await checkFigures(bench.db, org.id)).not.toContainEqual(expect.stringContaining("sent is"));
});

test.each(["fold", "check"])(
  "deltas that fold while figures are mended are counted once, whoever is first: %s",
  async (first) => {
    const id = await arrangeEmptyCampaign(bench.db, org, AFTERNOON);
    await addOutcomes(bench.db, org, id, { sent: 5 }, AFTERNOON);
    await bench.sql`update public.campaign_stats set sent = 50 where campaign_id = ${id}`;
    // Not folded yet.
    await bench.sql`
    update public.campaign_targets set state = 'waiting', delivery = null, sent_at = null, message_id = null
    where id = (select id from public.campaign_targets where campaign_id = ${id} limit 1)`;
    const session = await bench.db.admin();
    const act = (who: typeof session, what: string) =>
      (what === "fold"
        ? who.sql`select private.fold_stats(${AFTERNOON})`
        : who.sql`select private.check_campaign_figures(${id}, ${AFTERNOON})`
      ).then(() => {});
    await session.begin();
    await act(session, first);
    const second = act(bench.holder, first === "fold" ? "check" : "fold");
    await bench.holder.blocked(session);
    await session.commit();
    await second;
    await session.end();
    expect(await stats(id)).toEqual({ audience: 5, waiting: 1, sent: 4, failed: 0, delivered: 0 });
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  },
);

test("a run is bounded: the campaign checked longest ago is first, the others follow in the next run", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const id = await arrangeEmptyCampaign(bench.db, org, AFTERNOON);
    await addOutcomes(bench.db, org, id, { sent: 10 }, AFTERNOON);
    await bench.sql`insert into private.figure_checks values (${id}, ${later(AFTERNOON, -600 + i)})`;
    await bench.sql`update public.campaign_stats set sent = 0 where campaign_id = ${id}`;
    ids.push(id);
  }
  const mended = async () =>
    (
      await bench.sql`select campaign_id as id from public.campaign_stats where campaign_id = any (${ids}) and sent = 10`
    ).length;
  expect([await check(AFTERNOON, 15), await mended()]).toEqual([1, 1]);
  expect((await stats(ids[0] as string))?.sent).toBe(10);
  // A campaign larger than a run's limit has a run of its own.
  expect([await check(AFTERNOON, 5), await mended()]).toEqual([1, 2]);
  expect([await check(AFTERNOON, 15), await mended()]).toEqual([1, 3]);
  expect(await check(AFTERNOON, 15)).toBe(0);
});

test("campaigns that do not run are checked every hour, drafts never", async () => {
  const id = await arrangeEmptyCampaign(bench.db, org, AFTERNOON, { status: "paused" });
  const draft = await arrangeEmptyCampaign(bench.db, org, AFTERNOON, { status: "draft", started_at: null });
  expect(await check(AFTERNOON)).toBe(0);
  await bench.sql`update public.campaign_stats set sent = 1 where campaign_id in (${id}, ${draft})`;
  expect(await check(later(AFTERNOON, 3599))).toBe(0);
  expect(await check(later(AFTERNOON, 3600))).toBe(1);
  expect((await stats(draft))?.sent).toBe(1);
});

test("no events in any order lead to a finding", async () => {
  const random = seededRandom("check-figures");
  await arrangeLeads(bench.db, org.id, 40);
  const campaigns = [
    await arrangeCampaign(bench.db, org),
    await arrangeCampaign(bench.db, org, { retry_undelivered: true }),
    await arrangeCampaign(bench.db, org, { mps: 2, daily_cap: 60 }),
  ];
  const user = await signedIn(bench.db, org.adminId);
  const state = { now: AFTERNOON, held: [], posted: [] };
  const driver = new RandomDriver({ ...bench, user }, org, campaigns, random, state);
  const checker = await bench.db.admin();
  const wrong: unknown[] = [];
  for (let i = 0; i < 300; i++) {
    // The checks run beside the events, not after them; folding too.
    const [step] = await Promise.all([
      driver.step(),
      ...campaigns.map(async (id) => {
        const [row] = await checker.sql`select private.compare_figures(${id}) as check`;
        if (!row?.check.right) wrong.push(row?.check);
      }),
      ...(i % 3 === 0 ? [bench.sql`select private.fold_stats()`] : []),
    ]);
    expect({ step: i, did: step, wrong }).toEqual({ step: i, did: step, wrong: [] });
  }
  for (const id of campaigns) {
    const [row] = await checker.sql`select private.check_campaign_figures(${id}) as is_right`;
    expect(row?.is_right).toBe(true);
  }
  expect(await alerts()).toEqual([]);
  await checker.end();
  await user.end();
});
