// Whom a campaign would write to, and why each of the others is left out.
import { beforeEach, describe, expect, it, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});

type Arrange = (lead: ArrangedLead) => PromiseLike<unknown>;
const setPhone =
  (fields: Record<string, unknown>): Arrange =>
  (lead) =>
    bench.sql`update public.lead_phones set ${bench.sql(fields)} where lead_id = ${lead.id}`;
const setLead =
  (fields: Record<string, unknown>): Arrange =>
  (lead) =>
    bench.sql`update public.leads set ${bench.sql(fields)} where id = ${lead.id}`;
const setContact =
  (fields: Record<string, unknown>): Arrange =>
  (lead) =>
    bench.sql`insert into private.contacts ${bench.sql({ org_id: org.id, e164: lead.e164, ...fields })}
    on conflict (org_id, e164) do update set ${bench.sql(fields)}`;

async function reasonsOf(id: string): Promise<Map<string, string | null>> {
  const rows = await bench.sql`
    select lead_id, state::text, reason from public.campaign_targets where campaign_id = ${id} order by ordinal`;
  for (const row of rows) expect(row.state).toBe(row.reason === null ? "waiting" : "excluded");
  return new Map(rows.map((row) => [row.lead_id, row.reason]));
}
/** One lead beside another that has no reason for exclusion. */
async function reasonFor(
  arrange: Arrange,
  fields: Record<string, unknown> = {},
  now = AFTERNOON,
): Promise<string | null> {
  const [lead, other] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
  await arrange(lead);
  const reasons = await reasonsOf(await arrangeCampaign(bench.db, org, fields, { now }));
  expect(reasons.get(other.id)).toBeNull();
  return reasons.get(lead.id) as string | null;
}

const daysAgo = (days: number) => later(AFTERNOON, -days * 86_400);

test.each<[string, string | null, () => Arrange]>([
  [
    "a phone found invalid",
    "invalid_phone",
    () => setPhone({ is_valid: false, invalid_reason: "disconnected" }),
  ],
  [
    "a phone Twilio could not reach, as another lead's",
    "invalid_phone",
    () => setContact({ invalid_at: daysAgo(400) }),
  ],
  ["a landline", "landline", () => setPhone({ line_type: "landline" })],
  ["a mobile phone", null, () => setPhone({ line_type: "mobile" })],
  ["a lead nobody is to write to", "do_not_contact", () => setLead({ status: "do_not_contact" })],
  ["a lead that is not interested", null, () => setLead({ status: "not_interested" })],
  ["a phone that opted out", "suppressed", () => setContact({ suppressed_at: daysAgo(1) })],
  ["a phone without consent", "no_consent", () => setPhone({ consent_status: "denied" })],
  ["a lead without consent", "no_consent", () => setLead({ consent_status: "denied" })],
  [
    "a phone with a Washington area code and no consent",
    "no_consent",
    () => setPhone({ e164: "+12065550150" }),
  ],
  ["an address in Washington and no consent", "no_consent", () => setLead({ state: "WA" })],
  [
    "an address in Washington and the lead's consent",
    null,
    () => setLead({ state: "WA", consent_status: "granted" }),
  ],
  [
    "a Washington area code and the phone's consent",
    null,
    () => setPhone({ e164: "+12065550151", consent_status: "granted" }),
  ],
  [
    "written to by another campaign 29 days ago",
    "recently_contacted",
    () => setContact({ last_sent_at: daysAgo(29) }),
  ],
  ["written to by another campaign 31 days ago", null, () => setContact({ last_sent_at: daysAgo(31) })],
])("%s: %s", async (_name, reason, arrange) => {
  expect(await reasonFor(arrange())).toBe(reason);
});

