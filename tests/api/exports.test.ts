// Exports of leads: the contents of files, who may have them, and that an import accepts them again.

import { waitFor } from "local-supabase/testing/wait-for";
import Papa from "papaparse";
import { readSheet } from "read-excel-file/node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { suggestMapping } from "../../supabase/functions/_shared/csv/suggest-mapping.ts";
import {
  EXPORT_COLUMNS,
  EXPORT_ONLY_COLUMNS,
} from "../../supabase/functions/_shared/leads/export-columns.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv } from "../fixtures/upload-csv.ts";
import { exportLeads } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "operator"], numbers: 0 });
  await org.sql`update public.orgs set time_zone = 'America/Denver' where id = ${org.id}`;
  for (const lead of LEADS) {
    const answer = await callFunction(stack, org.admin, "POST", "/leads", lead);
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  }
  // The first parcel is the oldest one.
  await org.sql`update public.lead_properties set created_at = now() + interval '1 minute' where org_id = ${org.id} and county = 'Hays'`;
});
afterAll(() => org?.close());

/** An owner with every field, one with formulas for spreadsheets, and one with almost no fields. */
const LEADS = [
  {
    first_name: "Rosa",
    last_name: "Núñez Ybarra",
    email: "rosa@example.com",
    language: "es",
    primary_phone: fictionalPhoneAt(0),
    secondary_phone: fictionalPhoneAt(1),
    alternate_phone: fictionalPhoneAt(2),
    address1: "12 Elm St, Apt 4",
    address2: "Rear",
    city: "Austin",
    state: "TX",
    postal_code: "78701",
    county: "Travis",
    status: "interested",
    lead_score: "hot",
    consent_status: "granted",
    source: "County records",
    notes: 'Said "call\nlater"',
    tags: ["VIP", "LAND-50"],
    custom_fields: { "Owner Occupied": "No", "Flood Zone": "AE" },
    properties: [
      {
        apn: "12-345-678",
        county: "Travis",
        state: "TX",
        situs: "Lot 4, Elm Rd",
        property_type: "Land",
        acreage: 12.5,
        estimated_value: 120000,
      },
      { apn: "99-000-111", county: "Hays", state: "TX", acreage: 3 },
    ],
  },
  {
    first_name: "=1+1",
    last_name: '@SUM(A1)"',
    primary_phone: fictionalPhoneAt(3),
    notes: "-2+3",
    address1: "+cmd|' /C calc'!A0",
    postal_code: "02134",
    custom_fields: { "Flood Zone": "=X()" },
  },
  { primary_phone: fictionalPhoneAt(4) },
];

const parse = (file: Buffer) =>
  Papa.parse<Record<string, string>>(file.toString("utf8").replace(/^\ufeff/, ""), {
    header: true,
    skipEmptyLines: true,
  });
const byPhone = (rows: Record<string, unknown>[]) =>
  Object.fromEntries(rows.map((row) => [row.primary_phone as string, row]));
const shown = (n: number) => fictionalPhoneAt(n).replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "($1) $2-$3");

