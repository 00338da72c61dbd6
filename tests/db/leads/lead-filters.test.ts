// Every field of a filter of leads: which leads it finds, which not, and what is refused.
import { beforeAll, describe, expect, test } from "vitest";
import type { LeadFilter } from "../../../supabase/functions/_shared/leads/lead-filter.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const DAY = 86_400;
const daysAgo = (days: number) => later(AFTERNOON, -days * DAY);

/** By name, the oldest first. */
const PEOPLE: Record<string, Record<string, unknown>> = {
  Ana: {
    last_name: "Zúñiga",
    county: "Travis",
    state: "TX",
    city: "Austin",
    postal_code: "78701-1234",
    tags: ["VIP", "SEP25"],
    source: "County list",
    custom_fields: { Zone: "AE", Year: 1999 },
  },
  Beto: {
    last_name: "alvarez",
    county: "travis",
    state: "TX",
    city: "AUSTIN",
    postal_code: "78702",
    tags: ["SEP25"],
    status: "contacted",
    lead_score: "warm",
    language: "es",
    custom_fields: { Zone: "X" },
  },
  Carla: {
    last_name: "Álvarez",
    county: "Pima",
    state: "AZ",
    city: "Tucson",
    postal_code: "85701",
    tags: ["VIP"],
    status: "interested",
    lead_score: "hot",
    consent_status: "granted",
    language: "en",
  },
  Dora: { last_name: "Mora", status: "not_interested", consent_status: "denied", source: "county LIST" },
};
const NAMES = Object.keys(PEOPLE);

let org: ArrangedOrg;
let admin: Session;
/** Ids by name. */
const ids: Record<string, string> = {};
let campaignId: string;
let importId: string;
let listId: string;

beforeAll(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  const other = await arrangeOrg(bench.db);
  await arrangeLeads(bench.db, other.id, 3, {
    county: "Travis",
    tags: ["VIP"],
    first_contacted_at: AFTERNOON,
  });
  const [added] = await bench.sql`
    insert into public.imports (org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
    values (${org.id}, 'a.csv', 1, ${"0".repeat(64)}, 'x', 'utf-8', ',', '{Phone}', '{}') returning id`;
  importId = added?.id;
  for (const [i, [name, fields]] of Object.entries(PEOPLE).entries()) {
    const [lead] = await arrangeLeads(bench.db, org.id, 1, {
      first_name: name,
      created_at: daysAgo(40 - 10 * i),
      ...fields,
      import_id: name === "Ana" ? importId : null,
    });
    ids[name] = lead?.id as string;
  }
  const lead = (name: string) => ids[name] as string;
  await bench.sql`
    insert into public.lead_properties ${bench.sql(
      [
        {
          lead_id: lead("Ana"),
          apn: "012-0034-5",
          county: null,
          property_type: "Vacant land",
          acreage: 5,
          estimated_value: 90_000,
        },
        {
          lead_id: lead("Ana"),
          apn: "R 77/8",
          county: "HAYS CO",
          property_type: "Ranch",
          acreage: 200,
          estimated_value: 1_000_000,
        },
        {
          lead_id: lead("Carla"),
          apn: "9-9-9",
          county: null,
          property_type: "vacant LAND",
          acreage: 9.99,
          estimated_value: 20_000,
        },
      ].map((row) => ({ org_id: org.id, ...row })),
    )}`;
  campaignId = await arrangeCampaign(
    bench.db,
    org,
    {
      target_criteria: { lead_ids: [lead("Beto"), lead("Carla")] },
      cooldown_days: 0,
    },
    { now: daysAgo(35) },
  );
  await bench.sql`
    update public.campaign_targets set state = 'sent', delivery = 'delivered', sent_at = ${daysAgo(35)}
    where campaign_id = ${campaignId} and lead_id = ${lead("Beto")} and state = 'waiting'`;
  await bench.sql`select private.fold_lead_activity()`;
  await bench.sql`update public.lead_phones set line_type = 'landline' where lead_id = ${lead("Beto")}`;
  await bench.sql`update public.lead_phones set line_type = 'mobile' where lead_id in (${lead("Ana")}, ${lead("Carla")})`;
  await bench.sql`
    insert into public.conversations (org_id, e164, lead_id, first_inbound_at)
      select org_id, e164, lead_id, now() from public.lead_phones where lead_id = ${lead("Carla")}`;
  admin = await signedIn(bench.db, org.adminId);
  const [segment] = await admin.sql`
    select public.save_segment(${admin.sql.json({ kind: "list", name: "Two", lead_ids: [lead("Ana"), lead("Dora")] })}) as id`;
  listId = segment?.id;
});

