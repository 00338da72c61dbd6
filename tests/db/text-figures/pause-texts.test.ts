// A text that brings opt-outs pauses itself: when, when not, and what a person can do.
import jStat from "jstat";
import { beforeEach, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const DAY = 86_400;
const bench = useBareDatabase();
let org: ArrangedOrg;
let text: string;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  text = await addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "en",
    content: "Hi {first_name}, this is {brand}. Reply STOP to end.",
  });
});

/** What became of so many messages of a text, on a day. */
async function put(sent: number, opted_out: number, { id = text, day = AFTERNOON, version = 1 } = {}) {
  await bench.sql`
    insert into private.text_days (org_id, day, campaign_id, step, template_id, version, variant, language, sent, delivered,
      undelivered, filtered, failed, unknown, reached, responded, replied, interested, opted_out, wrong_number, segments, cost)
    values (${org.id}, ${day}, gen_random_uuid(), 1, ${id}, ${version}, 0, 'en', ${sent}, ${sent}, 0, 0, 0, 0, ${sent}, ${opted_out}, 0,
      0, ${opted_out}, 0, ${sent}, 1)`;
}
const pause = (now = AFTERNOON) => bench.holder.sql`select private.pause_texts(${org.id}, ${now})`;
const isActive = async (id = text) =>
  (await bench.sql`select is_active from public.templates where id = ${id}`)[0]?.is_active;
const alert = async () =>
  (
    await bench.sql`select message, details from public.alerts where org_id = ${org.id} and kind = 'text_paused' and resolved_at is null`
  )[0];

test("the probability equals that of the beta distribution, from few trials to very many", async () => {
  for (const [events, trials, limit] of [
    [0, 0, 0.03],
    [0, 100, 0.03],
    [3, 100, 0.03],
    [9, 100, 0.03],
    [40, 1_000, 0.03],
    [400, 1_000, 0.03],
    [3_100, 100_000, 0.03],
    [100, 100, 0.5],
    [50_000, 100_000, 0.001],
  ] as const) {
    const [row] = await bench.sql`select private.rate_exceeds(${events}, ${trials}, ${limit}) as p`;
    const expected = 1 - jStat.beta.cdf(limit, 1 + events, 1 + trials - events);
    expect([events, trials, Math.abs(row?.p - expected) < 1e-6]).toEqual([events, trials, true]);
  }
  const [odd] = await bench.sql`
    select private.rate_exceeds(2, 1, 0.03) as a, private.rate_exceeds(1, 2, 'NaN') as b, private.rate_exceeds(1, 2, 0) as c`;
  expect(odd).toEqual({ a: null, b: null, c: null });
});

test.each([
  [99, 20, true],
  [100, 6, false],
  [100, 5, true],
  [1_000, 35, true],
  [1_000, 41, false],
])("%d sent, %d opted out: still active is %s", async (sent, out, still) => {
  await put(sent, out);
  await pause();
  expect(await isActive()).toBe(still);
});

test("says which texts and why, in one alert and in the audit trail, and pauses each once", async () => {
  const other = await addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "en",
    content: "Hello {first_name}",
  });
  await put(200, 30);
  await pause();
  await put(300, 40, { id: other });
  await pause();
  await pause();
  const found = await alert();
  expect(found?.details.texts).toMatchObject([
    { template_id: text, sent: 200, opted_out: 30 },
    { template_id: other, sent: 300, opted_out: 40 },
  ]);
  expect(found?.message).toContain("(30 of 200)");
  const events = await bench.sql`
    select details ->> 'template_id' as id from public.audit_events where org_id = ${org.id} and event_type = 'template_paused' order by created_at, id`;
  expect(events.map(({ id }) => id)).toEqual([text, other]);
});

test("the last text of a campaign stays: the circuit breaker decides", async () => {
  await arrangeCampaign(bench.db, org, {}, { templates: [text] });
  await put(200, 30);
  await pause();
  expect([await isActive(), await alert()]).toEqual([true, undefined]);
  await arrangeCampaign(bench.db, org, {}, { templates: [text, org.templateId] });
  await bench.sql`
    insert into public.campaign_templates (org_id, campaign_id, template_id)
    select org_id, campaign_id, ${org.templateId} from public.campaign_templates where template_id = ${text} on conflict do nothing`;
  await pause();
  expect(await isActive()).toBe(false);
});

test("another version, old messages, and those before a person activated it again do not count", async () => {
  await put(200, 30, { version: 2 });
  await put(200, 30, { day: later(AFTERNOON, -31 * DAY) });
  await pause();
  expect(await isActive()).toBe(true);
  await put(200, 30, { day: later(AFTERNOON, -DAY) });
  await pause();
  expect(await isActive()).toBe(false);
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select public.update_template(${text}, '{"is_active": true}')`;
  await user.end();
  await bench.sql`update public.templates set activated_at = ${AFTERNOON} where id = ${text} and activated_at is not null`;
  await pause();
  expect(await isActive()).toBe(true);
  await put(200, 30, { day: later(AFTERNOON, DAY) });
  await pause(later(AFTERNOON, DAY));
  expect(await isActive()).toBe(false);
});