describe("a CSV", () => {
  it("holds every phone, the first parcel and the custom fields, and opens safely", async () => {
    const { job, file } = await exportLeads(org, { format: "csv" });
    expect(job).toMatchObject({
      kind: "lead_export",
      total_items: 3,
      done_items: 3,
      progress: 1,
      error_message: null,
      result: { file: { rows: 3, bytes: file.length } },
    });
    expect(JSON.stringify(job)).not.toContain(`${org.id}/`);
    const { data, meta, errors } = parse(file);
    expect(errors).toEqual([]);
    expect(meta.fields).toEqual([...EXPORT_COLUMNS, "Flood Zone", "Owner Occupied"]);
    const rows = byPhone(data);
    expect(rows[shown(0)]).toMatchObject({
      first_name: "Rosa",
      last_name: "Núñez Ybarra",
      secondary_phone: shown(1),
      alternate_phone: shown(2),
      primary_phone_type: "",
      primary_phone_consent: "granted",
      primary_phone_valid: "yes",
      address1: "12 Elm St, Apt 4",
      tags: "VIP, LAND-50",
      notes: 'Said "call\nlater"',
      apn: "12-345-678",
      acreage: "12.5",
      estimated_value: "120000",
      property_state: "TX",
      parcel_count: "2",
      "Owner Occupied": "No",
      "Flood Zone": "AE",
      status: "interested",
      lead_score: "hot",
    });
    expect(rows[shown(0)]?.lead_created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[67]:00$/);
    expect(rows[shown(3)]).toMatchObject({
      first_name: "'=1+1",
      last_name: "'@SUM(A1)\"",
      notes: "'-2+3",
      "Flood Zone": "'=X()",
      address1: "'+cmd|' /C calc'!A0",
      secondary_phone: "",
      parcel_count: "0",
    });
    expect(data.map((row) => row.primary_phone)).toEqual([shown(4), shown(3), shown(0)]);
  });

  it("has the columns that were asked for, in their order, and a row for each parcel on request", async () => {
    const columns = ["apn", "parcel_county", "primary_phone"];
    const { file } = await exportLeads(org, { format: "csv", columns, rows_per: "parcel" });
    expect(file.toString("utf8")).toBe(
      `\ufeffapn,parcel_county,primary_phone\r\n,,${shown(4)}\r\n,,${shown(3)}\r\n` +
        `12-345-678,Travis,${shown(0)}\r\n99-000-111,Hays,${shown(0)}\r\n`,
    );
  });

  it("holds the leads of its filter, and a heading where there are none", async () => {
    const some = await exportLeads(org, { filter: { counties: ["travis"] }, columns: ["first_name"] });
    expect(some.file.toString("utf8")).toBe("\ufefffirst_name\r\nRosa\r\n");
    const none = await exportLeads(org, { filter: { counties: ["nowhere"] }, columns: ["first_name"] });
    expect(none.file.toString("utf8")).toBe("\ufefffirst_name\r\n");
    expect(none.job).toMatchObject({ total_items: 0, progress: 1 });
  });

  it("is imported again as the same leads, by the mapping that is suggested", async () => {
    const { file } = await exportLeads(org, { format: "csv" });
    const columns = parse(file).meta.fields as string[];
    const suggested = suggestMapping(columns);
    const fields = columns.filter(
      (name) => EXPORT_COLUMNS.includes(name) && !EXPORT_ONLY_COLUMNS.includes(name),
    );
    const fieldOf = (name: string) =>
      name === "zip_code" ? "postal_code" : name.replace(/_phone_valid$/, "_phone_status");
    for (const name of fields) expect(`${name}: ${suggested[name]}`).toBe(`${name}: ${fieldOf(name)}`);
    for (const name of EXPORT_ONLY_COLUMNS) expect(`${name}: ${suggested[name]}`).toBe(`${name}: ignore`);

    const other = await createOrg(stack, { numbers: 0 });
    expect(await importCsv(other, file, { fields: { keep_case: true } })).toMatchObject({
      imported_rows: 3,
      rejected_rows: 0,
      warning_count: 0,
    });
    const read = async ({ sql, id }: TestOrg) =>
      await sql`
        select l.first_name, l.last_name, l.email, l.address1, l.address2, l.city, l.state, l.postal_code, l.county, l.language,
          l.status, l.lead_score, l.consent_status, l.source, l.notes, l.tags,
          l.custom_fields,
          (select jsonb_agg(jsonb_build_array(p.role, p.e164, p.line_type, p.consent_status) order by p.role) from public.lead_phones p where p.lead_id = l.id) as phones,
          (select jsonb_agg(jsonb_build_array(p.apn, p.state, p.situs, p.property_type, p.acreage, p.estimated_value)) from public.lead_properties p
            where p.lead_id = l.id and p.apn is distinct from '99-000-111') as parcels
        from public.leads l where l.org_id = ${id} order by l.phone_digits`;
    // A lead with a ZIP code and no state gets the state of its ZIP code, as in any file.
    const expected = (await read(org)).map((lead) =>
      lead.postal_code === "02134" && lead.state === null ? { ...lead, state: "MA" } : { ...lead },
    );
    expect((await read(other)).map((lead) => ({ ...lead }))).toEqual(expected);
    await other.close();
  });
});