const search = async (
  filter: LeadFilter | Record<string, unknown>,
  order: [string, boolean] = ["created_at", false],
) => {
  const [row] = await admin.sql`
    select private.search_leads(${JSON.stringify(filter)}::text::jsonb, ${order[0]}, ${order[1]}, 50, 0, null, ${AFTERNOON}) as found`;
  return row?.found as { leads: { first_name: string }[]; total: number };
};
const find = async (filter: LeadFilter | Record<string, unknown>, order?: [string, boolean]) => {
  const { leads, total } = await search(filter, order);
  expect(total).toBe(leads.length);
  const [counted] = await admin.sql`
    select private.count_leads(${JSON.stringify(filter)}::text::jsonb, ${AFTERNOON}) as found`;
  expect(counted?.found).toEqual({ total, total_is_estimate: false });
  return leads.map((lead) => lead.first_name);
};

const CASES: [LeadFilter | (() => LeadFilter), string[]][] = [
  [{}, NAMES],
  [{ counties: ["TRAVIS"] }, ["Ana", "Beto"]],
  [{ counties: ["Travis", "pima"] }, ["Ana", "Beto", "Carla"]],
  [{ counties: ["Travis County"] }, ["Ana", "Beto"]],
  [{ counties: ["TRAVIS CO., TX"] }, ["Ana", "Beto"]],
  // Of one of her parcels.
  [{ counties: ["Hays"] }, ["Ana"]],
  [{ counties: ["Hays", "Hays County", "Harris"] }, ["Ana"]],
  [{ states: ["TX"] }, ["Ana", "Beto"]],
  [{ cities: ["austin"] }, ["Ana", "Beto"]],
  [{ zips: ["78701"] }, ["Ana"]],
  [{ zips: ["78701-9999", "85701"] }, ["Ana", "Carla"]],
  [{ tags: { any: ["vip"] } }, ["Ana", "Carla"]],
  [{ tags: { any: ["VIP", "SEP25"] } }, ["Ana", "Beto", "Carla"]],
  [{ tags: { all: ["VIP", "SEP25"] } }, ["Ana"]],
  [{ tags: { none: ["VIP"] } }, ["Beto", "Dora"]],
  [{ tags: { any: ["VIP"], none: ["SEP25"] } }, ["Carla"]],
  [{ tags: {} }, NAMES],
  [{ statuses: ["interested", "not_interested"] }, ["Carla", "Dora"]],
  [{ scores: ["hot"] }, ["Carla"]],
  [{ scores: ["hot", "warm"] }, ["Beto", "Carla"]],
  [{ sources: ["county list"] }, ["Ana", "Dora"]],
  [{ consent: ["granted"] }, ["Carla"]],
  [{ consent: ["unknown"] }, ["Ana", "Beto"]],
  [{ languages: ["es", "en"] }, ["Beto", "Carla"]],
  [{ property_types: ["VACANT land"] }, ["Ana", "Carla"]],
  [{ acreage: { from: 5, to: 10 } }, ["Ana", "Carla"]],
  [{ acreage: { from: 5, to: 9.98 } }, ["Ana"]],
  [{ acreage: { from: 200.01 } }, []],
  // Both conditions must hold for one parcel: Ana's ranch is large, and her vacant land is not.
  [{ property_types: ["vacant land"], acreage: { from: 100 } }, []],
  [{ property_types: ["ranch"], acreage: { from: 100 }, estimated_value: { from: 1_000_000 } }, ["Ana"]],
  [{ estimated_value: { to: 20_000 } }, ["Carla"]],
  [{ line_types: ["mobile"] }, ["Ana", "Carla"]],
  [{ line_types: ["not_looked_up"] }, ["Dora"]],
  [{ line_types: ["landline", "not_looked_up"] }, ["Beto", "Dora"]],
  [() => ({ import_ids: [importId] }), ["Ana"]],
  [() => ({ campaign_ids: [campaignId] }), ["Beto"]],
  [() => ({ ids: [ids.Dora as string, ids.Ana as string] }), ["Ana", "Dora"]],
  [() => ({ segment_ids: [listId] }), ["Ana", "Dora"]],
  [() => ({ segment_ids: [listId], tags: { any: ["VIP"] } }), ["Ana"]],
  [{ contacted: "never" }, ["Ana", "Carla", "Dora"]],
  [{ contacted: "ever" }, ["Beto"]],
  [{ not_contacted_days: 36 }, ["Ana", "Carla", "Dora"]],
  [{ not_contacted_days: 35 }, NAMES],
  [{ replied: true }, ["Carla"]],
  [{ replied: false }, ["Ana", "Beto", "Dora"]],
  [{ created: { from: daysAgo(30).toISOString() } }, ["Beto", "Carla", "Dora"]],
  [{ created: { from: daysAgo(30).toISOString(), to: daysAgo(10).toISOString() } }, ["Beto", "Carla"]],
  [{ custom_fields: { Zone: "AE" } }, ["Ana"]],
  [{ custom_fields: { Zone: ["AE", "X"] } }, ["Ana", "Beto"]],
  [{ custom_fields: { Year: 1999, Zone: "AE" } }, ["Ana"]],
  [{ custom_fields: { Year: "1999" } }, []],
  [{ custom_fields: { Zone: [] } }, []],
  [{ search: "012-0034-5" }, ["Ana"]],
  [{ search: "01200345" }, ["Ana"]],
  [{ search: "r 77/8" }, ["Ana"]],
  [{ search: "R778" }, ["Ana"]],
  [{ search: "alvarez tucson" }, ["Carla"]],
  [{ search: "alvarez", states: ["TX"] }, ["Beto"]],
  [{ counties: [] }, NAMES],
  // An empty list of ids matches nobody, not everybody.
  [{ ids: [] }, []],
  [{ import_ids: [] }, []],
  [{ segment_ids: [] }, []],
  [{ campaign_ids: [] }, []],
];
describe("a filter finds", () => {
  test.each(
    CASES.map(([filter, names]) => ({ filter, names, title: String(JSON.stringify(filter) ?? filter) })),
  )("$title → $names", async ({ filter, names }) => {
    expect(await find(typeof filter === "function" ? filter() : filter)).toEqual(names);
  });
});

