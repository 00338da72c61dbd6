// Preflight: the days a campaign needs and what limits them, what starting refuses, and what must be acknowledged.
import { beforeEach, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeNumber,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 1, mps: 1 });
});

interface Finding {
  code: string;
  must_acknowledge?: boolean;
}
interface Preflight {
  blockers: Finding[];
  warnings: Finding[];
  forecast: { days: { day: string; messages: number; limited_by: string[] }[]; finishes_on: string | null };
  people: Record<string, number | string | null>;
  cost: { high: number; segments_high: number };
}
async function preflight(id: string, now = AFTERNOON): Promise<Preflight> {
  const user = await signedIn(bench.db, org.adminId);
  const [row] = await user.sql`select private.campaign_preflight(${id}, ${now}) as found`;
  return row?.found;
}
const codes = (found: Finding[]) => found.map(({ code }) => code);
const days = async (id: string, now = AFTERNOON) => (await preflight(id, now)).forecast.days;
const start = async (id: string, acknowledge: string[] = []) => {
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.start_campaign(${id}, ${acknowledge}, p_now => ${AFTERNOON})`;
};
const ready = (fields: Record<string, unknown> = {}) =>
  arrangeCampaign(bench.db, org, { status: "ready", ...fields });
const setNumber = (fields: Record<string, unknown>) =>
  bench.sql`update public.phone_numbers set ${bench.sql(fields)} where org_id = ${org.id}`;

test("a small campaign ends today, and nothing limits it", async () => {
  await arrangeLeads(bench.db, org.id, 20);
  const found = await preflight(await ready());
  expect(found.forecast).toEqual({
    days: [{ day: "2026-06-10", messages: 20, limited_by: [] }],
    finishes_on: "2026-06-10",
  });
  expect(found.blockers).toEqual([]);
  // 20 messages of one segment at the default prices.
  expect(found.cost).toMatchObject({ segments_high: 20, high: 0.26 });
});

test("each limit shows in the days that it limits", async () => {
  await arrangeLeads(bench.db, org.id, 100, { state: "TX" });
  const id = await ready();
  await setNumber({ daily_cap: 40 });
  expect(await days(id)).toEqual([
    { day: "2026-06-10", messages: 40, limited_by: ["number_caps"] },
    { day: "2026-06-11", messages: 40, limited_by: ["number_caps"] },
    { day: "2026-06-12", messages: 20, limited_by: [] },
  ]);
  await bench.sql`update public.campaigns set daily_cap = 60 where id = ${id}`;
  await setNumber({ daily_cap: null });
  expect(await days(id)).toMatchObject([
    { messages: 60, limited_by: ["campaign_daily_cap"] },
    { messages: 40 },
  ]);
  await bench.sql`update public.campaigns set daily_cap = null where id = ${id}`;
  await bench.sql`update public.orgs set daily_cap = 50 where id = ${org.id}`;
  expect(await days(id)).toMatchObject([{ messages: 50, limited_by: ["org_daily_cap"] }, { messages: 50 }]);
  await bench.sql`update public.orgs set daily_cap = null where id = ${org.id}`;
  await bench.sql`update public.sending_limits set daily_spending_limit = 1 where org_id = ${org.id}`;
  // 1 dollar pays 78 segments of 0.0128 dollars.
  expect(await days(id)).toMatchObject([{ messages: 78, limited_by: ["spending_limit"] }, { messages: 22 }]);
});

test("a slow number takes days, and only while people may be written to", async () => {
  await arrangeLeads(bench.db, org.id, 100, { state: "TX" });
  await setNumber({ mps: 0.001 });
  const found = await days(await ready());
  expect(found[0]?.limited_by).toEqual(["number_pace"]);
  const sum = found.reduce((all, { messages }) => all + messages, 0);
  expect(sum).toBe(100);
  // Eleven hours a day at most (8 to 20, less the minute before the end) are some 40 messages of 1,040 s each.
  for (const { messages } of found) expect(messages).toBeLessThanOrEqual(42);
  expect(found.length).toBeGreaterThanOrEqual(3);
});

test("in the evening, everybody waits for the next day: their hours are the reason", async () => {
  await arrangeLeads(bench.db, org.id, 10, { state: "TX" });
  const night = new Date("2026-06-11T03:00:00Z");
  expect(await days(await ready(), night)).toEqual([
    { day: "2026-06-10", messages: 0, limited_by: ["outside_hours"] },
    { day: "2026-06-11", messages: 10, limited_by: [] },
  ]);
});

test("what one day cannot send is left to later ones, until 30 days are over", async () => {
  await arrangeLeads(bench.db, org.id, 100, { state: "TX" });
  await setNumber({ daily_cap: 2 });
  const id = await ready();
  const found = await preflight(id);
  expect(found.forecast.finishes_on).toBeNull();
  expect(codes(found.warnings)).toContain("finishes_late");
  await expect(start(id)).rejects.toThrow(/finishes_late/);
  await start(id, ["finishes_late"]);
});

test("a number that warms up sends more each day", async () => {
  await arrangeLeads(bench.db, org.id, 100, { state: "TX" });
  await bench.sql`update public.orgs set warmup_caps = '{10, 20, 30}' where id = ${org.id}`;
  await setNumber({ warmup_started_on: "2026-06-10", time_zone: "America/Chicago" });
  expect((await days(await ready())).map(({ messages }) => messages)).toEqual([10, 20, 30, 40]);
});

test("starting refuses the first of the blockers that preflight tells, and may be scheduled in spite of some", async () => {
  await arrangeLeads(bench.db, org.id, 3);
  const id = await ready();
  await bench.sql`update public.templates set is_active = false where org_id = ${org.id}`;
  await setNumber({ status: "paused" });
  expect(codes((await preflight(id)).blockers)).toEqual(["no_templates", "no_phone_numbers"]);
  await expect(start(id)).rejects.toMatchObject({ message: expect.stringMatching(/no active template/) });
  await bench.sql`update public.templates set is_active = true where id = ${org.templateId}`;
  await setNumber({ status: "active" });
  await bench.sql`update public.sending_limits set daily_spending_limit = 0 where org_id = ${org.id}`;
  expect(codes((await preflight(id)).blockers)).toEqual(["spending_limit_reached"]);
  await expect(start(id)).rejects.toThrow(/spending limit/);
  const user = await signedIn(bench.db, org.adminId);
  const later_ = later(AFTERNOON, 86_400);
  await expect(
    user.sql`select private.schedule_campaign(${id}, ${later_}, '{}', ${AFTERNOON})`,
  ).rejects.toThrow(/finishes_late/);
  await user.sql`select private.schedule_campaign(${id}, ${later_}, '{finishes_late}', ${AFTERNOON})`;
  expect((await bench.sql`select status::text from public.campaigns where id = ${id}`)[0]?.status).toBe(
    "scheduled",
  );
});

test("a number in poor health, too little money and phones that were not scrubbed must be acknowledged", async () => {
  await arrangeLeads(bench.db, org.id, 10);
  await arrangeNumber(bench.sql, org.id, { health_score: 60 });
  await bench.sql`update public.twilio_accounts set balance = 0.19, balance_currency = 'USD', balance_checked_at = ${AFTERNOON} where org_id = ${org.id}`;
  await bench.sql`
    insert into public.enrichment_services (org_id, kind, name, url, request, field_map, is_enabled)
    values (${org.id}, 'scrub', 'Lists', 'https://lists.example.com', '{"phones": "{phones}"}', '{"phone": "p", "result": "r"}', true)`;
  const id = await ready();
  const must = (await preflight(id)).warnings.filter((warning) => warning.must_acknowledge);
  expect(codes(must)).toEqual(["balance_low", "number_unhealthy", "not_scrubbed"]);
  await expect(start(id, ["balance_low", "not_scrubbed"])).rejects.toThrow(/number_unhealthy/);
  await start(id, ["balance_low", "not_scrubbed", "number_unhealthy"]);
});

test("one and a half times the highest cost is enough", async () => {
  await arrangeLeads(bench.db, org.id, 10);
  const id = await ready();
  const balance = (usd: number) =>
    bench.sql`update public.twilio_accounts set balance = ${usd}, balance_currency = 'USD' where org_id = ${org.id}`;
  // 10 segments of 0.0128 dollars, rounded to 0.13.
  await balance(0.194);
  expect(codes((await preflight(id)).warnings)).toContain("balance_low");
  await balance(0.196);
  expect(codes((await preflight(id)).warnings)).not.toContain("balance_low");
});

test("the highest cost is every step to everybody, and a step without a text blocks", async () => {
  await arrangeLeads(bench.db, org.id, 10);
  const id = await ready();
  await bench.sql`
    insert into public.campaign_steps (org_id, campaign_id, step, kind, wait_hours, stop_on)
    select ${org.id}, ${id}, s.step, s.kind, 24, '{not_interested,opted_out,wrong_number,do_not_contact}'
    from (values (2, 'next_phone'), (3, 'text')) as s(step, kind)`;
  expect((await preflight(id)).blockers).toMatchObject([{ code: "no_templates", details: { step: 3 } }]);
  const long = await addTemplate(bench.sql, org.id, {
    category: "followup",
    language: "es",
    content: "Seguimos interesados.",
    worstSegments: 3,
  });
  await bench.sql`
    insert into public.campaign_templates (org_id, campaign_id, template_id, step) values (${org.id}, ${id}, ${long}, 3)`;
  const found = await preflight(id);
  expect(found.blockers).toEqual([]);
  expect(found.cost.segments_high).toBe(10 * (1 + 1 + 3));
});

test("what the check of texts advises is told with the name of the text", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  const loud = await addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "en",
    content: "HELLO, THIS IS {brand}. WE BUY LAND FOR CASH!!! REPLY STOP TO OPT OUT.",
  });
  const id = await arrangeCampaign(bench.db, org, { status: "ready" }, { templates: [loud] });
  const advice = (await preflight(id)).warnings.filter(({ code }) => code === "text_advice");
  expect(advice.length).toBeGreaterThan(0);
  for (const each of advice)
    expect(each).toMatchObject({ must_acknowledge: false, details: { template: expect.any(String) } });
  await start(id);
});

test("what is not known about people is told, and keeps nobody from starting", async () => {
  await arrangeLeads(bench.db, org.id, 4, { state: "TX" });
  await bench.sql`
    update public.lead_phones set consent_status = 'granted', line_type = 'mobile'
    where id = (select id from public.lead_phones where org_id = ${org.id} limit 1)`;
  const id = await ready();
  const found = await preflight(id);
  expect(found.people).toMatchObject({
    judged: 4,
    with_consent: 1,
    line_type_unknown: 3,
    state_unknown: 0,
    scrubbed: 0,
  });
  expect(codes(found.warnings)).toEqual(["consent_unknown", "line_type_unknown"]);
  await start(id);
});

test("another organisation's campaign does not exist, and codes must be a list", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  const id = await ready();
  const other = await arrangeOrg(bench.db);
  const stranger = await signedIn(bench.db, other.adminId);
  await expect(stranger.sql`select public.campaign_preflight(${id})`).rejects.toThrow(/No such campaign/);
  expect((await stranger.sql`select public.preflight_samples(${id}) as found`)[0]?.found).toEqual([]);
  const user = await signedIn(bench.db, org.adminId);
  await expect(user.sql`select public.start_campaign(${id}, null)`).rejects.toThrow(/acknowledge/);
  await expect(user.sql`select public.start_campaign(${id}, array[null]::text[])`).rejects.toThrow(
    /acknowledge/,
  );
});

test("an A/B test whose audience is too small is told what it could find, and that stops nobody", async () => {
  await arrangeLeads(bench.db, org.id, 100);
  const texts = await Promise.all(
    ["A", "B"].map((name) =>
      addTemplate(bench.sql, org.id, {
        category: "initial",
        language: "es",
        worstSegments: 1,
        content: `${name}: {brand}. Responda ALTO para no recibir mas.`,
      }),
    ),
  );
  const id = await ready();
  const warned = async () => (await preflight(id)).warnings.filter(({ code }) => code === "test_too_small");
  expect(await warned()).toEqual([]);
  await bench.sql`delete from public.campaign_templates where campaign_id = ${id}`;
  for (const [n, text] of texts.entries()) {
    await bench.sql`
      insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
      values (${org.id}, ${id}, ${n + 1}, ${`V${n}`}, 1)`;
    await bench.sql`
      insert into public.campaign_templates (org_id, campaign_id, template_id, variant) values (${org.id}, ${id}, ${text}, ${n + 1})`;
  }
  await bench.sql`
    insert into public.campaign_tests (org_id, campaign_id, metric, deadline)
    values (${org.id}, ${id}, 'replied', ${later(AFTERNOON, 86_400 * 30)})`;
  expect(await warned()).toEqual([
    {
      code: "test_too_small",
      must_acknowledge: false,
      message: expect.stringContaining("50 people for a variant"),
      details: { people_per_arm: 50, expected_rate: 5, smallest_difference: expect.any(Number) },
    },
  ]);
  await start(id);
  const [row] = await bench.sql`select status::text from public.campaigns where id = ${id}`;
  expect(row?.status).toBe("running");
});
