// Values that the tables of leads refuse from any writer: NaN and infinity, texts of several lines, lists and JSON without
// bounds.
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, test } from "vitest";
import {
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let lead: ArrangedLead;
beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  await bench.sql`insert into public.lead_properties (org_id, lead_id, apn) values (${org.id}, ${lead.id}, '1')`;
  await bench.sql`insert into public.segments (org_id, name, kind) values (${org.id}, 'List', 'list')`;
  await bench.sql`
    insert into public.imports (org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
    values (${org.id}, 'a.csv', 1, ${"0".repeat(64)}, 'x', 'utf-8', ',', '{Phone}', '{}')`;
  await bench.sql`insert into public.jobs (org_id, kind, required_role) values (${org.id}, 'lead_export', 'viewer')`;
  await bench.sql`
    insert into public.import_uploads (org_id, file_name, file_bytes, expires_at) values (${org.id}, 'a.csv', 1, now())`;
});

const LONG = `repeat('x', 100000)`;
const BAD: [table: string, column: string, values: string[]][] = [
  ["leads", "first_name", [LONG, `E'a\\nb'`, `E'a\\u2028b'`, `E'\\u0085'`]],
  ["leads", "last_name", [LONG, `E'a\\rb'`]],
  ["leads", "email", [LONG, `E'a\\tb'`]],
  ["leads", "address1", [LONG, `E'a\\nb'`]],
  ["leads", "city", [LONG, `E'\\u0001'`]],
  ["leads", "postal_code", [LONG, `E'1\\n'`]],
  ["leads", "county", [LONG, `E'1\\n'`]],
  ["leads", "source", [LONG, `E'1\\n'`]],
  ["leads", "notes", [LONG]],
  ["leads", "state", [`'Texas'`, `''`, `E'T\\n'`]],
  ["leads", "status", [`'sold'`, `''`]],
  [
    "leads",
    "tags",
    [`array_fill('A'::text, array[51])`, `array[repeat('A', 51)]`, `'{a}'`, `'{"A,B"}'`, `'{NULL}'`],
  ],
  [
    "leads",
    "custom_fields",
    [
      `'[]'`,
      `jsonb_build_object('a', (select string_agg(md5(i::text), '') from generate_series(1, 20000) i))`,
    ],
  ],
  ["lead_properties", "acreage", [`'NaN'`, `'Infinity'`, `-1`, `99999999.5`]],
  ["lead_properties", "estimated_value", [`'NaN'`, `-0.01`, `1e12`]],
  ["lead_properties", "apn", [LONG, `E'1\\n'`]],
  ["lead_properties", "situs", [LONG, `E'1\\n'`]],
  ["lead_phones", "label", [LONG, `E'1\\n'`]],
  ["lead_phones", "e164", [`'+1'`, `'5125550100'`]],
  ["segments", "name", [LONG, `''`, `E'a\\nb'`]],
  ["segments", "description", [LONG]],
  [
    "imports",
    "columns",
    [`'{}'`, `array_fill('c'::text, array[12000])`, `array_fill(repeat('c', 2000), array[500])`],
  ],
  ["imports", "delimiter", [`''`, `';;'`]],
  ["imports", "encoding", [`'utf-7'`]],
  ["imports", "next_byte", [`-1`, `9e15`]],
  ["imports", "file_bytes", [`0`, `104857601`]],
  ["imports", "tags", [`array_fill('A'::text, array[51])`]],
  [
    "imports",
    "options",
    [
      `'[]'`,
      `jsonb_build_object('a', (select string_agg(md5(i::text), '') from generate_series(1, 1000) i))`,
    ],
  ],
  [
    "jobs",
    "input",
    [
      `'[]'`,
      `jsonb_build_object('a', (select string_agg(md5(i::text), '') from generate_series(1, 50000) i))`,
    ],
  ],
  ["import_uploads", "file_name", [`''`, LONG, `E'a\\n'`]],
  ["import_uploads", "file_bytes", [`0`, `104857601`]],
];

describe.each(BAD)("%s.%s", (table, column, values) => {
  test.each(values)("refuses %s", async (value) => {
    await expect(
      bench.sql.unsafe(`update public.${table} set ${column} = ${value} where org_id = '${org.id}'`),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(23514|22003)$/) });
  });
});

describe("what was stored before", () => {
  it("is cut to the bounds", async () => {
    const fields = { "a\r\n b": "x".repeat(300_000), b: { c: 1 }, d: 1 };
    const [row] = await bench.sql`select private.fit_custom_fields(${bench.sql.json(fields)}) as fields`;
    expect(row?.fields).toEqual({ "a b": "x".repeat(10_000), b: '{"c": 1}', d: 1 });
  });

  it("custom fields are cut to what fits", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 2000 }, (_, i) => [`field ${i}`, randomUUID().repeat(200)]),
    );
    const [row] = await bench.sql`
      select f.fields, pg_column_size(f.fields) as bytes from (select private.fit_custom_fields(${bench.sql.json(many)}) as fields) f`;
    expect(row?.bytes).toBeLessThanOrEqual(32_768);
    expect(row?.bytes).toBeGreaterThan(20_000);
    await bench.sql`update public.leads set custom_fields = ${bench.sql.json(row?.fields)} where id = ${lead.id}`;
  });
});