test("an organisation that requires consent leaves out whoever has not granted it", async () => {
  await bench.sql`update public.orgs set consent_policy = 'required' where id = ${org.id}`;
  const [unknown, granted, phoneGranted] = (await arrangeLeads(bench.db, org.id, 3)) as ArrangedLead[];
  await setLead({ consent_status: "granted" })(granted as ArrangedLead);
  await setPhone({ consent_status: "granted" })(phoneGranted as ArrangedLead);
  const reasons = await reasonsOf(await arrangeCampaign(bench.db, org));
  expect([unknown, granted, phoneGranted].map((lead) => reasons.get(lead?.id ?? ""))).toEqual([
    "no_consent",
    null,
    null,
  ]);
});

test("a state's consent rule holds from its first day to its last", async () => {
  await bench.sql`
    insert into public.consent_rules (state, source, effective_from, effective_to, reviewed_at)
    values ('WY', 'a rule for a while', '2026-06-11', '2026-06-20', '2026-01-01')`;
  const inWyoming = setLead({ state: "WY" });
  const on = (day: string) => reasonFor(inWyoming, { cooldown_days: 0 }, new Date(`${day}T20:00:00Z`));
  expect(await on("2026-06-10")).toBeNull();
  await bench.sql`delete from public.leads where org_id = ${org.id}`;
  expect(await on("2026-06-11")).toBe("no_consent");
  await bench.sql`delete from public.leads where org_id = ${org.id}`;
  expect(await on("2026-06-20")).toBeNull();
  await bench.sql`delete from public.consent_rules where state = 'WY'`;
});

test("the cooldown is the campaign's where it has one, and none at zero", async () => {
  expect(await reasonFor(setContact({ last_sent_at: daysAgo(29) }), { cooldown_days: 7 })).toBeNull();
  await bench.sql`delete from public.leads where org_id = ${org.id}`;
  expect(await reasonFor(setContact({ last_sent_at: daysAgo(0.01) }), { cooldown_days: 0 })).toBeNull();
});

test("a lead that lacks what every text needs is left out, unless one text suits", async () => {
  const needy = await addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "es",
    content: "Hola {first_name}, somos {brand}. Su terreno en {county}. Responda ALTO para no recibir mas.",
  });
  const [bare, full] = (await arrangeLeads(bench.db, org.id, 2, { first_name: null })) as [
    ArrangedLead,
    ArrangedLead,
  ];
  await setLead({ first_name: "Rosa", county: "Travis" })(full);
  const alone = await reasonsOf(await arrangeCampaign(bench.db, org, {}, { templates: [needy] }));
  expect([alone.get(bare.id), alone.get(full.id)]).toEqual(["missing_variable", null]);
  const either = await reasonsOf(
    await arrangeCampaign(bench.db, org, {}, { templates: [needy, org.templateId] }),
  );
  expect([either.get(bare.id), either.get(full.id)]).toEqual([null, null]);
});

describe("what a lead lacks, by the texts of the campaign", () => {
  const NAME = "Familia {last_name}, somos {brand}. Responda ALTO para no recibir mas.";
  const PLACE = "Su terreno en {county}: {brand}. Responda ALTO para no recibir mas.";
  const BOTH = "Familia {last_name}, su terreno en {county}: {brand}. Responda ALTO para no recibir mas.";
  const PARCEL = "{parcel_id}: {brand}. Responda ALTO para no recibir mas.";
  it.each<[string[], string[]]>([
    [[NAME], ["named", "named, own county", "named, parcel's county"]],
    [
      [NAME, BOTH],
      ["named", "named, own county", "named, parcel's county"],
    ],
    [
      [BOTH, NAME],
      ["named", "named, own county", "named, parcel's county"],
    ],
    [[BOTH], ["named, own county", "named, parcel's county"]],
    [[PLACE], ["named, own county", "named, parcel's county", "parcel's county"]],
    [
      [NAME, PLACE],
      ["named", "named, own county", "named, parcel's county", "parcel's county"],
    ],
    [[PARCEL], ["named, parcel's county", "parcel's county"]],
    [
      [PARCEL, BOTH],
      ["named, own county", "named, parcel's county", "parcel's county"],
    ],
  ])("%j suit %j", async (contents, expected) => {
    const leads = (await arrangeLeads(bench.db, org.id, 5, { last_name: null, county: null })) as [
      ...[ArrangedLead, ArrangedLead, ArrangedLead, ArrangedLead, ArrangedLead],
    ];
    const names = ["named", "named, own county", "named, parcel's county", "parcel's county", "nothing"];
    for (const lead of leads.slice(0, 3)) await setLead({ last_name: "Mora" })(lead);
    await setLead({ county: "Travis" })(leads[1]);
    for (const lead of leads.slice(2, 4))
      await bench.sql`
        insert into public.lead_properties ${bench.sql({ org_id: org.id, lead_id: lead.id, apn: "R 1", county: "Travis", state: "TX" })}`;
    const templates: string[] = [];
    for (const content of contents)
      templates.push(await addTemplate(bench.sql, org.id, { category: "initial", language: "es", content }));
    const reasons = await reasonsOf(await arrangeCampaign(bench.db, org, {}, { templates }));
    const suited = leads.map((lead, n) => (reasons.get(lead.id) === null ? names[n] : null));
    expect(suited.filter((name) => name !== null)).toEqual(expected);
  });
});

