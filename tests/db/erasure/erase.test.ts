// A person who asked to be erased: only their phone with dates and kinds is left in any table, they are not written to
// again, and the data of others and all figures are unchanged.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  accepted,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  sendAll,
  settle,
} from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
beforeEach(async () => {
  await bench.clear();
  await user?.rollback().then(() => user.end());
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
});

const NAMES = {
  first_name: "Xiomara",
  last_name: "Quetzalcoatl",
  email: "xiomara.q@example.org",
  notes: "Xiomara calls on Fridays.",
};
const TRACES = ["xiomara", "quetzalcoatl", "adobe lane", "apn-7781"];
/** Where a phone may stay: the suppression, and the records that it was written to or wrote, with times. */
const PHONE_STAYS = [
  "private.contacts.e164",
  "public.opt_outs.e164",
  "public.consent_records.e164",
  "public.audit_events.phone_number",
  "public.campaign_targets.e164",
  "public.conversations.e164",
  "public.messages.to_number",
  "public.messages.from_number",
];

/** Every column of every table of ours that holds one of the texts, as "schema.table.column". */
async function findTexts(texts: string[]): Promise<string[]> {
  const tables = await bench.sql`
    select n.nspname as schema, c.relname as "table" from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and n.nspname in ('public', 'private', 'pgmq', 'cron') order by 1, 2`;
  expect(tables.length).toBeGreaterThan(50);
  const found = new Set<string>();
  for (const { schema, table } of tables) {
    const hits = await bench.sql.unsafe(
      `select distinct f.key from ${schema}."${table}" t cross join lateral jsonb_each_text(to_jsonb(t)) f
       where lower(f.value) like any ($1) and coalesce(to_jsonb(t) ->> 'org_id', '${org.id}') = '${org.id}'`,
      [texts.map((text) => `%${text.toLowerCase()}%`) as never],
    );
    for (const { key } of hits) found.add(`${schema}.${table}.${key}`);
  }
  return [...found].sort();
}
const phoneTexts = (e164: string) => [
  e164.slice(2),
  `(${e164.slice(2, 5)}) ${e164.slice(5, 8)}-${e164.slice(8)}`,
];

async function erase(leadId: string, confirm: string, also: string[] = [], session = user) {
  const [row] =
    await session.sql`select private.erase_lead(${leadId}, ${confirm}, ${also}, ${later(AFTERNOON, 9_000)}) as done`;
  return row?.done;
}
const outcome = <T>(call: Promise<T>) =>
  call.catch(({ code, hint, detail }) => ({ code, hint, details: detail && JSON.parse(detail) }));
