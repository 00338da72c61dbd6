// Single parcels of a lead, and the counties they may be in.
import { beforeEach, describe, expect, test } from "vitest";
import { mapParcel } from "../../../supabase/functions/_shared/enrichment/map-parcel.ts";
import type { ParcelFields } from "../../../supabase/functions/_shared/enrichment/service.ts";
import { countyFinder } from "../../../supabase/functions/_shared/leads/find-county.ts";
import {
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { COUNTY_CASES, NO_COUNTIES } from "../../fixtures/county-cases.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let lead: ArrangedLead;
beforeEach(async () => {
  org = await arrangeOrg(bench.db);
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
});

async function call(name: "add_parcel" | "update_parcel" | "remove_parcel", ...args: unknown[]) {
  const user = await signedIn(bench.db, org.adminId);
  try {
    const values = args.map((arg) => (typeof arg === "object" ? JSON.stringify(arg) : arg)) as string[];
    const marks = values.map((_value, i) =>
      typeof args[i] === "object" ? `$${i + 1}::text::jsonb` : `$${i + 1}::uuid`,
    );
    const [row] = await user.sql.unsafe(`select public.${name}(${marks.join(", ")}) as answer`, values);
    return row?.answer;
  } catch (error) {
    const { hint, message, detail } = error as { hint: string; message: string; detail: string };
    return { error: hint, message, details: JSON.parse(detail ?? "{}") };
  } finally {
    await user.end();
  }
}
const parcels = () =>
  bench.sql`select id, apn, county, state, acreage::float from public.lead_properties where lead_id = ${lead.id} order by created_at, id`;

describe("the database's list of counties", () => {
  test.each(COUNTY_CASES)("%s %j is %s", async (state, text, name, fips) => {
    const [row] = await bench.sql`select (private.find_county(${state}, ${text})).*`;
    expect(row).toMatchObject({ fips, label: name });
  });

  test.each(NO_COUNTIES)("%s has no county %j", async (state, text) => {
    const [row] = await bench.sql`select (private.find_county(${state}, ${text})).fips`;
    expect(row?.fips).toBeNull();
  });

  test("finds each of its own by its full name", async () => {
    const lost = await bench.sql`
      select c.state, c.name from private.us_counties c
      where (private.find_county(c.state, upper(trim(c.name || ' ' || c.kind)))).fips is distinct from c.fips`;
    expect(lost).toEqual([]);
  });
});

describe("the county in a service's answer", () => {
  const asked: ParcelFields = {
    apn: "1",
    county: "Harris",
    state: "TX",
    situs: null,
    property_type: null,
    acreage: null,
    estimated_value: null,
  };
  const map = { acreage: "acres", county: "county", state: "state" };
  const read = (answer: object, parcel: Partial<ParcelFields> = {}) =>
    mapParcel({ acres: 5, ...answer }, map, { ...asked, ...parcel }, countyFinder(bench.a.sql));

  test("is kept as the list writes it", async () => {
    expect(await read({ county: "HARRIS CO" })).toEqual({ acreage: 5, county: "Harris" });
    const elsewhere = { county: "City of St Louis", state: "Missouri" };
    expect(await read(elsewhere, { county: null, state: null })).toEqual({
      acreage: 5,
      county: "St. Louis city",
      state: "MO",
    });
  });

  test.each([
    ["Haris", "TX has no county Haris."],
    ["Travis", "The answer is about another parcel: it lies in Travis County, not in Harris County."],
  ])("%s is not believed", async (county, message) => {
    await expect(read({ county })).rejects.toMatchObject({ message, outcome: "refused" });
  });
});

describe("a parcel", () => {
  test("is added, changed field by field, and removed, with what it was in the audit trail", async () => {
    const added = await call("add_parcel", lead.id, {
      apn: "R-1",
      state: "TX",
      county: "HARRIS CO",
      acreage: 5.25,
    });
    expect(added).toMatchObject({ apn: "R-1", county: "Harris", state: "TX", acreage: 5.25, situs: null });
    const changed = await call("update_parcel", lead.id, added.id, { situs: "FM 2920", acreage: null });
    expect(changed).toMatchObject({
      id: added.id,
      apn: "R-1",
      county: "Harris",
      situs: "FM 2920",
      acreage: null,
    });
    await call("remove_parcel", lead.id, added.id);
    expect(await parcels()).toEqual([]);
    const [event] = await bench.sql`
      select lead_id, user_id, details from public.audit_events where org_id = ${org.id} and event_type = 'parcel_removed'`;
    expect(event).toMatchObject({
      lead_id: lead.id,
      user_id: org.adminId,
      details: { apn: "R-1", county: "Harris" },
    });
  });

  test("in a county its state does not have is refused with the nearest names", async () => {
    const refused = await call("add_parcel", lead.id, { state: "TX", county: "Haris" });
    expect(refused).toMatchObject({
      error: "invalid_input",
      message: expect.stringContaining('TX has no county "Haris". Did you mean Harris'),
      details: { errors: [{ field: "county" }] },
    });
    expect(refused.details.suggestions).toHaveLength(3);
    expect(refused.details.suggestions[0]).toBe("Harris");
    const added = await call("add_parcel", lead.id, { state: "TX", county: "Harris" });
    expect(await call("update_parcel", lead.id, added.id, { state: "OK" })).toMatchObject({
      error: "invalid_input",
    });
    expect(
      await call("update_parcel", lead.id, added.id, { state: "OK", county: "tulsa county" }),
    ).toMatchObject({ county: "Tulsa" });
  });

  test("without a state keeps its county as written, and a county from an import is not checked until it is changed", async () => {
    expect(await call("add_parcel", lead.id, { county: "Somewhere" })).toMatchObject({ county: "Somewhere" });
    const [old] = await bench.sql`
      insert into public.lead_properties (org_id, lead_id, state, county) values (${org.id}, ${lead.id}, 'TX', 'Haris') returning id`;
    expect(await call("update_parcel", lead.id, old?.id, { acreage: 3 })).toMatchObject({
      county: "Haris",
      acreage: 3,
    });
    expect(await call("update_parcel", lead.id, old?.id, { county: "Haris" })).toMatchObject({
      error: "invalid_input",
    });
  });

  test("exists once: the same APN in the same county of a lead is refused", async () => {
    const first = await call("add_parcel", lead.id, { apn: "1", state: "TX", county: "Harris" });
    expect(
      await call("add_parcel", lead.id, { apn: "1", state: "TX", county: "HARRIS COUNTY" }),
    ).toMatchObject({ error: "duplicate" });
    expect(await call("add_parcel", lead.id, { apn: "1", state: "TX", county: "Travis" })).toMatchObject({
      apn: "1",
    });
    expect(await call("update_parcel", lead.id, first.id, { apn: "1", acreage: 2 })).toMatchObject({
      acreage: 2,
    });
  });

  test("exists once, however its number and its county are written, and if one of them is missing", async () => {
    await call("add_parcel", lead.id, { apn: "123-456-789", state: "TX", county: "Travis" });
    for (const same of [
      { apn: "123456789", state: "TX", county: "TRAVIS CO" },
      { apn: "0123456789", county: "Travis County" },
      { apn: "123 456 789" },
    ])
      expect(await call("add_parcel", lead.id, same), JSON.stringify(same)).toMatchObject({
        error: "duplicate",
      });
    await call("add_parcel", lead.id, { situs: "12 Oak St." });
    expect(await call("add_parcel", lead.id, { situs: "12 OAK ST" })).toMatchObject({ error: "duplicate" });
    const other = await call("add_parcel", lead.id, { apn: "123-456-780", state: "TX", county: "Travis" });
    expect(await call("update_parcel", lead.id, other.id, { apn: "123456789" })).toMatchObject({
      error: "duplicate",
    });
    expect(await call("update_parcel", lead.id, other.id, { acreage: 7 })).toMatchObject({ acreage: 7 });
  });

  test("whose number a spreadsheet damaged is not taken for another one with that number", async () => {
    for (const situs of ["1 Oak St", "2 Oak St"])
      expect(await call("add_parcel", lead.id, { apn: "1.23457E+15", situs })).toMatchObject({ situs });
    expect(await parcels()).toHaveLength(2);
  });

  test("cannot be stored twice in one form by anything that writes the table", async () => {
    const add = (apn: string, county: string | null) => bench.sql`
      insert into public.lead_properties (org_id, lead_id, state, county, apn) values (${org.id}, ${lead.id}, 'TX', ${county}, ${apn})`;
    await add("123-456-789", "Travis County");
    await expect(add("123456789", "TRAVIS")).rejects.toMatchObject({
      constraint_name: "lead_properties_parcel_key",
    });
    await add("123456789", "Hays");
  });

  test("must have a value, and known fields only", async () => {
    expect(await call("add_parcel", lead.id, {})).toMatchObject({ error: "invalid_input" });
    expect(await call("add_parcel", lead.id, { apn: "1", owner: "x" })).toMatchObject({
      details: { errors: [{ field: "owner" }] },
    });
    const one = await call("add_parcel", lead.id, { apn: "1" });
    expect(await call("update_parcel", lead.id, one.id, { apn: null })).toMatchObject({
      error: "invalid_input",
    });
  });

  test("of another lead, a deleted lead or another organisation gives not found", async () => {
    const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    const one = await call("add_parcel", lead.id, { apn: "1" });
    expect(await call("update_parcel", other.id, one.id, { apn: "2" })).toMatchObject({ error: "not_found" });
    expect(await call("remove_parcel", other.id, one.id)).toMatchObject({ error: "not_found" });
    const theirs = await arrangeOrg(bench.db);
    const [foreign] = (await arrangeLeads(bench.db, theirs.id, 1)) as [ArrangedLead];
    expect(await call("add_parcel", foreign.id, { apn: "1" })).toMatchObject({ error: "not_found" });
    await bench.sql`update public.leads set deleted_at = now() where id = ${lead.id}`;
    expect(await call("update_parcel", lead.id, one.id, { apn: "2" })).toMatchObject({ error: "not_found" });
    expect(await call("remove_parcel", lead.id, one.id)).toMatchObject({ error: "not_found" });
  });
});
