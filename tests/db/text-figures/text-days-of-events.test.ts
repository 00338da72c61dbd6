// What is counted of texts equals a recount from the messages after the events that happen to them: sends, receipts, answers and
// reviews, through the functions that the workers and people call.
import { beforeEach, expect, test } from "vitest";
import { arrangeOutcomes } from "../../fixtures/arrange-outcomes.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { newSid, receipt } from "../../fixtures/drive-sending.ts";
import { type DrivenState, RandomDriver } from "../../fixtures/random-driver.ts";
import { recountTexts, storedTexts } from "../../fixtures/recount-texts.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const DAY = 86_400;
const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 2, fields: { cooldown_days: 0, health_quarantine_below: 0 } });
});

/** As cron and the task do. */
async function count(now = AFTERNOON): Promise<void> {
  await bench.holder.sql`select private.score_numbers(${org.id}, ${now})`;
  await bench.holder.sql`select private.count_texts(${org.id}, '1 hour')`;
}
async function expectRecount(where: string): Promise<number> {
  const recounted = await recountTexts(bench.sql, org.id);
  expect(await storedTexts(bench.sql, org.id), where).toEqual(recounted);
  return recounted.size;
}
const totals = async () => [...(await storedTexts(bench.sql, org.id)).values()];

interface Text {
  id: string;
  sid: string;
  to: string;
}
/** Messages of a text, sent without a receipt. */
async function sentTexts(n: number, at: Date): Promise<Text[]> {
  const campaign = await arrangeCampaign(bench.db, org);
  const ids = await arrangeOutcomes(bench.sql, org, org.numbers[0], { unconfirmed: n }, { at });
  const rows = await bench.sql`
    update public.messages set campaign_id = ${campaign}, template_id = ${org.templateId}, template_version = 1, language = 'es',
      sent_at = ${at}, segments = 2, cost = 0.0158
    where id = any (${ids}) returning id, provider_sid as sid, to_number as "to"`;
  return rows as unknown as Text[];
}
const report = ({ id, sid }: Text, status: string, code: number | null, at: Date) =>
  receipt(bench.a.sql, org.id, { messageId: id, attemptId: null, sid, status, code }, at);
const answer = (from: string, kind: string, at: Date) => bench.b.sql`
  select private.receive_inbound(${org.accountSid}, ${newSid()}, ${from}, ${org.numbers[0]?.e164 ?? ""}, ${kind}, '{}', ${kind}, 'exact',
    false, 'es', false, ${kind}, ${at}, ${kind === "reply" ? "interested" : null})`;

test("after any events and any delay", async () => {
  const random = seededRandom("events of texts");
  await arrangeLeads(bench.db, org.id, 120);
  const campaigns = [await arrangeCampaign(bench.db, org), await arrangeCampaign(bench.db, org)];
  const state: DrivenState = { now: AFTERNOON, held: [], posted: [] };
  const user = await signedIn(bench.db, org.adminId);
  const driver = new RandomDriver({ ...bench, user }, org, campaigns, random, state);
  let cells = 0;
  // With some seeds the first days are spent paused.
  for (let day = 0; day < 5 || (cells === 0 && day < 40); day++) {
    state.now = later(AFTERNOON, day * DAY);
    for (let step = 0; step < 100; step++) {
      await driver.step();
      if (random.next() > 0.04) continue;
      await count(state.now);
      cells += await expectRecount(`seed ${random.seed}, day ${day}, step ${step}`);
    }
  }
  await count(state.now);
  cells += await expectRecount(`seed ${random.seed}, at the end`);
  expect(cells, `seed ${random.seed}`).toBeGreaterThan(0);
});

test("receipts of 9 days ago, in any order and twice, and answers of 13 days ago count on the day of the text", async () => {
  const random = seededRandom("late receipts");
  const texts = await sentTexts(60, AFTERNOON);
  await count();
  expect(await totals()).toMatchObject([
    { sent: 60, reached: 60, delivered: 0, replied: 0, segments: 120, cost: 0.948 },
  ]);
  const codes = [30007, 30005, 30034];
  const words = ["stop", "reply", "wrong_number"];
  const events = texts.flatMap((text, n) => {
    const code = n % 3 === 0 ? (codes[(n / 3) % 3] ?? null) : null;
    const kind = n % 2 === 0 ? words[(n / 2) % 3] : undefined;
    return [
      () => report(text, "sent", null, later(AFTERNOON, 9 * DAY)),
      () => report(text, code ? "undelivered" : "delivered", code, later(AFTERNOON, 9 * DAY)),
      ...(kind ? [() => answer(text.to, kind, later(AFTERNOON, 13 * DAY))] : []),
    ];
  });
  for (const event of random.shuffle([...events, ...events.slice(0, 20)])) await event();
  await count(later(AFTERNOON, 13 * DAY));
  expect(await expectRecount(`seed ${random.seed}`)).toBe(1);
  const [counts] = await totals();
  expect(counts).toMatchObject({ delivered: 40, undelivered: 20, responded: 30, replied: 10, opted_out: 10 });
});

test("a receipt that commits while its day is counted is counted next", async () => {
  const [text] = await sentTexts(2, AFTERNOON);
  await count();
  await bench.a.begin();
  await report(text as Text, "delivered", null, AFTERNOON);
  await bench.sql`insert into private.text_marks (org_id, hour) values (${org.id}, ${AFTERNOON})`;
  await count();
  await bench.a.commit();
  expect(await totals()).toMatchObject([{ sent: 2, delivered: 0 }]);
  await count();
  expect(await totals()).toMatchObject([{ sent: 2, delivered: 1 }]);
});

test.each([
  ["stop", "opted_out"],
  ["wrong_number", "wrong_number"],
])("what a person's review says, %s, counts for the text that was answered", async (word, counter) => {
  const [text] = await sentTexts(1, AFTERNOON);
  await answer(text?.to ?? "", "review", later(AFTERNOON, 5 * DAY));
  await count();
  expect(await totals()).toMatchObject([{ [counter]: 0 }]);
  const user = await signedIn(bench.db, org.adminId);
  const [row] = await bench.sql`select id from public.messages where org_id = ${org.id} and kind = 'inbound'`;
  await user.sql`select private.review_answer(${row?.id}, ${word}, ${later(AFTERNOON, 6 * DAY)})`;
  await count();
  expect(await totals()).toMatchObject([{ [counter]: 1 }]);
});

test("where days begin at half past, both days of an hour are counted", async () => {
  await bench.sql`update public.orgs set time_zone = 'Asia/Kolkata' where id = ${org.id}`;
  // 23:40 and 00:10 there.
  await sentTexts(1, new Date("2026-06-10T18:10:00Z"));
  await sentTexts(1, new Date("2026-06-10T18:40:00Z"));
  await count();
  expect(await expectRecount("in India")).toBe(2);
});
