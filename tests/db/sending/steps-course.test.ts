// The course of a campaign with steps, with a clock that the test moves: who gets which text when, and what the figures say.
import { beforeEach, describe, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { arrangeDrip, DAY, HOUR, readTargets, write } from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import { plan, receipt, sendAll } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, numbers: 2 });
});

const send = (now: Date) => sendAll(bench.a.sql, bench.sql, now);
const phones = (sends: { to_number: string }[]) => sends.map(({ to_number }) => to_number).sort();
const finish = (now: Date) => bench.sql`select private.finish_campaigns(${now}, ${org.id})`;
const statusOf = async (id: string) =>
  (await bench.sql`select status::text from public.campaigns where id = ${id}`)[0]?.status;
const text = (content: string) =>
  addTemplate(bench.sql, org.id, { category: "followup", language: "es", content, worstSegments: 1 });

describe("three steps", () => {
  let leads: ArrangedLead[];
  let drip: string;
  beforeEach(async () => {
    leads = await arrangeLeads(bench.db, org.id, 6);
    drip = await arrangeDrip(bench.db, org, [{ waitHours: 24 }, { waitHours: 48 }]);
  });

  test("come one after the other, each after its wait and not before; then the campaign is completed", async () => {
    const all = leads.map(({ e164 }) => e164).sort();
    expect(phones(await send(AFTERNOON))).toEqual(all);
    expect(await readTargets(bench, drip)).toEqual([
      ...leads.map(({ e164 }) => `${e164} 1 sent`),
      ...leads.map(({ e164 }) => `${e164} 2 waiting`),
    ]);
    await finish(AFTERNOON);
    expect(await statusOf(drip)).toBe("running");
    expect(await send(later(AFTERNOON, DAY - 1))).toEqual([]);
    expect(phones(await send(later(AFTERNOON, DAY)))).toEqual(all);
    expect(await send(later(AFTERNOON, 3 * DAY - 1))).toEqual([]);
    expect(phones(await send(later(AFTERNOON, 3 * DAY)))).toEqual(all);
    await finish(later(AFTERNOON, 3 * DAY));
    expect(await statusOf(drip)).toBe("completed");
    expect(await send(later(AFTERNOON, 30 * DAY))).toEqual([]);
    const [from] = await bench.sql`
      select count(distinct (to_number, from_number))::int as pairs, count(*)::int as messages from public.messages
      where campaign_id = ${drip}`;
    expect(from).toEqual({ pairs: leads.length, messages: 3 * leads.length });
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("a step that falls into the night waits for the morning", async () => {
    await send(AFTERNOON);
    await bench.sql`update public.campaign_targets set not_before = ${later(AFTERNOON, 9 * HOUR)} where step = 2`;
    expect(await send(later(AFTERNOON, 10 * HOUR))).toEqual([]);
    expect(await send(later(AFTERNOON, DAY))).toHaveLength(leads.length);
  });

  test("the figures of each step are folded, and those that are wrong are found and corrected", async () => {
    const [first, ...rest] = await send(AFTERNOON);
    if (!first) throw new Error("nothing was sent");
    const sent = {
      messageId: first.message_id,
      attemptId: first.attempt_id,
      sid: first.sid,
      status: "delivered",
    };
    await receipt(bench.b.sql, org.id, sent, AFTERNOON);
    await write(bench.b.sql, org, first.to_number, {}, later(AFTERNOON, HOUR));
    await send(later(AFTERNOON, DAY));
    const answering = rest[0]?.to_number ?? "";
    await write(bench.b.sql, org, answering, { kind: "stop" }, later(AFTERNOON, DAY + HOUR));
    expect(await checkFigures(bench, org.id)).toEqual([]);
    const figures = () => bench.sql`
      select step, audience, waiting, sent, delivered, canceled, replies, opt_outs from public.campaign_step_stats
      where campaign_id = ${drip} order by step`;
    const right = [
      { step: 2, audience: 6, waiting: 0, sent: 5, delivered: 0, canceled: 1, replies: 0, opt_outs: 1 },
      { step: 3, audience: 5, waiting: 4, sent: 0, delivered: 0, canceled: 1, replies: 0, opt_outs: 0 },
    ];
    expect(await figures()).toEqual(right);
    const [total] =
      await bench.sql`select audience, sent, replies, opt_outs from public.campaign_stats where campaign_id = ${drip}`;
    expect(total).toEqual({ audience: 17, sent: 11, replies: 1, opt_outs: 1 });

    const check = async () =>
      (await bench.sql`select private.check_campaign_figures(${drip}, ${AFTERNOON}) as right`)[0]?.right;
    expect(await check()).toBe(true);
    await bench.sql`update public.campaign_step_stats set sent = sent + 3 where campaign_id = ${drip} and step = 2`;
    expect([await check(), await check(), await figures()]).toEqual([false, true, right]);
    const alerts =
      await bench.sql`select details from public.alerts where campaign_id = ${drip} and kind = 'figures_do_not_add_up'`;
    expect(alerts).toEqual([{ details: { steps: [2] } }]);
  });

  test("a pause keeps what is due; a stop ends all steps", async () => {
    await send(AFTERNOON);
    await bench.sql`update public.campaigns set status = 'paused' where id = ${drip}`;
    expect(await send(later(AFTERNOON, 2 * DAY))).toEqual([]);
    await bench.sql`update public.campaigns set status = 'running' where id = ${drip}`;
    expect(await send(later(AFTERNOON, 2 * DAY + HOUR))).toHaveLength(leads.length);
    await bench.sql`update public.campaigns set status = 'stopped', finished_at = now() where id = ${drip}`;
    await bench.sql`select private.cancel_waiting(${drip}, 1000, ${AFTERNOON})`;
    expect((await readTargets(bench, drip)).slice(-leads.length)).toEqual(
      leads.map(({ e164 }) => `${e164} 3 canceled stopped`),
    );
  });

  test("a message that settles after the stop has no next step", async () => {
    await plan(bench.a.sql, AFTERNOON);
    await bench.sql`update public.campaigns set status = 'stopped', finished_at = now() where id = ${drip}`;
    await bench.sql`update public.campaign_targets set state = 'sent', delivery = 'unconfirmed', sent_at = ${AFTERNOON}
      where campaign_id = ${drip}`;
    expect(await readTargets(bench, drip)).toEqual(leads.map(({ e164 }) => `${e164} 1 sent`));
  });
});

test("people keep their variant; a step without texts for variants has the same for everybody", async () => {
  const texts = await Promise.all(["A1 hola", "B1 hola", "A2 hola", "B2 hola", "todos"].map(text));
  const [a1 = "", b1 = "", a2 = "", b2 = "", all = ""] = texts;
  const leads = await arrangeLeads(bench.db, org.id, 20);
  const drip = await arrangeDrip(
    bench.db,
    org,
    [{ templates: [a2, b2] }, { templates: [all] }],
    { status: "draft" },
    { templates: [] },
  );
  await bench.sql`insert into public.campaign_variants (org_id, campaign_id, variant, name, share)
    values (${org.id}, ${drip}, 1, 'A', 1), (${org.id}, ${drip}, 2, 'B', 3)`;
  for (const [id, step, variant] of [
    [a1, 1, 1],
    [b1, 1, 2],
  ] as const)
    await bench.sql`insert into public.campaign_templates (org_id, campaign_id, template_id, step, variant)
      values (${org.id}, ${drip}, ${id}, ${step}, ${variant})`;
  await bench.sql`update public.campaign_templates set variant = case template_id when ${a2} then 1 else 2 end
    where campaign_id = ${drip} and step = 2`;
  await bench.sql`select private.assign_variants(${drip}, 0)`;
  for (const day of [0, 1, 2]) expect(await send(later(AFTERNOON, day * DAY))).toHaveLength(leads.length);
  const got = await bench.sql`
    select array_agg(m.template_id order by m.step) as texts, count(distinct t.variant)::int as variants
    from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
    where m.campaign_id = ${drip} group by m.to_number`;
  const kinds = new Map<string, number>();
  for (const { texts, variants } of got) {
    expect(variants).toBe(1);
    kinds.set(texts.join(), (kinds.get(texts.join()) ?? 0) + 1);
  }
  expect(kinds).toEqual(
    new Map([
      [[a1, a2, all].join(), 5],
      [[b1, b2, all].join(), 15],
    ]),
  );
});

test("rotation counts each text once, in whichever steps it is used", async () => {
  const leads = await arrangeLeads(bench.db, org.id, 4);
  await arrangeDrip(bench.db, org, [{ waitHours: 1 }]);
  await send(AFTERNOON);
  // A new lead's first text and the others' second are of one plan, and the same text.
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where step = 2`;
  await bench.sql`update public.campaign_targets set state = 'waiting', delivery = null, message_id = null
    where step = 1 and e164 = ${leads[0]?.e164 ?? ""}`;
  await bench.sql`update public.messages set status = 'failed' where to_number = ${leads[0]?.e164 ?? ""}`;
  await plan(bench.a.sql, later(AFTERNOON, HOUR));
  const [used] =
    await bench.sql`select uses::int from private.template_usage where template_id = ${org.templateId}`;
  const [sent] =
    await bench.sql`select count(*)::int as n from public.messages where template_id = ${org.templateId}`;
  expect([used?.uses, sent?.n]).toEqual([8, 8]);
});

describe("limits hold for steps", () => {
  test("cooldown never keeps a campaign from its own next step, but another campaign's text does", async () => {
    const [one, two] = await arrangeLeads(bench.db, org.id, 2);
    const drip = await arrangeDrip(bench.db, org, [{}], { cooldown_days: 30 });
    await send(AFTERNOON);
    await arrangeCampaign(
      bench.db,
      org,
      { cooldown_days: 0, target_criteria: { lead_ids: [two?.id] } },
      { now: later(AFTERNOON, HOUR) },
    );
    expect(phones(await send(later(AFTERNOON, HOUR)))).toEqual([two?.e164]);
    expect(phones(await send(later(AFTERNOON, DAY)))).toEqual([one?.e164]);
    expect((await readTargets(bench, drip)).at(-1)).toBe(`${two?.e164} 2 canceled recently_contacted`);
  });

  test("the campaign's daily cap spreads a step over days", async () => {
    await arrangeLeads(bench.db, org.id, 6);
    await arrangeDrip(bench.db, org, [{ waitHours: 24 }], { daily_cap: 8 });
    expect(await send(AFTERNOON)).toHaveLength(6);
    expect(await send(later(AFTERNOON, DAY))).toHaveLength(6);
    const [usage] =
      await bench.sql`select max(messages)::int as most from private.daily_usage where scope = 'campaign'
      and scope_id in (select id from public.campaigns where org_id = ${org.id})`;
    expect(usage?.most).toBe(6);
    await bench.sql`update public.campaigns set daily_cap = 4 where org_id = ${org.id}`;
  });

  test("Oregon's three texts in 24 hours count steps", async () => {
    const [lead] = await arrangeLeads(bench.db, org.id, 1, { state: "OR" });
    await arrangeDrip(
      bench.db,
      org,
      [1, 1, 1].map((waitHours) => ({ waitHours })),
    );
    const morning = new Date("2026-06-10T16:05:00Z");
    const sent = [];
    for (let hour = 0; hour < 8; hour++) sent.push(...(await send(later(morning, hour * HOUR))));
    expect(phones(sent)).toEqual([lead?.e164, lead?.e164, lead?.e164]);
    expect(await send(later(morning, DAY + 2 * HOUR))).toHaveLength(1);
  });
});

test("a campaign whose next step is days away is planned once a minute, and wakes for nothing else", async () => {
  await arrangeLeads(bench.db, org.id, 3);
  const drip = await arrangeDrip(bench.db, org, [{ waitHours: 72 }]);
  await send(AFTERNOON);
  const wakesAt = async () =>
    (await bench.sql`select wakes_at from private.campaign_turns where campaign_id = ${drip}`)[0]?.wakes_at;
  await plan(bench.a.sql, later(AFTERNOON, 5));
  expect(await wakesAt()).toEqual(later(AFTERNOON, 65));
  const due = async () => {
    const [task] = await bench.sql`select due from private.tasks where name = 'sending'`;
    await bench.sql`update private.account_checks set due_at = now() + interval '1 day'`;
    return (await bench.sql.unsafe(task?.due))[0]?.["?column?"] ?? false;
  };
  await bench.sql`update public.campaigns set status = 'paused' where status = 'running' and id <> ${drip}`;
  await bench.sql`update private.campaign_turns set wakes_at = now() + interval '1 minute' where campaign_id = ${drip}`;
  expect(await due()).toBe(false);
  await bench.sql`update private.campaign_turns set wakes_at = now() where campaign_id = ${drip}`;
  expect(await due()).toBe(true);
  // The last minute before it is due is not slept through.
  await plan(bench.a.sql, later(AFTERNOON, 3 * DAY - 20));
  await bench.sql`update private.campaign_turns set wakes_at = '-infinity' where campaign_id = ${drip}`;
  await plan(bench.a.sql, later(AFTERNOON, 3 * DAY - 20));
  expect(await wakesAt()).toEqual(later(AFTERNOON, 3 * DAY));
  expect(await send(later(AFTERNOON, 3 * DAY))).toHaveLength(3);
});
