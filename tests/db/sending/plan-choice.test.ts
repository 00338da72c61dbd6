// Planning's choices: which people come next, from which number, with which text.
import { beforeEach, describe, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
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
import { plan, sendAll } from "../../fixtures/drive-sending.ts";
import { fictionalPhoneAt } from "../../fixtures/list-phones.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 2, mps: 10, fields: { cooldown_days: 0 } });
});

const planned = async (id: string): Promise<number> =>
  (
    await bench.sql`select count(*)::int as n from public.messages where campaign_id = ${id} and status <> 'canceled'`
  )[0]?.n;
const setContact = (lead: ArrangedLead | undefined, fields: Record<string, unknown>) =>
  bench.sql`update private.contacts set ${bench.sql(fields)} where org_id = ${org.id} and e164 = ${lead?.e164 ?? ""}`;
const setNumber = (number: { id: string } | undefined, fields: Record<string, unknown>) =>
  bench.sql`update public.phone_numbers set ${bench.sql(fields)} where id = ${number?.id ?? ""}`;

describe("turns", () => {
  test("a campaign of a hundred does not wait for one of ten thousand", async () => {
    await bench.sql`
      with people as (
        insert into public.leads (org_id, first_name, tags) select ${org.id}, 'Rosa', '{BIG}' from generate_series(1, 10000) returning id
      )
      insert into public.lead_phones (org_id, lead_id, e164, role)
      select ${org.id}, p.id, e.e164, 'primary'
      from (select id, row_number() over () as n from people) p
      join unnest(${Array.from({ length: 10_000 }, (_, n) => fictionalPhoneAt(n))}::text[]) with ordinality e(e164, n) using (n)`;
    // Of one area code, which is in no state that wants consent.
    const few = await bench.sql`
      update public.leads l set tags = '{SMALL}' from public.lead_phones p
      where p.lead_id = l.id and p.org_id = ${org.id} and p.e164 = any (${Array.from({ length: 100 }, (_, n) => fictionalPhoneAt(n))})
      returning 1`;
    expect(few).toHaveLength(100);
    const override = { quiet_hours_override: true };
    const big = await arrangeCampaign(bench.db, org, { ...override, target_criteria: { tags: ["BIG"] } });
    const small = await arrangeCampaign(bench.db, org, { ...override, target_criteria: { tags: ["SMALL"] } });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(100);
    expect([await planned(big), await planned(small)]).toEqual([50, 50]);
    await bench.sql`update public.messages set status = 'sent' where org_id = ${org.id}`;
    expect(await plan(bench.a.sql, later(AFTERNOON, 5))).toBe(100);
    expect([await planned(big), await planned(small)]).toEqual([100, 100]);
  });

  test("if there is room for one message at a time, campaigns get it in turn", async () => {
    for (const number of org.numbers) await setNumber(number, { mps: 0.1 });
    await arrangeLeads(bench.db, org.id, 4);
    const ids = [await arrangeCampaign(bench.db, org), await arrangeCampaign(bench.db, org)];
    await bench.sql`update public.orgs set mps = 0.2 where id = ${org.id}`;
    for (let round = 1; round <= 2; round++) {
      for (let turn = 0; turn < ids.length; turn++) {
        const now = later(AFTERNOON, 60 * (2 * round + turn));
        expect(await sendAll(bench.a.sql, bench.sql, now)).toHaveLength(1);
      }
      expect(await Promise.all(ids.map(planned))).toEqual([round, round]);
    }
  });

  test("room that one campaign can't use goes to the others, within the same second", async () => {
    await arrangeLeads(bench.db, org.id, 5, { tags: ["FEW"] });
    await arrangeLeads(bench.db, org.id, 120, { tags: ["MANY"] });
    const few = await arrangeCampaign(bench.db, org, { target_criteria: { tags: ["FEW"] } });
    // It is first, when the room that the others leave is not yet known.
    const many = await arrangeCampaign(
      bench.db,
      org,
      { target_criteria: { tags: ["MANY"] } },
      { now: later(AFTERNOON, -1) },
    );
    const slow = await arrangeCampaign(bench.db, org, { mps: 1, target_criteria: { tags: ["MANY"] } });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(100);
    expect([await planned(few), await planned(many), await planned(slow)]).toEqual([5, 90, 5]);
  });

  test("one organisation's backlog takes nothing from another's", async () => {
    await arrangeLeads(bench.db, org.id, 120);
    await arrangeCampaign(bench.db, org);
    const other = await arrangeOrg(bench.db, { numbers: 1, mps: 10 });
    await arrangeLeads(bench.db, other.id, 60);
    const theirs = await arrangeCampaign(bench.db, other);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(150);
    expect(await planned(theirs)).toBe(50);
  });

  test("the oldest go first, in the order they were built", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 30);
    await arrangeCampaign(bench.db, org, { mps: 2 });
    await plan(bench.a.sql, AFTERNOON);
    const first = await bench.sql`select lead_id from public.messages where org_id = ${org.id}`;
    expect(first.map((row) => row.lead_id).sort()).toEqual(leads.slice(0, 10).map((lead) => lead.id));
  });

  test("people who were put off and are due again come before the others, as far as there is room", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 40);
    const id = await arrangeCampaign(bench.db, org, { daily_cap: 20 });
    const late = leads.slice(-15).map((lead) => lead.id);
    await bench.sql`
      update public.campaign_targets set not_before = ${later(AFTERNOON, -1)} where campaign_id = ${id} and lead_id = any (${late})`;
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(20);
    const queued = await bench.sql`select lead_id from public.messages where org_id = ${org.id}`;
    expect(queued.map((row) => row.lead_id).sort()).toEqual(
      [...late, ...leads.slice(0, 5).map((lead) => lead.id)].sort(),
    );
  });
});