test("if there are several reasons, the first in a fixed order is given", async () => {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  const needy = await addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "es",
    content: "{county}: {brand}. Responda ALTO para no recibir mas.",
  });
  const reason = async () =>
    (await reasonsOf(await arrangeCampaign(bench.db, org, {}, { templates: [needy] }))).get(lead.id);
  const troubles: [string, Arrange, Arrange][] = [
    [
      "invalid_phone",
      setPhone({ is_valid: false, invalid_reason: "x" }),
      setPhone({ is_valid: true, invalid_reason: null }),
    ],
    ["landline", setPhone({ line_type: "landline" }), setPhone({ line_type: null })],
    ["do_not_contact", setLead({ status: "do_not_contact" }), setLead({ status: "new" })],
    ["suppressed", setContact({ suppressed_at: AFTERNOON }), setContact({ suppressed_at: null })],
    ["no_consent", setLead({ consent_status: "denied" }), setLead({ consent_status: "unknown" })],
    ["recently_contacted", setContact({ last_sent_at: AFTERNOON }), setContact({ last_sent_at: null })],
    ["missing_variable", async () => {}, setLead({ county: "Travis" })],
  ];
  for (const [, cause] of troubles) await cause(lead);
  for (const [expected, , mend] of troubles) {
    expect(await reason()).toBe(expected);
    await mend(lead);
  }
  expect(await reason()).toBeNull();
});