test.each([
  ["created_at", true, ["Dora", "Carla", "Beto", "Ana"]],
  ["name", false, ["Beto", "Carla", "Dora", "Ana"]],
  ["name", true, ["Ana", "Dora", "Carla", "Beto"]],
  ["score", true, ["Carla", "Beto", "Dora", "Ana"]],
  ["score", false, ["Ana", "Dora", "Beto", "Carla"]],
] as const)("orders by %s, descending %s, accents and capitals aside", async (by, descending, names) => {
  expect(await find({}, [by, descending])).toEqual(names);
});

describe("refuses", () => {
  const UNKNOWN = "00000000-0000-4000-8000-000000000000";
  test.each<[Record<string, unknown>, string]>([
    [{ zip: ["78701"] }, "zip"],
    [{ counties: "Travis" }, "counties"],
    [{ counties: [1] }, "counties[0]"],
    [{ statuses: ["sold"] }, "statuses[0]"],
    [{ scores: ["lukewarm"] }, "scores[0]"],
    [{ ids: ["1"] }, "ids[0]"],
    [{ ids: [""] }, "ids[0]"],
    [{ ids: ["00000000-0000-0000-0000-00000000000' or true --"] }, "ids[0]"],
    [{ tags: ["VIP"] }, "tags"],
    [{ tags: { some: ["VIP"] } }, "tags.some"],
    [{ acreage: { from: "wide" } }, "acreage.from"],
    [{ acreage: { least: 5 } }, "acreage.least"],
    [{ acreage: 5 }, "acreage"],
    [{ created: { from: "yesterday-ish" } }, "created.from"],
    [{ acreage: { from: 1 }, created: { to: "soon" } }, "created.to"],
    [{ contacted: "maybe" }, "contacted"],
    [{ not_contacted_days: 0 }, "not_contacted_days"],
    [{ not_contacted_days: "30" }, "not_contacted_days"],
    [{ replied: "yes" }, "replied"],
    [{ line_types: ["fax"] }, "line_types[0]"],
    [{ segment_ids: [UNKNOWN] }, "segment_ids"],
    [{ custom_fields: ["Zone"] }, "custom_fields"],
    [
      { custom_fields: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`Field ${i}`, "x"])) },
      "custom_fields",
    ],
    [{ custom_fields: { Zone: Array.from({ length: 101 }, (_, i) => `${i}`) } }, "custom_fields.Zone"],
    [
      {
        custom_fields: { A: Array.from({ length: 60 }, (_, i) => i), B: Array.from({ length: 60 }, String) },
      },
      "custom_fields",
    ],
    [{ tags: { none: Array.from({ length: 101 }, (_, i) => `T${i}`) } }, "tags.none"],
    [{ acreage: { from: "NaN" } }, "acreage.from"],
    [{ estimated_value: { to: 1e308 } }, "estimated_value.to"],
    [{ created: { from: "infinity" } }, "created.from"],
    [{ created: { to: "0001-01-01T00:00:00Z" } }, "created.to"],
    [{ not_contacted_days: 30.5 }, "not_contacted_days"],
    [{ search: null }, "search"],
    [{ search: "x".repeat(201) }, "search"],
    [{ counties: ["Travis\nHays"] }, "counties[0]"],
    [{ counties: ["  "] }, "counties[0]"],
    [{ deleted: "true" }, "deleted"],
    [{ counties: Array.from({ length: 1001 }, (_, i) => `County ${i}`) }, "counties"],
  ])("%j by its field", async (filter, field) => {
    await expect(search(filter)).rejects.toMatchObject({
      code: "PT422",
      detail: expect.stringContaining(`"field": "${field}"`),
    });
  });

  test("text that looks like SQL is a value like any other", async () => {
    const nasty = `x' or '1'='1'; drop table public.leads; --`;
    for (const filter of [
      { counties: [nasty] },
      { search: nasty },
      { tags: { any: [nasty] } },
      { custom_fields: { [nasty]: nasty } },
      { property_types: [nasty] },
      { cities: [nasty, "b"] },
      { sources: ["\\'; select 1; --"] },
    ])
      expect(await find(filter)).toEqual([]);
    expect(await find({ search: "%" })).toEqual([]);
  });
});