async function numbersUsed(): Promise<string[]> {
  const rows = await bench.sql`
    select n.e164 from public.messages m join public.phone_numbers n on n.id = m.phone_number_id
    where m.org_id = ${org.id} and m.kind = 'campaign' and m.status = 'queued' order by m.created_at, m.id`;
  return rows.map((row) => row.e164);
}

describe("the number", () => {
  test("is the one the person knows, before any other reason", async () => {
    const [known] = org.numbers;
    await arrangeNumber(bench.sql, org.id, { mps: 100, health_score: 100 });
    await setNumber(known, { health_score: 1 });
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    await setContact(lead, { phone_number_id: known?.id });
    await plan(bench.a.sql, AFTERNOON);
    expect(await numbersUsed()).toEqual([known?.e164]);
  });

  test("is the one that a campaign wrote from before", async () => {
    await arrangeLeads(bench.db, org.id, 10);
    await arrangeCampaign(bench.db, org);
    const before = new Map(
      (await sendAll(bench.a.sql, bench.sql, AFTERNOON)).map((send) => [send.to_number, send.from_number]),
    );
    await arrangeCampaign(bench.db, org, {}, { now: later(AFTERNOON, 60) });
    const again = await sendAll(bench.a.sql, bench.sql, later(AFTERNOON, 60));
    expect(again).toHaveLength(10);
    for (const send of again) expect(send.from_number).toBe(before.get(send.to_number));
  });

  test("is else one of the person's area code", async () => {
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    const near = await arrangeNumber(bench.sql, org.id, { mps: 1, health_score: 10 });
    await setNumber(near, { e164: `${lead?.e164.slice(0, 5)}5550199` });
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    expect(await numbersUsed()).toEqual([`${lead?.e164.slice(0, 5)}5550199`]);
  });

  test("is else the healthiest, and of those the one with most room", async () => {
    const [worse, better] = org.numbers;
    await setNumber(worse, { health_score: 60 });
    await setNumber(better, { health_score: 90, mps: 1 });
    await arrangeLeads(bench.db, org.id, 8);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    // Five seconds of the better one, then the other.
    expect((await numbersUsed()).sort()).toEqual(
      [...Array(5).fill(better?.e164), ...Array(3).fill(worse?.e164)].sort(),
    );
  });

  test("equal ones share alike", async () => {
    await arrangeLeads(bench.db, org.id, 40);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    const used = await numbersUsed();
    for (const number of org.numbers) expect(used.filter((e164) => e164 === number.e164)).toHaveLength(20);
  });

  test("is one of the campaign's pool, though the person knows another", async () => {
    const [known, pooled] = org.numbers;
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    const id = await arrangeCampaign(bench.db, org);
    await bench.sql`insert into public.campaign_phone_numbers values (${org.id}, ${id}, ${pooled?.id ?? ""})`;
    await setContact(lead, { phone_number_id: known?.id });
    await plan(bench.a.sql, AFTERNOON);
    expect(await numbersUsed()).toEqual([pooled?.e164]);
  });

  test.each<[string, (known: { id: string } | undefined) => PromiseLike<unknown>]>([
    ["asleep", (known) => setNumber(known, { quiet_starts: "12:00", quiet_ends: "23:00" })],
    [
      "resting",
      (known) =>
        bench.sql`update private.number_pace set resting_until = ${later(AFTERNOON, 7200)} where phone_number_id = ${known?.id ?? ""}`,
    ],
    ["at its daily cap", (known) => setNumber(known, { daily_cap: 0 })],
  ])(
    "that is known but %s is waited for a quarter of an hour, once, and then another takes over",
    async (_how, shut) => {
      const [known, other] = org.numbers;
      const [lead] = await arrangeLeads(bench.db, org.id, 1);
      await arrangeCampaign(bench.db, org);
      await setContact(lead, { phone_number_id: known?.id });
      await shut(known);
      expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
      expect(await plan(bench.a.sql, later(AFTERNOON, 899))).toBe(0);
      expect(await plan(bench.a.sql, later(AFTERNOON, 900))).toBe(1);
      expect(await numbersUsed()).toEqual([other?.e164]);
    },
  );

  test.each(["paused", "quarantined", "released"])(
    "that is known but %s is not waited for: another takes over at once",
    async (status) => {
      const [known, other] = org.numbers;
      const [lead] = await arrangeLeads(bench.db, org.id, 1);
      await arrangeCampaign(bench.db, org);
      await setContact(lead, { phone_number_id: known?.id });
      await setNumber(known, { status });
      expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
      expect(await numbersUsed()).toEqual([other?.e164]);
    },
  );

  test("that is known and stays busy for a quarter of an hour is handed over", async () => {
    const [busy, idle] = org.numbers;
    await setNumber(busy, { mps: 0.001 });
    const leads = await arrangeLeads(bench.db, org.id, 2);
    await arrangeCampaign(bench.db, org);
    for (const lead of leads) await setContact(lead, { phone_number_id: busy?.id });
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    for (let second = 2; second < 900; second += 99)
      expect(await plan(bench.a.sql, later(AFTERNOON, second))).toBe(0);
    expect(await plan(bench.a.sql, later(AFTERNOON, 902))).toBe(1);
    expect((await numbersUsed()).sort()).toEqual([busy?.e164, idle?.e164].sort());
  });

  test("that is known and was used up by others writes to its people as soon as it has room", async () => {
    const [busy] = org.numbers;
    await setNumber(busy, { mps: 1 });
    const leads = await arrangeLeads(bench.db, org.id, 20);
    await arrangeCampaign(bench.db, org);
    for (const lead of leads) await setContact(lead, { phone_number_id: busy?.id });
    let sent = 0;
    for (let second = 0; second < 30; second++)
      sent += (await sendAll(bench.a.sql, bench.sql, later(AFTERNOON, second))).length;
    expect(sent).toBe(20);
  });

  test("that is known has room for its people before others get it", async () => {
    const [known, other] = org.numbers;
    for (const number of [known, other]) await setNumber(number, { mps: 1 });
    const leads = await arrangeLeads(bench.db, org.id, 60);
    await arrangeCampaign(bench.db, org);
    const acquainted = leads.filter((_, i) => i % 3 === 0);
    for (const lead of acquainted) await setContact(lead, { phone_number_id: known?.id });
    const sent = new Set<string>();
    for (let second = 0; second < 20; second++)
      for (const { to_number } of await sendAll(bench.a.sql, bench.sql, later(AFTERNOON, second)))
        sent.add(to_number);
    // Both are fully used, and the first mostly for its own people; it was 3 of 20 when the others came first.
    expect(sent.size).toBe(40);
    expect(acquainted.filter(({ e164 }) => sent.has(e164)).length).toBeGreaterThanOrEqual(12);
  });

  test("that is known and busy is waited for, and does not delay others from idle numbers", async () => {
    const [busy, idle] = org.numbers;
    await setNumber(busy, { mps: 1 });
    await setNumber(idle, { mps: 2 });
    const leads = await arrangeLeads(bench.db, org.id, 60);
    await arrangeCampaign(bench.db, org);
    // The first forty, who come first, know the busy one.
    for (const lead of leads.slice(0, 40)) await setContact(lead, { phone_number_id: busy?.id });
    for (let second = 0; second < 10; second += 2) await plan(bench.a.sql, later(AFTERNOON, second));
    const used = await numbersUsed();
    expect(used.filter((e164) => e164 === busy?.e164)).toHaveLength(5);
    expect(used.filter((e164) => e164 === idle?.e164)).toHaveLength(10);
    // People who know the busy one get it.
    const strays = await bench.sql`
      select 1 from public.messages m join private.contacts c on c.org_id = m.org_id and c.e164 = m.to_number
      where m.org_id = ${org.id} and c.phone_number_id <> m.phone_number_id`;
    expect(strays).toEqual([]);
  });
});

