// The kept figures of leads: equal to the counted ones after any change of leads, phones and parcels, without locks.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
});

const wrong = async (id = org.id) => [...(await bench.sql`select * from private.check_lead_counts(${id})`)];
const fold = () => bench.sql`select private.fold_lead_counts()`;
async function statistics(filter: object | null = null) {
  const admin = await signedIn(bench.db, org.adminId);
  const [row] =
    await admin.sql`select private.lead_statistics(${filter === null ? null : JSON.stringify(filter)}::text::jsonb) as answer`;
  await admin.end();
  return row?.answer;
}

/** One owner with every field, two with few, one deleted. */
async function fill(): Promise<ArrangedLead[]> {
  const leads = await arrangeLeads(bench.db, org.id, 4);
  const [one, two, , four] = leads.map(({ id }) => id);
  await bench.sql`update public.leads set status = 'interested', source = 'Radio', county = 'Travis', state = 'TX', tags = '{VIP,LAND}', created_at = '2026-03-31T23:30:00Z' where id = ${one as string}`;
  await bench.sql`update public.leads set lead_score = 'hot', tags = '{VIP}', created_at = '2026-04-01T00:30:00Z' where id = ${two as string}`;
  await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role, line_type) values (${org.id}, ${one as string}, '+12145550199', 'secondary', 'landline')`;
  await bench.sql`update public.lead_phones set is_valid = false, invalid_reason = 'gone' where lead_id = ${two as string}`;
  await bench.sql`insert into public.lead_properties (org_id, lead_id, apn) values (${org.id}, ${one as string}, '1'), (${org.id}, ${one as string}, '2')`;
  await bench.sql`update public.leads set deleted_at = now() where id = ${four as string}`;
  return leads;
}

const FIGURES = {
  total: 3,
  is_estimate: false,
  by_status: [
    { value: "new", count: 2 },
    { value: "interested", count: 1 },
  ],
  by_score: [
    { value: "cold", count: 2 },
    { value: "hot", count: 1 },
  ],
  by_source: [
    { value: null, count: 2 },
    { value: "Radio", count: 1 },
  ],
  by_state: [
    { value: null, count: 2 },
    { value: "TX", count: 1 },
  ],
  by_tag: [
    { value: "VIP", count: 2 },
    { value: "LAND", count: 1 },
  ],
  phones: {
    per_lead: [
      { value: "2", count: 1 },
      { value: "1", count: 2 },
    ],
    valid: 3,
    invalid: 1,
    by_line_type: [
      { value: "not_looked_up", count: 3 },
      { value: "landline", count: 1 },
    ],
  },
  parcels: 2,
};

test("statistics count leads that are not deleted, folded or not, and a filter that matches all gives the same", async () => {
  await fill();
  expect(await statistics()).toMatchObject(FIGURES);
  await fold();
  expect(await bench.sql`select 1 from private.lead_count_deltas`).toEqual([]);
  const kept = await statistics();
  expect(kept).toMatchObject(FIGURES);
  expect(await statistics({ consent: ["unknown"] })).toEqual(kept);
  expect(kept.by_month.slice(-1)).toEqual([{ value: "2026-03", count: 1 }]);
  expect(kept.by_month.slice(-2, -1)).toEqual([{ value: "2026-04", count: 1 }]);
  expect(await statistics({ tags: { any: ["LAND"] } })).toMatchObject({
    total: 1,
    by_status: [{ value: "interested", count: 1 }],
    parcels: 2,
    phones: { per_lead: [{ value: "2", count: 1 }], valid: 2, invalid: 0 },
  });
  expect(await statistics({ tags: { any: ["NONE"] } })).toMatchObject({
    total: 0,
    by_status: [],
    parcels: 0,
  });
});

describe("the stored figures equal the counted ones", () => {
  const changes: Record<string, (leads: string[]) => Promise<unknown>> = {
    "leads are restored": () => bench.sql`update public.leads set deleted_at = null where org_id = ${org.id}`,
    "leads are removed for good": ([one]) => bench.sql`delete from public.leads where id = ${one as string}`,
    "leads are removed with their phones in one statement": (leads) =>
      bench.sql`select private.remove_leads(${org.id}, ${leads}::uuid[])`,
    "people are erased": (leads) => bench.sql`select private.erase_leads(${org.id}, ${leads}::uuid[], now())`,
    "a deleted lead is removed for good": ([, , , four]) =>
      bench.sql`delete from public.leads where id = ${four as string}`,
    "a phone is removed": () =>
      bench.sql`delete from public.lead_phones where org_id = ${org.id} and role = 'secondary'`,
    "a phone moves to a deleted lead": ([, , , four]) =>
      bench.sql`update public.lead_phones set lead_id = ${four as string} where org_id = ${org.id} and role = 'secondary'`,
    "a phone turns out a mobile": () =>
      bench.sql`update public.lead_phones set line_type = 'mobile' where org_id = ${org.id}`,
    "parcels move to another lead, and go": async ([, two, , four]) => {
      await bench.sql`update public.lead_properties set lead_id = ${four as string} where org_id = ${org.id} and apn = '1'`;
      await bench.sql`update public.lead_properties set lead_id = ${two as string} where org_id = ${org.id} and apn = '2'`;
      await bench.sql`delete from public.lead_properties where lead_id = ${two as string}`;
    },
    "all change at once": () =>
      bench.sql`update public.leads set status = 'contacted', source = null, county = last_name, tags = '{A,B}', deleted_at = case when deleted_at is null then now() end where org_id = ${org.id}`,
    "nothing that counts changes": () =>
      bench.sql`update public.leads set notes = 'x' where org_id = ${org.id}`,
    "the organisation goes": async () => {
      await bench.sql`delete from public.orgs where id = ${org.id}`;
      await fold();
      expect(await bench.sql`select 1 from private.lead_counts where org_id = ${org.id}`).toEqual([]);
    },
  };
  test.each(Object.entries(changes))("after %s", async (_name, change) => {
    const leads = await fill();
    expect(await wrong()).toEqual([]);
    await change(leads.map(({ id }) => id));
    expect(await wrong()).toEqual([]);
    await fold();
    expect(await wrong()).toEqual([]);
  });

  test("after anything, in any order", async () => {
    const random = seededRandom("lead counts");
    await fill();
    const names = Object.keys(changes).filter((name) => !/removed|erased|organisation/.test(name));
    for (let n = 0; n < 30; n++) {
      const name = random.pick(names);
      const leads = await bench.sql`select id from public.leads where org_id = ${org.id} order by id`;
      await changes[name]?.(leads.map(({ id }) => id));
      if (random.next() < 0.3) await fold();
      expect(await wrong(), name).toEqual([]);
    }
  });
});

test("two people who change leads of one organisation don't wait for each other, nor for the fold", async () => {
  const leads = await fill();
  await bench.holder.begin();
  await bench.holder.sql`update public.leads set status = 'contacted' where id = ${leads[0]?.id as string}`;
  await bench.sql`update public.leads set status = 'contacted' where id = ${leads[1]?.id as string}`;
  await fold();
  expect(await wrong()).toEqual([]);
  await bench.holder.commit();
  expect(await wrong()).toEqual([]);
});

test("wrong figures are found, and counted again", async () => {
  await fill();
  await fold();
  await bench.sql`update private.lead_counts set count = count + 5 where org_id = ${org.id} and dimension = 'status' and value = 'new'`;
  await bench.sql`delete from private.lead_counts where org_id = ${org.id} and dimension = 'parcels'`;
  await bench.sql`insert into private.lead_count_deltas values (${org.id}, 'tag', 'GHOST', 3)`;
  expect(
    (await wrong())
      .map(({ dimension, value, kept, counted }) => `${dimension} ${value} ${kept} ${counted}`)
      .sort(),
  ).toEqual(["parcels  0 2", "status new 7 2", "tag GHOST 3 0"]);
  expect((await bench.sql`select private.repair_lead_counts(${org.id}) as n`)[0]?.n).toBe(3);
  expect(await wrong()).toEqual([]);
  expect((await bench.sql`select private.repair_lead_counts(${org.id}) as n`)[0]?.n).toBe(0);
});
