// What a preview reports before anything is written: columns, duplicates and what merging would do, problems, phones, states,
// tags.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { seededRandom } from "../fixtures/seeded-random.ts";
import { importCsv, uploadCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

async function preview(csv: string, fields: Record<string, unknown> = {}) {
  const answer = await uploadCsv(org, "preview", csv, { fields });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
}

it("describes every column: its field, values, and how many cells fit", async () => {
  const csv = [
    "Owner,Cell,Cell DNC,Mail State,Acres,Zone",
    `Ana,${phone()},Yes,TX,5,A1`,
    `Luis,${phone()},,Texas,N/A,A1`,
    `Eva,call,No,Ontario,many,B2`,
    `Leo,${phone()},,,12,C3`,
    `Rosa,${phone()},,,7,D4`,
  ].join("\n");
  const { column_details: details, sampled_rows: sampled } = await preview(csv);
  expect(sampled).toBe(5);
  expect(details).toEqual([
    { column: "Owner", field: "full_name", samples: ["Ana", "Luis", "Eva"], filled: 5, fits: 5 },
    { column: "Cell", field: "primary_phone", samples: expect.any(Array), filled: 5, fits: 4 },
    { column: "Cell DNC", field: "primary_phone_dnc", samples: ["Yes", "No"], filled: 2, fits: 2 },
    { column: "Mail State", field: "state", samples: ["TX", "Texas", "Ontario"], filled: 3, fits: 2 },
    { column: "Acres", field: "acreage", samples: ["5", "many", "12"], filled: 4, fits: 3 },
    { column: "Zone", field: "custom_field", samples: ["A1", "B2", "C3"], filled: 5, fits: 5 },
  ]);
});

it("counts problems with an example, phones by number and type, states and tags", async () => {
  const csv = [
    "Name,Phone 1,Phone 1 Type,Phone 2,Phone 2 Type,Phone 3,Phone 2 DNC,State,County,Acres",
    `Ana,${phone()},Mobile,${phone()},Landline,${phone()},Y,TX,Harris,5`,
    `Luis,${phone()},Cell,911,,,,Ontario,Harris,0.5`,
    `Eva,${phone()},,,,,,,,`,
    `Leo,12,,,,,,TX,,`,
    `Rosa,34,,,,,,TX,,`,
    `Nadie,N/A,,,,,,TX,,`,
    `Too,many,cells,in,this,row,by,far,too,many,of,them`,
  ].join("\n");
  const data = await preview(csv, { tags: ["Q1"], auto_tags: { geographic: true, property: true } });
  expect(data).toMatchObject({ is_complete: true, valid_rows: 3, rejected_rows: 4 });
  expect(data.problems).toEqual([
    {
      outcome: "rejected",
      field: "Phone 1",
      rows: 2,
      first_line: 5,
      example: "12",
      reason: expect.stringContaining("too short"),
    },
    expect.objectContaining({ outcome: "warning", field: "Phone 2", rows: 1, first_line: 3, example: "911" }),
    expect.objectContaining({
      outcome: "warning",
      field: "State",
      rows: 1,
      first_line: 3,
      example: "Ontario",
    }),
    {
      outcome: "rejected",
      field: "Phone 1",
      rows: 1,
      first_line: 7,
      example: "N/A",
      reason: "The row has no phone number.",
    },
    {
      outcome: "rejected",
      field: null,
      rows: 1,
      first_line: 8,
      example: "Too many cells in this row by far too many of them",
      reason: expect.stringContaining("12 cells"),
    },
  ]);
  expect(data.phones).toEqual({
    total: 5,
    rows_with: { one: 2, two: 0, three: 1 },
    rows_without: 1,
    do_not_call: 1,
    invalid: 3,
    line_types: { mobile: 2, landline: 1, voip: 0, toll_free: 0, other: 0, not_told: 2 },
  });
  expect(data.states).toEqual({
    unrecognised: [{ column: "State", value: "Ontario", rows: 1 }],
    rows_without_mailing_state: 2,
  });
  expect(data.tags).toEqual([
    { tag: "Q1", rows: 3 },
    ...["0-1AC", "5-10AC", "TX-HAR"].map((tag) => ({ tag, rows: 1 })),
  ]);
});

describe("duplicates", () => {
  it("are reported with their new values, and with the result of each strategy", async () => {
    const [a, b, c, d, e, f] = [phone(), phone(), phone(), phone(), phone(), phone()];
    const lead = { primary_phone: a, properties: [{ apn: "1", county: "Harris", state: "TX" }] };
    const full = { primary_phone: d, secondary_phone: phone(), alternate_phone: phone() };
    for (const body of [lead, full]) await callFunction(stack, org.admin, "POST", "/leads", body);
    const csv = [
      "Name,Phone,Phone 2,APN,County,Property State",
      `Known with the same parcel,${a},,1,harris,TX`,
      `Known with another parcel and phone,${a},${b},2,Harris,TX`,
      `Known by what the row before brought,${b},,2,Harris,TX`,
      `Full,${d},${e},,,`,
      `Of two leads,${a},${d},,,`,
      `New,${c},,9,Pima,AZ`,
      `In the file,${c},${f},10,Pima,AZ`,
      `Bad,12,,,,`,
    ].join("\n");
    const data = await preview(csv);
    expect(data.duplicate_rows).toEqual({
      in_file: 1,
      in_database: 4,
      with_new_phone: 2,
      with_new_parcel: 2,
    });
    const merging = {
      created: 1,
      merged: 6,
      left_out: 0,
      new_phones: 2,
      new_parcels: 2,
      phones_left_out: 1,
      parcels_left_out: 0,
    };
    expect(data.strategies).toEqual({
      skip: { created: 2, merged: 0, left_out: 5 },
      update: merging,
      fill: merging,
      add_phones: merging,
      create: { created: 7, merged: 0, left_out: 0 },
    });
  });

  it("beyond a thousand are all found", async () => {
    const csv = `Name,Phone\n${Array.from({ length: 1500 }, () => `Somebody,${phone()}`).join("\n")}\n`;
    const { id } = await importCsv(org, csv);
    const { data } = (await uploadCsv(org, "preview", `${csv}Another,${phone()}\n`)).body;
    expect(data.duplicate_rows).toMatchObject({ in_database: 1500, in_file: 0 });
    expect(data.already_imported).toBeNull();
    expect(data.similar_import).toMatchObject({ id, file_name: "owners.csv", rows: 1500, share: 0.999 });
    const other = `Name,Phone\n${Array.from({ length: 10 }, () => `New,${phone()}`).join("\n")}\n`;
    expect((await preview(other)).similar_import).toBeNull();
  });

  it("of an owner with more than a hundred parcels: those beyond stay out, with a warning in each row", async () => {
    const mobile = phone();
    const rows = Array.from({ length: 130 }, (_, i) => `Owner,${mobile},R-${i + 1},Travis`);
    const csv = `Name,Phone,APN,County\n${rows.join("\n")}\n`;
    const told = (await preview(csv)).strategies.add_phones;
    expect(told).toMatchObject({ created: 1, merged: 129, new_parcels: 99, parcels_left_out: 30 });
    const { id } = await importCsv(org, csv, { fields: { merge_strategy: "add_phones" } });
    const parcels =
      await org.sql`select p.apn from public.lead_properties p join public.leads l on l.id = p.lead_id
      where l.import_id = ${id}`;
    expect(parcels.map(({ apn }) => apn).sort()).toEqual(
      rows
        .slice(0, 100)
        .map((row) => row.split(",")[2])
        .sort(),
    );
    const warnings = await org.sql`select line::int as line, reason from public.import_rejections
      where import_id = ${id} order by line`;
    expect(warnings).toEqual(
      rows.slice(100).map((_, i) => ({
        line: i + 102,
        reason: "A lead has at most 100 parcels: that of this row was not added.",
      })),
    );
  });

  // The preview imitates the import, since merging 10,000 rows takes half a minute. This test keeps the two equal.
  it("become what the preview says, by every strategy, for any file", async () => {
    const random = seededRandom("imports-preview");
    const parcel = () =>
      random.pick([
        () => `${random.below(9)},${random.pick(["Travis", "TRAVIS", ""])},${random.pick(["TX", ""])},,`,
        () => `,Travis,TX,${random.pick(["Lot", "LOT", "lot "])} ${random.below(9)},`,
        () => `,Travis,,,${random.below(4)}`,
      ])();
    for (const strategy of ["skip", "update", "fill", "add_phones", "create"] as const)
      for (let file = 0; file < 2; file++) {
        // Few phones for many rows, so that rows share them in every way.
        const pool = Array.from({ length: 24 }, phone);
        for (const primary_phone of pool.slice(0, 4))
          await callFunction(stack, org.admin, "POST", "/leads", { primary_phone });
        const rows = Array.from({ length: 70 }, (_, i) => {
          const some = random.shuffle([...pool, phone(), "12", ""]).slice(0, 3);
          return `N${i},${some.join(",")},${parcel()}`;
        });
        const csv = `Name,Phone,Phone 2,Phone 3,APN,County,Property State,Situs Address,Acreage\n${rows.join("\n")}\n`;
        const data = await preview(csv);
        const before = await countParcels();
        const row = await importCsv(org, csv, { fields: { merge_strategy: strategy } });
        const told = data.strategies[strategy];
        expect(row, strategy).toMatchObject({
          imported_rows: told.created,
          updated_rows: told.merged,
          duplicate_rows: told.left_out,
          rejected_rows: data.rejected_rows,
        });
        if (told.new_parcels === undefined) continue;
        // Every row has a parcel, so that each new lead has one.
        expect((await countParcels()) - before, strategy).toBe(told.created + told.new_parcels);
        const [left] = await org.sql`select count(*)::int as n from public.import_rejections
          where import_id = ${row.id} and reason like 'The lead has three phones already%'`;
        expect(left?.n, strategy).toBe(told.phones_left_out);
      }
  });
});

async function countParcels(): Promise<number> {
  const [row] = await org.sql`select count(*)::int as n from public.lead_properties where org_id = ${org.id}`;
  return row?.n;
}