describe("one text for one phone", () => {
  test("three parcels of one owner, imported as three leads, are one text", async () => {
    const leads = (await arrangeLeads(bench.db, org.id, 3)) as ArrangedLead[];
    for (const lead of leads) await setPhone({ e164: leads[0]?.e164 })(lead);
    const reasons = await reasonsOf(await arrangeCampaign(bench.db, org));
    expect(leads.map((lead) => reasons.get(lead.id))).toEqual([null, "duplicate", "duplicate"]);
  });
  test("if a lead is left out for its own reason, the next lead with the phone is used", async () => {
    const leads = (await arrangeLeads(bench.db, org.id, 3)) as ArrangedLead[];
    for (const lead of leads) await setPhone({ e164: leads[0]?.e164 })(lead);
    await setLead({ state: "WA" })(leads[0] as ArrangedLead);
    const reasons = await reasonsOf(await arrangeCampaign(bench.db, org));
    expect(leads.map((lead) => reasons.get(lead.id))).toEqual(["no_consent", null, "duplicate"]);
  });
  test("all phones of a lead, each once, where the campaign asks for all", async () => {
    const [lead, spouse] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
    const second = phoneAt(1799);
    for (const [leadId, e164, role] of [
      [lead.id, second, "secondary"],
      [spouse.id, lead.e164, "alternate"],
    ] as const) {
      await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${leadId}, ${e164}, ${role})`;
    }
    const targets = async (phones: string) =>
      (
        await bench.sql`select e164, reason from public.campaign_targets where campaign_id = ${await arrangeCampaign(bench.db, org, { phones })} order by ordinal`
      ).map((row) => `${row.e164} ${row.reason ?? ""}`.trim());
    expect((await targets("primary")).sort()).toEqual([lead.e164, spouse.e164].sort());
    expect((await targets("all")).sort()).toEqual(
      [lead.e164, second, spouse.e164, `${lead.e164} duplicate`].sort(),
    );
  });
});

test("criteria narrow the audience together", async () => {
  const [a, b, c, gone] = (await arrangeLeads(bench.db, org.id, 4)) as [
    ArrangedLead,
    ArrangedLead,
    ArrangedLead,
    ArrangedLead,
  ];
  await setLead({ tags: ["HOT"], county: "Travis", state: "TX" })(a);
  await setLead({ tags: ["HOT", "TX"], county: "Bexar", state: "TX", status: "contacted" })(b);
  await setContact({ last_sent_at: daysAgo(400) })(c);
  await setLead({ deleted_at: AFTERNOON })(gone);
  const chosen = async (target_criteria: Record<string, unknown>) => [
    ...(await reasonsOf(await arrangeCampaign(bench.db, org, { target_criteria }))).keys(),
  ];
  expect((await chosen({})).sort()).toEqual([a.id, b.id, c.id].sort());
  expect(await chosen({ tags: ["HOT"], counties: ["travis"] })).toEqual([a.id]);
  expect(await chosen({ states: ["tx"], statuses: ["contacted"] })).toEqual([b.id]);
  expect(await chosen({ lead_ids: [c.id, gone.id] })).toEqual([c.id]);
  expect((await chosen({ never_contacted: true })).sort()).toEqual([a.id, b.id].sort());
  expect(await chosen({ tags: ["COLD"] })).toEqual([]);
});

/** Leads in which every reason occurs and phones repeat. */
async function arrangeCrowd(): Promise<void> {
  const random = seededRandom("audience");
  const leads = await arrangeLeads(bench.db, org.id, 120);
  const troubles: Arrange[] = [
    setPhone({ is_valid: false, invalid_reason: "x" }),
    setPhone({ line_type: "landline" }),
    setLead({ status: "do_not_contact" }),
    setLead({ state: "WA" }),
    setLead({ state: "HI" }),
    setContact({ suppressed_at: AFTERNOON }),
    setContact({ last_sent_at: AFTERNOON }),
  ];
  for (const lead of leads) {
    if (random.next() < 0.5) await random.pick(troubles)(lead);
    if (random.next() < 0.3) await setPhone({ e164: random.pick(leads).e164 })(lead);
  }
}

test("counting without building gives exactly the figures of building, and writes nothing", async () => {
  await arrangeCrowd();
  const user = await signedIn(bench.db, org.adminId);
  const [draft] = await bench.sql`
    insert into public.campaigns (org_id, name) values (${org.id}, 'Draft') returning id`;
  await bench.sql`insert into public.campaign_templates values (${org.id}, ${draft?.id}, ${org.templateId})`;
  const [row] =
    await user.sql`select private.build_targets(${draft?.id}, true, p_now => ${AFTERNOON}) as counts`;
  await user.end();
  expect(await bench.sql`select 1 from public.campaign_targets where org_id = ${org.id}`).toEqual([]);
  const reasons = await reasonsOf(await arrangeCampaign(bench.db, org));
  const counted: Record<string, number> = {};
  for (const reason of reasons.values()) if (reason) counted[reason] = (counted[reason] ?? 0) + 1;
  const excluded = Object.values(counted).reduce((sum, n) => sum + n, 0);
  expect(row?.counts).toEqual({
    not_looked_up: 120 - excluded,
    audience: 120,
    targets: 120 - excluded,
    excluded,
    reasons: counted,
  });
  expect(Object.keys(counted).length).toBeGreaterThan(4);
});

test("built a few leads at a time it is the same audience, in the same order", async () => {
  await arrangeCrowd();
  const build = async (limit: number) => {
    const [campaign] = await bench.sql`
      insert into public.campaigns (org_id, name, status) values (${org.id}, 'Chunks', 'building') returning id`;
    await bench.sql`insert into public.campaign_templates values (${org.id}, ${campaign?.id}, ${org.templateId})`;
    let chunks = 0;
    for (let more = true; more; chunks++) {
      more = (await bench.sql`select private.build_chunk(${campaign?.id}, ${limit}, ${AFTERNOON}) as more`)[0]
        ?.more;
    }
    const targets = await bench.sql`
      select lead_id, e164, state::text, reason, window_key from public.campaign_targets where campaign_id = ${campaign?.id} order by ordinal`;
    const [built] = await bench.sql`select status::text from public.campaigns where id = ${campaign?.id}`;
    expect(built?.status).toBe("ready");
    return { chunks, targets: [...targets] };
  };
  const whole = await build(10_000);
  expect(whole.chunks).toBe(1);
  for (const limit of [7, 50]) {
    const pieces = await build(limit);
    expect(pieces.chunks).toBeGreaterThan(120 / limit);
    expect(pieces.targets).toEqual(whole.targets);
  }
});

test("every target has a contact to lock, and no other contact was made", async () => {
  const leads = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
  await setPhone({ line_type: "landline" })(leads[1]);
  await arrangeCampaign(bench.db, org);
  const contacts = await bench.sql`select e164 from private.contacts where org_id = ${org.id}`;
  expect(contacts.map((row) => row.e164)).toEqual([leads[0].e164]);
});

describe("a phone that is removed", () => {
  /** Has a second phone, which is removed. */
  const arrangeLead = async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await bench.sql`
      insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead.id}, ${phoneAt(1_790)}, 'secondary')`;
    return lead;
  };
  const phonesOf = (id: string) =>
    bench.sql`select lead_phone_id, state::text from public.campaign_targets where campaign_id = ${id} order by ordinal`;
  test("is referred to by no target any more, and every target stays", async () => {
    const lead = await arrangeLead();
    const id = await arrangeCampaign(bench.db, org, { phones: "all" });
    await bench.sql`delete from public.lead_phones where lead_id = ${lead.id} and role = 'secondary'`;
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect([...(await phonesOf(id))]).toEqual([
      { lead_phone_id: uuid, state: "waiting" },
      { lead_phone_id: null, state: "waiting" },
    ]);
  });
});

test("targets are deleted with their campaign, contacts with their organisation, and no others", async () => {
  const neighbour = await arrangeOrg(bench.db);
  const count = async () => {
    const [row] = await bench.sql`
      select
        (select count(*)::integer from public.campaign_targets where org_id = ${org.id}) as targets,
        (select count(*)::integer from private.contacts where org_id = ${org.id}) as contacts,
        (select count(*)::integer from public.campaign_targets where org_id = ${neighbour.id}) as others,
        (select count(*)::integer from private.contacts where org_id = ${neighbour.id}) as other_contacts`;
    return row;
  };
  await arrangeLeads(bench.db, org.id, 3);
  await arrangeLeads(bench.db, neighbour.id, 2);
  await arrangeCampaign(bench.db, neighbour);
  const gone = await arrangeCampaign(bench.db, org);
  await arrangeCampaign(bench.db, org);
  const others = { others: 2, other_contacts: 2 };
  expect(await count()).toEqual({ targets: 6, contacts: 3, ...others });
  await bench.sql`delete from public.campaigns where id = ${gone}`;
  expect(await count()).toEqual({ targets: 3, contacts: 3, ...others });
  await bench.sql`delete from public.campaigns where org_id = ${org.id}`;
  await bench.sql`delete from public.orgs where id = ${org.id}`;
  expect(await count()).toEqual({ targets: 0, contacts: 0, ...others });
});