async function write(from: string, body: string, kind = "reply") {
  await bench.a.sql`
    select private.receive_inbound(${org.accountSid}, ${newSid()}, ${from}, ${org.numbers[0]?.e164 ?? ""}, ${body}, ${[`https://x.example/${body.split(" ")[0]}.jpg`]}, ${kind},
      'phrase', true, 'en', true, ${body}, ${later(AFTERNOON, 60)})`;
}

/** A lead with every kind of data the platform keeps about a person, and a neighbour with the same. */
async function arrangeLife(): Promise<{
  lead: ArrangedLead;
  merged: ArrangedLead;
  neighbour: ArrangedLead;
  campaign: string;
}> {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1, {
    ...NAMES,
    address1: "1 Adobe Lane",
    city: "Marfa",
    state: "TX",
    postal_code: "79843",
    county: "Presidio",
    tags: ["VIP"],
    custom_fields: bench.sql.json({ heir: "Xiomara's son" }),
  })) as [ArrangedLead];
  const [merged] = (await arrangeLeads(bench.db, org.id, 1, {
    first_name: "Xiomara",
    email: "old.xiomara@example.org",
  })) as [ArrangedLead];
  const [neighbour] = (await arrangeLeads(bench.db, org.id, 1, {
    first_name: "Berta",
    notes: "Neighbour.",
  })) as [ArrangedLead];
  await bench.sql`insert into public.lead_properties (org_id, lead_id, apn, situs) values
    (${org.id}, ${lead.id}, 'APN-7781', '1 Adobe Lane'), (${org.id}, ${neighbour.id}, 'APN-1', 'Elsewhere')`;
  await bench.sql`select private.record_lead_consent(${org.id}, ${lead.id}, 'granted', ${AFTERNOON})`;
  const campaign = await arrangeCampaign(bench.db, org, { phones: "all" });
  const sends = await sendAll(bench.a.sql, bench.sql, AFTERNOON);
  expect(sends).toHaveLength(3);
  for (const send of sends)
    await bench.a
      .sql`select private.apply_receipt(${org.id}, ${send.message_id}, ${send.attempt_id}, ${send.sid}, 'delivered', null,
      ${bench.sql.json({ To: send.to_number, MessageStatus: "delivered" })}, ${later(AFTERNOON, 30)})`;
  await write(lead.e164, "Xiomara Quetzalcoatl here, call me");
  await write(merged.e164, "Xiomara here, stop", "stop");
  await write(neighbour.e164, "Hi, this is Berta");
  await user.sql`select public.merge_leads(${lead.id}, ${[merged.id]})`;
  const id = randomUUID();
  await bench.sql`
    insert into public.imports (id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
    values (${id}, ${org.id}, 'a.csv', 1000, ${"0".repeat(64)}, ${`${org.id}/${id}.csv`}, 'utf-8', ',', '{Name,Phone}', '{}')`;
  for (const { id: of, name } of [
    { id: lead.id, name: "Xiomara" },
    { id: neighbour.id, name: "Berta" },
  ])
    await bench.sql`
      insert into private.import_changes (import_id, lead_id, line, before, after, created_at)
      values (${id}, ${of}, 9, ${bench.sql.json({ first_name: name })}, '{}', now())`;
  await bench.sql`insert into public.import_rejections (org_id, import_id, line, reason, raw, outcome, lead_id)
    values (${org.id}, ${id}, 9, 'bad e-mail', '["Xiomara", ""]', 'warning', ${lead.id})`;
  const reject = (line: number, reason: string, raw: string[]) =>
    bench.sql`insert into public.import_rejections (org_id, import_id, line, reason, raw) values (${org.id}, ${id}, ${line}, ${reason}, ${bench.sql.json(raw)})`;
  await reject(2, "bad state", ["Xiomara Quetzalcoatl", phoneTexts(lead.e164)[1] as string]);
  await reject(3, `The lead x has the phone ${merged.e164} already.`, ["Xiomara", "see above"]);
  await reject(4, "bad phone", ["Quetzalcoatl", "12", "XIOMARA.Q@example.org"]);
  await reject(5, "bad state", ["Berta", phoneTexts(neighbour.e164)[1] as string]);
  for (const [from, body] of [
    [lead.e164, "Xiomara"],
    [neighbour.e164, "Berta"],
  ] as const)
    await bench.sql`select private.log_webhook(${org.id}, 'inbound', ${bench.sql.json({ From: from, Body: body })}, 'refused')`;
  // A second campaign has a message waiting for her, after a person changed her status.
  await bench.sql`update public.leads set status = 'interested' where id = ${lead.id}`;
  await arrangeCampaign(bench.db, org, { phones: "all", name: "Second" });
  await bench.sql`update public.messages set error_message = 'not a number: ' || to_number where kind = 'campaign'`;
  const [service] = await bench.sql`
    insert into public.enrichment_services (org_id, kind, name, url, request, field_map)
    values (${org.id}, 'scrub', 'List', 'https://scrub.example.com', '{"phones": "{phones}"}', '{"phone": "phone", "dnc": "dnc"}') returning id`;
  const [lane] = await bench.sql`
    insert into private.call_lanes (org_id, queue, service_id) values (${org.id}, 'enrichments', ${service?.id})
    on conflict (service_id) do update set queue = excluded.queue returning id`;
  for (const { id: of, e164 } of [lead, neighbour]) {
    const parcels = await bench.sql`select id::text from public.lead_properties where lead_id = ${of}`;
    for (const subject of [e164, ...parcels.map((row) => row.id as string)]) {
      await bench.sql`insert into private.outside_calls (lane_id, subject) values (${lane?.id}, ${subject})`;
      await bench.sql`
        insert into public.enrichment_answers (org_id, service_id, subjects, answer)
        values (${org.id}, ${service?.id}, ${[subject]}, ${of === lead.id ? "Xiomara, Adobe Lane" : "Berta"})`;
    }
    await bench.sql`
      insert into public.phone_scrubs (org_id, service_id, e164, result, scrubbed_at) values (${org.id}, ${service?.id}, ${e164}, 'clean', now())`;
  }
  await bench.sql`select private.match_leads()`;
  return { lead, merged, neighbour, campaign };
}

describe("a person with a life in every table", () => {
  it("is in none of them afterwards except as a phone, and the neighbour's data is unchanged", async () => {
    const { lead, merged, neighbour } = await arrangeLife();
    // Shows that the test finds such texts: before erasing, they are in many tables.
    const before = await findTexts([...TRACES, ...phoneTexts(lead.e164), ...phoneTexts(merged.e164)]);
    for (const place of [
      "leads.first_name",
      "leads.search_text",
      "lead_properties.apn",
      "messages.content",
      "conversations.last_message",
    ])
      expect(before).toContain(`public.${place}`);
    for (const place of [
      "import_rejections.raw",
      "import_rejections.reason",
      "webhook_logs.payload",
      "audit_events.details",
    ])
      expect(before).toContain(`public.${place}`);
    for (const place of [
      "opt_outs.reason",
      "consent_records.evidence",
      "message_status_events.raw_data",
      "message_media.provider_url",
      "enrichment_answers.answer",
    ])
      expect(before).toContain(`public.${place}`);
    const neighbourOf = async () => {
      const [row] = await bench.sql`
        select jsonb_build_array(
          (select jsonb_agg(to_jsonb(l)) from public.leads l where l.id = ${neighbour.id}),
          (select jsonb_agg(to_jsonb(p)) from public.lead_phones p where p.lead_id = ${neighbour.id}),
          (select jsonb_agg(to_jsonb(p)) from public.lead_properties p where p.lead_id = ${neighbour.id}),
          (select jsonb_agg(to_jsonb(m) order by m.id) from public.messages m where ${neighbour.e164} in (m.to_number, m.from_number)),
          (select jsonb_agg(to_jsonb(t) order by t.id) from public.campaign_targets t where t.e164 = ${neighbour.e164}),
          (select jsonb_agg(to_jsonb(c)) from public.conversations c where c.e164 = ${neighbour.e164}),
          (select jsonb_agg(to_jsonb(a) order by a.id) from public.audit_events a where a.phone_number = ${neighbour.e164}),
          (select jsonb_agg(to_jsonb(r)) from public.import_rejections r where r.line = 5),
          (select count(*) from public.webhook_logs w where w.payload ->> 'From' = ${neighbour.e164})) as all`;
      return row?.all;
    };
    const berta = await neighbourOf();

    const done = await erase(lead.id, "XIOMARA QUETZALCOATL");
    expect(done).toMatchObject({
      targets_canceled: 1,
      suppressed: [lead.e164, merged.e164].sort(),
      erased: { leads: 2, phones: 2, properties: 1, conversations: 2, import_rejections: 3, webhook_logs: 1 },
    });
    expect(await findTexts(TRACES)).toEqual([]);
    const phones = await findTexts([...phoneTexts(lead.e164), ...phoneTexts(merged.e164)]);
    expect(phones.filter((place) => !PHONE_STAYS.includes(place))).toEqual([]);
    expect(await neighbourOf()).toEqual(berta);
  });

  it("is suppressed for every way in which a campaign or a person would write to them", async () => {
    const { lead, merged, neighbour } = await arrangeLife();
    await erase(lead.id, lead.e164);
    const outs =
      await bench.sql`select e164, source, reason, is_active from public.opt_outs where org_id = ${org.id} order by source`;
    expect(outs).toEqual([
      { e164: merged.e164, source: "keyword", reason: "erased", is_active: true },
      { e164: lead.e164, source: "manual", reason: "erased", is_active: true },
    ]);
    await plan(bench.a.sql, later(AFTERNOON, 60));
    await makeDue(bench.sql);
    const sends = await claim(bench.a.sql, { now: later(AFTERNOON, 60) });
    expect(sends.map((send) => send.to_number)).toEqual([neighbour.e164]);
    // The same person is in a new list.
    await bench.sql.begin(async (tx) => {
      const [again] =
        await tx`insert into public.leads (org_id, first_name) values (${org.id}, 'Xiomara') returning id`;
      await tx`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${again?.id}, ${lead.e164}, 'primary')`;
    });
    const third = await arrangeCampaign(bench.db, org, { name: "Third" });
    const [target] =
      await bench.sql`select state::text, reason from public.campaign_targets where campaign_id = ${third} and e164 = ${lead.e164}`;
    expect(target).toEqual({ state: "excluded", reason: "suppressed" });
  });

  it("leaves every figure as it was", async () => {
    const { lead, campaign } = await arrangeLife();
    await bench.sql`select private.fold_stats()`;
    const figures = () =>
      bench.sql`select to_jsonb(s) - 'updated_at' as s from public.campaign_stats s where s.campaign_id = ${campaign}`;
    const before = await figures();
    await erase(lead.id, lead.e164);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
    expect(await figures()).toEqual(before);
    const [imported] =
      await bench.sql`select count(*)::int as n from public.import_rejections where org_id = ${org.id}`;
    expect(imported?.n).toBe(5);
  });

  it("keeps the evidence: that they said yes and no, and when, and that they were written to", async () => {
    const { lead, merged } = await arrangeLife();
    await erase(lead.id, lead.e164);
    const records = await bench.sql`
      select e164, status, method, evidence, recorded_at is not null as dated from public.consent_records where org_id = ${org.id} order by method, e164`;
    expect(
      records.map(({ e164, status, method, evidence, dated }) => [e164, status, method, evidence, dated]),
    ).toEqual(
      expect.arrayContaining([
        [merged.e164, "revoked", "keyword", null, true],
        [lead.e164, "granted", "manual", null, true],
        [lead.e164, "revoked", "manual", null, true],
      ]),
    );
    const [sent] =
      await bench.sql`select status::text, content, variables, sent_at is not null as dated from public.messages
      where kind = 'campaign' and to_number = ${lead.e164} and status <> 'canceled'`;
    expect(sent).toEqual({ status: "delivered", content: null, variables: null, dated: true });
  });

  it("is erased once: a second time does nothing", async () => {
    const { lead } = await arrangeLife();
    await erase(lead.id, lead.e164);
    const [before] =
      await bench.sql`select count(*)::int as n from public.audit_events where org_id = ${org.id}`;
    expect(await erase(lead.id, lead.e164)).toEqual({ erased: {}, targets_canceled: 0, suppressed: [] });
    const [after] =
      await bench.sql`select count(*)::int as n from public.audit_events where org_id = ${org.id}`;
    expect(after).toEqual(before);
  });
});

describe("is refused", () => {
  it("without the name or a phone of the lead", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1, NAMES)) as [ArrangedLead];
    const [nameless] = (await arrangeLeads(bench.db, org.id, 1, { first_name: null })) as [ArrangedLead];
    for (const [id, confirm] of [
      [lead.id, "Xiomara"],
      [lead.id, nameless.e164],
      [nameless.id, ""],
    ] as const)
      expect(await outcome(erase(id, confirm))).toMatchObject({ code: "PT422", hint: "invalid_input" });
  });

  it("while another lead has the phone, unless it is erased too", async () => {
    const [lead, other] = (await arrangeLeads(bench.db, org.id, 2, NAMES)) as [ArrangedLead, ArrangedLead];
    await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${other.id}, ${lead.e164}, 'secondary')`;
    expect(await outcome(erase(lead.id, lead.e164))).toMatchObject({
      code: "PT409",
      hint: "conflict",
      details: { lead_ids: [other.id] },
    });
    expect(await erase(lead.id, lead.e164, [other.id])).toMatchObject({ erased: { leads: 2 } });
  });

  it("while a message to them is being sent, and succeeds once it is settled", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1, NAMES)) as [ArrangedLead];
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const [send] = await claim(bench.a.sql, { now: AFTERNOON });
    expect(await outcome(erase(lead.id, lead.e164))).toMatchObject({ code: "PT409", hint: "invalid_state" });
    await settle(bench.a.sql, [accepted(send?.attempt_id as string)], AFTERNOON);
    await erase(lead.id, lead.e164);
    expect(await findTexts(TRACES)).toEqual([]);
    // A receipt may still come: it is counted, and brings nothing back but the phone it names.
    const late = {
      messageId: send?.message_id as string,
      attemptId: send?.attempt_id as string,
      sid: newSid(),
      status: "delivered",
    };
    await receipt(bench.a.sql, org.id, late, later(AFTERNOON, 60));
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });

  it("by an earlier claim, for which it waits", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1, NAMES)) as [ArrangedLead];
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    await bench.a.begin();
    expect(await claim(bench.a.sql, { now: AFTERNOON })).toHaveLength(1);
    const erasing = outcome(erase(lead.id, lead.e164));
    await user.blocked(bench.a);
    await bench.a.commit();
    expect(await erasing).toMatchObject({ code: "PT409", hint: "invalid_state" });
  });

  it("to all but admins, and for leads of others", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1, NAMES)) as [ArrangedLead];
    const theirs = await arrangeOrg(bench.db);
    const stranger = await signedIn(bench.db, theirs.adminId);
    expect(await outcome(erase(lead.id, lead.e164, [], stranger))).toMatchObject({ code: "PT404" });
    expect(await outcome(stranger.sql`select private.erase_phone(${lead.e164})`.then(() => "done"))).toBe(
      "done",
    );
    const [row] =
      await bench.sql`select first_name, (select suppressed_at from private.contacts where org_id = ${org.id} and e164 = ${lead.e164}) as suppressed
      from public.leads where id = ${lead.id}`;
    expect(row).toEqual({ first_name: "Xiomara", suppressed: null });
    await stranger.end();
  });
});

it("erases somebody who is in no lead by their phone", async () => {
  const phone = "+13125559999";
  await write(phone, "Xiomara Quetzalcoatl here");
  const [answer] = await bench.sql`
    insert into public.messages (org_id, kind, from_number, to_number, content, status)
    values (${org.id}, 'reply', ${org.numbers[0]?.e164 ?? ""}, ${phone}, 'Hola Xiomara', 'queued') returning id`;
  await user.sql`select private.erase_phone(${phone})`;
  const [canceled] = await bench.sql`select status::text from public.messages where id = ${answer?.id}`;
  expect(canceled?.status).toBe("canceled");
  expect(await findTexts(TRACES)).toEqual([]);
  expect((await findTexts([phone.slice(2)])).filter((place) => !PHONE_STAYS.includes(place))).toEqual([]);
  const [contact] =
    await bench.sql`select suppressed_at is not null as suppressed from private.contacts where org_id = ${org.id} and e164 = ${phone}`;
  expect(contact?.suppressed).toBe(true);
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  expect(await outcome(user.sql`select private.erase_phone(${lead.e164})`)).toMatchObject({
    code: "PT409",
    details: { lead_ids: [lead.id] },
  });
});