describe("the text", () => {
  const addText = (content: string, worstSegments = 1) =>
    addTemplate(bench.sql, org.id, { category: "initial", language: "es", content, worstSegments });
  const templatesUsed = async (id: string) =>
    (
      await bench.sql`select template_id from public.messages where campaign_id = ${id} and status <> 'canceled' order by created_at, id`
    ).map((row) => row.template_id);
  const texts = () =>
    Promise.all([1, 2, 3].map((n) => addText(`${n}: {brand}. Responda ALTO para no recibir mas.`)));
  const settleAll = () =>
    bench.sql`update public.messages set status = 'sent' where org_id = ${org.id} and status = 'queued'`;

  test("rotates: each is used as often as the others", async () => {
    const templates = await texts();
    await arrangeLeads(bench.db, org.id, 31);
    const id = await arrangeCampaign(bench.db, org, {}, { templates });
    await plan(bench.a.sql, AFTERNOON);
    const used = await templatesUsed(id);
    expect(templates.map((each) => used.filter((one) => one === each).length).sort()).toEqual([10, 10, 11]);
  });

  test("is the one used least, by any campaign", async () => {
    const [first, second, third] = (await texts()) as [string, string, string];
    await bench.sql`update private.template_usage set uses = 9 where template_id in (${first}, ${third})`;
    await arrangeLeads(bench.db, org.id, 3);
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [first, second, third] });
    await plan(bench.a.sql, AFTERNOON);
    expect(await templatesUsed(id)).toEqual([second, second, second]);
  });

  test("is not one that the person had in 30 days if another is left; else it may be", async () => {
    const templates = await texts();
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    // The last one is used a thousand times more: that matters less.
    await bench.sql`update private.template_usage set uses = 1000 where template_id = ${templates[2] ?? ""}`;
    const had: string[] = [];
    for (let day = 0; day < 4; day++) {
      const now = later(AFTERNOON, day * 86_400);
      const id = await arrangeCampaign(bench.db, org, {}, { templates, now });
      await plan(bench.a.sql, now);
      had.push(...(await templatesUsed(id)));
      await settleAll();
    }
    expect(new Set(had.slice(0, 3)).size).toBe(3);
    expect(had[2]).toBe(templates[2]);
    expect(had[3]).not.toBe(templates[2]);
    // 30 days later all are free again.
    const month = later(AFTERNOON, 40 * 86_400);
    const id = await arrangeCampaign(bench.db, org, {}, { templates, now: month });
    await plan(bench.a.sql, month);
    expect(templates.slice(0, 2)).toContain((await templatesUsed(id))[0]);
    expect(lead).toBeDefined();
  });

  test("that was planned and never sent, or failed, does not count as received", async () => {
    const [only, other] = (await texts()) as [string, string];
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    for (const [template, status] of [
      [only, "failed"],
      [only, "canceled"],
      [other, "delivered"],
    ] as const) {
      await bench.sql`
        insert into public.messages (org_id, kind, step, from_number, to_number, status, template_id, created_at)
        values (${org.id}, 'campaign', 1, '+12065550100', ${lead?.e164 ?? ""}, ${status}::public.message_status, ${template}, ${later(AFTERNOON, -86_400)})`;
    }
    await bench.sql`update private.template_usage set uses = 5 where template_id = ${only}`;
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [only, other] });
    await plan(bench.a.sql, AFTERNOON);
    expect(await templatesUsed(id)).toEqual([only]);
  });

  test("suits the person: one that needs what they lack is passed over", async () => {
    const needy = await addText("{county}: {brand}. Responda ALTO para no recibir mas.");
    await bench.sql`update private.template_usage set uses = 50 where template_id = ${org.templateId}`;
    const [bare, full] = await arrangeLeads(bench.db, org.id, 2);
    await bench.sql`update public.leads set county = 'Travis' where id = ${full?.id ?? ""}`;
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [needy, org.templateId] });
    await plan(bench.a.sql, AFTERNOON);
    const rows =
      await bench.sql`select lead_id, template_id, variables from public.messages where campaign_id = ${id}`;
    const of = (lead?: ArrangedLead) => rows.find((row) => row.lead_id === lead?.id);
    expect(of(bare)?.template_id).toBe(org.templateId);
    expect(of(full)).toMatchObject({
      template_id: needy,
      variables: { county: "Travis", first_name: "Rosa" },
    });
  });

  test("excludes the person with the reason if no text is left for them", async () => {
    const needy = await addText("{county}: {brand}. Responda ALTO para no recibir mas.");
    const [lead] = await arrangeLeads(bench.db, org.id, 1, { county: "Travis" });
    const id = await arrangeCampaign(bench.db, org, {}, { templates: [needy] });
    await bench.sql`update public.leads set county = null where id = ${lead?.id ?? ""}`;
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
    const [target] =
      await bench.sql`select state::text, reason from public.campaign_targets where campaign_id = ${id}`;
    expect(target).toEqual({ state: "excluded", reason: "missing_variable" });
  });

  test("is charged at its worst case, or at the segments it turned out to need", async () => {
    await bench.sql`update public.templates set worst_segments = 2 where id = ${org.templateId}`;
    const [, long] = await arrangeLeads(bench.db, org.id, 2);
    const id = await arrangeCampaign(bench.db, org);
    await bench.sql`update public.campaign_targets set min_segments = 3 where campaign_id = ${id} and lead_id = ${long?.id ?? ""}`;
    await plan(bench.a.sql, AFTERNOON);
    const charged =
      await bench.sql`select charged_segments from public.messages where campaign_id = ${id} order by 1`;
    expect(charged.map((row) => row.charged_segments)).toEqual([2, 3]);
  });

  test("keeps its version even if it is changed after planning", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    const id = await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await bench.sql`update public.templates set content = 'Nuevo texto' where id = ${org.templateId}`;
    const [kept] = await bench.sql`
      select m.template_version, v.content from public.messages m
      join public.template_versions v on v.template_id = m.template_id and v.version = m.template_version where m.campaign_id = ${id}`;
    expect(kept?.template_version).toBe(1);
    expect(kept?.content).toContain("Compramos terrenos");
  });
});

test("people who opted out, whose phone proved dead or who heard from another campaign since building are excluded", async () => {
  const leads = await arrangeLeads(bench.db, org.id, 4);
  const id = await arrangeCampaign(bench.db, org, { cooldown_days: 30 });
  const other = await arrangeCampaign(bench.db, org, { status: "ready" });
  await setContact(leads[0], { suppressed_at: AFTERNOON });
  await setContact(leads[1], { invalid_at: AFTERNOON });
  await setContact(leads[2], { last_sent_at: AFTERNOON, last_campaign_id: other });
  expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(1);
  const reasons =
    await bench.sql`select reason from public.campaign_targets where campaign_id = ${id} order by ordinal`;
  expect(reasons.map((row) => row.reason)).toEqual([
    "suppressed",
    "invalid_phone",
    "recently_contacted",
    null,
  ]);
});
