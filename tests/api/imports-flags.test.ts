// Opt-outs, wrong numbers and places of other programs' files, over the whole way: what is stored, who becomes a target, which
// hours apply, what the preview says, and that merging and undo keep to it.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv, readRejections, uploadCsv } from "../fixtures/upload-csv.ts";
import { exportLeads } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

/** Of each phone: consent, why it is invalid, kind of line. */
async function phonesOf(e164s: string[], of: TestOrg = org) {
  const rows = await of.sql`
    select e164, consent_status, invalid_reason, line_type, is_valid from public.lead_phones
    where org_id = ${of.id} and e164 = any (${e164s})`;
  return e164s.map((e164) => {
    const row = rows.find((one) => one.e164 === e164);
    if (row) expect(row.is_valid).toBe(row.invalid_reason === null);
    return row && [row.consent_status, row.invalid_reason, row.line_type];
  });
}

async function preview(csv: string) {
  const answer = await uploadCsv(org, "preview", csv);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
}

describe("columns that the request's mapping does not name", () => {
  const header = "Owner,Cell,Other,OptedOut,Phone 1 DNC,Status,City";
  const importWith = async (mapping: Record<string, string | null>) => {
    const [a, b, c, d] = [phone(), phone(), phone(), phone()];
    const csv = [
      header,
      `Ana B,${a},,yes,,Contacted,Waco`,
      `Luis B,${b},,,,Wrong Number,Waco`,
      `Eva B,${c},${d},,,DNC,Waco`,
    ].join("\n");
    const { id } = await importCsv(org, csv, { fields: { mapping: JSON.stringify(mapping) } });
    const leads = await org.sql`
      select status, city, custom_fields from public.leads where import_id = ${id} order by first_name`;
    return { phones: await phonesOf([a, b, c, d]), leads };
  };

  it("count if they say who must not be written to, and stay custom fields", async () => {
    const { phones, leads } = await importWith({
      Owner: "full_name",
      Cell: "primary_phone",
      Other: "secondary_phone",
    });
    expect(phones).toEqual([
      ["denied", null, null],
      ["unknown", "wrong_number", null],
      ["denied", null, null],
      ["denied", null, null],
    ]);
    expect(leads.map(({ status, city }) => [status, city])).toEqual(Array(3).fill(["new", null]));
    expect(leads[0]?.custom_fields).toMatchObject({ OptedOut: "yes", Status: "Contacted", City: "Waco" });
  });

  it("mean nothing if the mapping says so", async () => {
    const { phones } = await importWith({
      Owner: "full_name",
      Cell: "primary_phone",
      OptedOut: "custom_field",
      Status: null,
    });
    expect(phones.slice(0, 3)).toEqual(Array(3).fill(["unknown", null, null]));
  });
});