describe("a workbook", () => {
  it("holds the same, with text as text and numbers as numbers", async () => {
    const { file } = await exportLeads(org, { format: "xlsx" });
    const [heading, ...rows] = (await readSheet(file, { trim: false })) as unknown[][];
    expect(heading).toEqual([...EXPORT_COLUMNS, "Flood Zone", "Owner Occupied"]);
    const found = byPhone(
      rows.map((row) => Object.fromEntries((heading as string[]).map((name, i) => [name, row[i]]))),
    );
    expect(found[shown(0)]).toMatchObject({
      last_name: "Núñez Ybarra",
      acreage: 12.5,
      estimated_value: 120000,
      zip_code: "78701",
      notes: 'Said "call\nlater"',
      parcel_count: 2,
      "Owner Occupied": "No",
    });
    expect(found[shown(3)]).toMatchObject({
      first_name: "=1+1",
      last_name: '@SUM(A1)"',
      zip_code: "02134",
      "Flood Zone": "=X()",
    });
  });
});

describe("a job", () => {
  it("is refused, naming the field, for an invalid filter or column", async () => {
    const post = (input: object) => callFunction(stack, org.admin, "POST", "/leads/exports", input);
    expect((await post({ filter: { segment_ids: [org.id] } })).body.error).toMatchObject({
      code: "invalid_input",
      details: { errors: [{ field: "segment_ids" }] },
    });
    expect((await post({ filter: { deleted: true } })).body.error).toMatchObject({
      code: "invalid_input",
      details: { errors: [{ field: "filter.deleted" }] },
    });
    expect((await post({ columns: ["salary"] })).status).toBe(422);
    expect((await post({ format: "pdf" })).status).toBe(422);
  });

  it("does not exist for another organisation, nor does its file; a viewer reads the job but may not have the file", async () => {
    const { job } = await exportLeads(org, {});
    const stranger = await createOrg(stack, { numbers: 0 });
    for (const path of [`/leads/jobs/${job.id}`, `/leads/exports/${job.id}/download`])
      expect((await callFunction(stack, stranger.admin, "GET", path)).status).toBe(404);
    expect((await callFunction(stack, stranger.admin, "POST", `/leads/jobs/${job.id}/cancel`)).status).toBe(
      404,
    );
    expect((await callFunction(stack, stranger.admin, "GET", "/leads/jobs")).body.data).toEqual([]);
    const { viewer, operator } = org.users;
    expect((await callFunction(stack, viewer, "GET", `/leads/jobs/${job.id}`)).status).toBe(200);
    expect((await callFunction(stack, viewer, "GET", `/leads/exports/${job.id}/download`)).status).toBe(403);
    expect((await callFunction(stack, operator, "GET", `/leads/exports/${job.id}/download`)).status).toBe(
      200,
    );
    await stranger.close();
  });

  it("loses its file after seven days, from storage too", async () => {
    const { job } = await exportLeads(org, {});
    const files = () =>
      org.sql`select name from storage.objects where bucket_id = 'exports' and name like ${`${org.id}/${job.id}/%`}`;
    expect(await files()).toHaveLength(1);
    await org.sql`update public.jobs set result = jsonb_set(result, '{file,expires_at}', '"2026-01-01T00:00:00Z"') where id = ${job.id}`;
    const gone = await callFunction(stack, org.admin, "GET", `/leads/exports/${job.id}/download`);
    expect(gone.body.error).toMatchObject({ code: "not_found" });
    const [message] = await org.sql`
      update pgmq.q_file_removals set vt = now() where message ->> 'folder' = ${`${org.id}/${job.id}`}
      returning vt, enqueued_at`;
    expect(message).toBeDefined();
    await waitFor(async () => (await files()).length === 0);
    await waitFor(
      async () =>
        (
          await org.sql`select 1 from pgmq.q_file_removals where message ->> 'folder' = ${`${org.id}/${job.id}`}`
        ).length === 0,
    );
  });

  it("that was canceled stays so, and cancelling it again is refused", async () => {
    // No worker takes it, because its message is not due.
    const [row] = await org.sql`
      insert into public.jobs (org_id, kind, required_role) values (${org.id}, 'lead_export', 'operator') returning id`;
    const cancel = () => callFunction(stack, org.users.operator, "POST", `/leads/jobs/${row?.id}/cancel`);
    expect((await cancel()).body.data).toMatchObject({ status: "canceled", seconds_left: null });
    expect((await cancel()).body.error).toMatchObject({
      code: "invalid_state",
      details: { status: "canceled" },
    });
    const download = await callFunction(stack, org.admin, "GET", `/leads/exports/${row?.id}/download`);
    expect(download.body.error).toMatchObject({ code: "invalid_state" });
  });
});