describe("a file with opt-outs and flags", () => {
  it("is imported as it says, and counted in the preview", async () => {
    const [a, b, c, d, e, f] = [phone(), phone(), phone(), phone(), phone(), phone()];
    const csv = [
      "Name,Phone 1,Opted Out,Phone Status 1,Line Type,Reassigned",
      `Ana B,${a},yes,,Mobile,No`,
      `Luis B,${b},N/A,WRONG,Mobile,`,
      `Eva B,${c},,Correct,landline,No`,
      `Leo B,${d},,,,Yes`,
      `Rosa B,${e} (DNC),no,,,`,
      `Juan B,${f} (call after 5),0.0,,,`,
    ].join("\n");
    const { flags, phones } = await preview(csv);
    expect(phones).toMatchObject({ total: 6, do_not_call: 2 });
    const none = { denied: 0, granted: 0, invalid: 0, landline: 0 };
    expect(flags).toEqual([
      {
        ...none,
        column: "Phone 1",
        field: "primary_phone",
        phones: 6,
        denied: 1,
        summary: "1 of 6 phones denied",
      },
      {
        ...none,
        column: "Opted Out",
        field: "phone_dnc",
        phones: 6,
        denied: 1,
        summary: "1 of 6 phones denied",
      },
      {
        ...none,
        column: "Phone Status 1",
        field: "primary_phone_status",
        phones: 6,
        invalid: 1,
        summary: "1 of 6 phones wrong or out of service",
      },
      {
        ...none,
        column: "Reassigned",
        field: "phone_status",
        phones: 6,
        invalid: 1,
        summary: "1 of 6 phones wrong or out of service",
      },
    ]);
    expect(await importCsv(org, csv)).toMatchObject({ imported_rows: 6, rejected_rows: 0, warning_count: 0 });
    expect(await phonesOf([a, b, c, d, e, f])).toEqual([
      ["denied", null, "mobile"],
      ["unknown", "wrong_number", "mobile"],
      ["unknown", null, "landline"],
      ["unknown", "reassigned", null],
      ["denied", null, null],
      ["unknown", null, null],
    ]);
    const [note] = await org.sql`
      select l.custom_fields from public.leads l join public.lead_phones p on p.lead_id = l.id
      where p.org_id = ${org.id} and p.e164 = ${f}`;
    expect(note?.custom_fields).toEqual({ "Phone 1": `${f} (call after 5)` });
    const records = await org.sql`
      select e164, status from public.consent_records where org_id = ${org.id} and e164 = any (${[a, b, c, d, e, f]})`;
    expect(records.map((row) => `${row.e164} ${row.status}`).sort()).toEqual(
      [`${a} revoked`, `${e} revoked`].sort(),
    );
  });

  it("leaves nobody to write to whom it flags", async () => {
    const flagged = ["DNC", "Opted Out", "Wrong Number", "Unsubscribed", "Dado de baja"];
    const csv = `First Name,Phone,Status\n${[...flagged, "new"].map((word, i) => `N${i},${phone()},${word}`).join("\n")}\n`;
    const { id } = await importCsv(org, csv, { fields: { tags: ["STATUS-WORDS"] } });
    const rows = await org.sql`
      select l.first_name from public.leads l join public.lead_phones p on p.lead_id = l.id
      where l.import_id = ${id} and p.is_valid and p.consent_status <> 'denied' and l.status <> 'do_not_contact'`;
    expect(rows.map((row) => row.first_name)).toEqual([`N${flagged.length}`]);
  });

  it("that denies everybody is pointed out in the preview", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => `N${i},${phone()},Checked ${i}`);
    const { flags } = await preview(`Name,Phone,DNC\n${rows.join("\n")}\n`);
    expect(flags).toMatchObject([{ column: "DNC", denied: 12, summary: "12 of 12 phones denied: look" }]);
  });

  it.each(["update", "fill", "add_phones"])("is merged by %s, and put back by undo", async (strategy) => {
    const [a, b] = [phone(), phone()];
    await callFunction(stack, org.admin, "POST", "/leads", { primary_phone: a, consent_status: "granted" });
    const csv = `Name,Phone 1,Phone Status 1,Phone 2,Phone 2 Opt Out\nAna B,${a},wrong number,${b},2024-01-05\n`;
    const { id } = await importCsv(org, csv, { fields: { merge_strategy: strategy } });
    expect(await phonesOf([a, b])).toEqual([
      ["granted", "wrong_number", null],
      ["denied", null, null],
    ]);
    const { status } = await callFunction(stack, org.admin, "POST", `/leads/import/${id}/undo`);
    expect(status).toBe(200);
    await expect
      .poll(() => phonesOf([a, b]), { timeout: 60_000, interval: 200 })
      .toEqual([["granted", null, null], undefined]);
  });

  it("keeps a wrong number wrong, whatever a later file says", async () => {
    const a = phone();
    await importCsv(org, `Name,Phone 1,Phone Status 1\nAna B,${a},wrong number\n`);
    await importCsv(org, `Name,Phone 1,Phone Status 1\nAna B,${a},Correct\n`, {
      fields: { merge_strategy: "update" },
    });
    expect(await phonesOf([a])).toEqual([["unknown", "wrong_number", null]]);
  });

  it("of our own export keeps consent in another organisation", async () => {
    const [a, b] = [phone(), phone()];
    await importCsv(
      org,
      `Name,Phone 1,Phone 1 DNC,Phone 2,Phone 2 Status,Tags\nAna B,${a},Y,${b},disconnected,OWN-EXPORT\n`,
    );
    const { file } = await exportLeads(org, { filter: { tags: { any: ["OWN-EXPORT"] } } });
    const other = await createOrg(stack, { numbers: 0 });
    try {
      expect(await importCsv(other, file)).toMatchObject({ imported_rows: 1, warning_count: 0 });
      expect(await phonesOf([a, b], other)).toEqual(await phonesOf([a, b]));
      expect(await phonesOf([a, b], other)).toEqual([
        ["denied", null, null],
        ["unknown", "inactive", null],
      ]);
    } finally {
      await other.close();
    }
  });
});

describe("where people live", () => {
  it.each<[string, string]>([
    ["Mailing City State Zip", "LOS ANGELES, CA 90001"],
    ["MailCityStZip", "Los Angeles CA 90001"],
    ["Mailing Zip", "90001"],
    ["Mailing Address", "123 Main St, Los Angeles, CA 90001"],
    ["Mailing State", "US-CA"],
    ["Input Data: Mailing State", "CA"],
  ])("from %s = %j decides the hours, besides the area code", async (header, cell) => {
    const e164 = `+1212555${String(1000 + next++).padStart(4, "0")}`;
    const row = await importCsv(org, `Owner,Phone,${header}\nAnn Bee,${e164},"${cell}"\n`);
    expect(row).toMatchObject({ imported_rows: 1, warning_count: 0 });
    // 09:30 in New York is 06:30 in Los Angeles.
    const query = `phone=${encodeURIComponent(e164)}&at=2026-06-10T13:30:00Z`;
    const { body } = await callFunction(stack, org.admin, "GET", `/compliance/quiet-hours/check?${query}`);
    expect(body.data).toMatchObject({ may_send: false, address: { state: "CA" } });
    expect(body.data.states.map(({ state }: { state: string }) => state)).toEqual(["CA", "NY"]);
  });

  it("in another country, and numbers of Mexico, are refused row by row with the reason", async () => {
    const csv = [
      "Name,Phone,Mailing State,Mailing Country",
      `Ana B,33 1234 5678,Jalisco,Mexico`,
      `Luis B,(55) 1234 5678,,`,
      `Eva B,${phone()},ON,Canada`,
      `Leo B,${phone()},TX,USA`,
    ].join("\n");
    const before = await preview(csv);
    const row = await importCsv(org, csv);
    expect(row).toMatchObject({ imported_rows: 1, rejected_rows: 3 });
    expect(before).toMatchObject({ valid_rows: 1, rejected_rows: 3 });
    const rejected = await readRejections(org, row.id, "outcome=rejected");
    expect(rejected.map(({ line, field, reason }) => [line, field, reason])).toEqual([
      [2, "Phone", expect.stringContaining("not a US number")],
      [3, "Phone", expect.stringContaining("not a US number")],
      [4, "Mailing Country", expect.stringContaining("Canada")],
    ]);
  });
});
