// The input that starts an import, saved mappings, and rows with values that no lead may have.
import { createHash, randomUUID } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { applyChunk, chunkRow } from "../../fixtures/apply-import.ts";
import { type ArrangedOrg, arrangeOrg, phoneAt, signedIn } from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
let other: Session;
beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
  admin = await signedIn(bench.db, org.adminId);
  other = await signedIn(bench.db, org.adminId);
});

const json = (value: unknown) => bench.sql`${JSON.stringify(value)}::text::jsonb`;
/** The field that was refused, or the SQLSTATE; undefined on success. */
const refusal = (call: Promise<unknown>): Promise<string | undefined> =>
  call.then(
    () => undefined,
    ({ code, detail }) => (code === "PT422" ? JSON.parse(detail).errors[0].field : code),
  );

const FILE = {
  file_name: "a.csv",
  file_bytes: 100,
  encoding: "utf-8",
  delimiter: ",",
  columns: ["Phone"],
  next_byte: 6,
  next_line: 2,
};
async function create(given: { file?: object; mapping?: unknown; options?: unknown; tags?: unknown }) {
  const id = randomUUID();
  await bench.sql`insert into storage.objects (bucket_id, name) values ('imports', ${`${org.id}/${id}.csv`})`;
  const { file = {}, mapping = { Phone: "primary_phone" }, options = {}, tags = [] } = given;
  const content_hash = createHash("sha256").update(id).digest("hex");
  return await admin.sql`
    select public.create_import(${id}, ${json({ ...FILE, content_hash, ...file })}, ${json(mapping)}, ${json(options)},
      array(select jsonb_array_elements_text(${json(tags)})))`;
}

describe("an import", () => {
  it("is started with valid input", async () => {
    expect(await refusal(create({}))).toBeUndefined();
    const columns = Array.from({ length: 500 }, (_, i) => `${"x".repeat(195)} ${i}`);
    const mapping = Object.fromEntries(
      columns.map((name, i) => [name, i === 0 ? "primary_phone" : "custom_field"]),
    );
    const options = {
      merge_strategy: "fill",
      auto_tags: { time: true, upload_date: "2026-01-31" },
      keep_case: true,
    };
    expect(await refusal(create({ file: { columns }, mapping, options, tags: ["A"] }))).toBeUndefined();
  });

  const many = Array.from({ length: 12_000 }, (_, i) => `column ${i}`);
  test.each<[string, Parameters<typeof create>[0], string]>([
    ["12,000 columns", { file: { columns: many } }, "file.columns"],
    ["a column of 12,000 characters", { file: { columns: ["x".repeat(12_000)] } }, "file.columns[0]"],
    ["two columns of one name", { file: { columns: ["Phone", "Phone"] } }, "file.columns"],
    ["no columns", { file: { columns: [] } }, "file.columns"],
    ["a path for a name", { file: { file_name: "a\n/../b" } }, "file.file_name"],
    ["a place behind the file", { file: { next_byte: 101 } }, "file.next_byte"],
    ["a place before it", { file: { next_byte: -1 } }, "file.next_byte"],
    ["no size", { file: { file_bytes: null } }, "file.file_bytes"],
    ["a size beyond all", { file: { file_bytes: 1e15 } }, "file.file_bytes"],
    ["a quotation mark between cells", { file: { delimiter: '"' } }, "file.delimiter"],
    ["an encoding that is none", { file: { encoding: "utf-7" } }, "file.encoding"],
    ["a hash that is none", { file: { content_hash: "../../x" } }, "file.content_hash"],
    ["what nobody knows of files", { file: { storage_path: "x" } }, "file.storage_path"],
    ["a field that is none", { mapping: { Phone: "phone" } }, "mapping.Phone"],
    ["a column that is none", { mapping: { Phone: "primary_phone", Name: "first_name" } }, "mapping.Name"],
    ["no phone", { mapping: { Phone: "ignore" } }, "mapping"],
    ["a list for a mapping", { mapping: ["primary_phone"] }, "mapping"],
    [
      "12,000 columns mapped",
      { mapping: Object.fromEntries(many.map((name) => [name, "other_phone"])) },
      "mapping",
    ],
    ["an unknown option", { options: { merge_strategy: "skip", format: "x" } }, "options.format"],
    ["a strategy that is none", { options: { merge_strategy: null } }, "options.merge_strategy"],
    [
      "a date that is none",
      { options: { auto_tags: { upload_date: "2026-13-01" } } },
      "options.auto_tags.upload_date",
    ],
    ["51 tags", { tags: Array.from({ length: 51 }, (_, i) => `T${i}`) }, "tags"],
    ["a tag that is none", { tags: ["a b"] }, "tags[0]"],
  ])("is not started with %s", async (_, given, field) => {
    expect(await refusal(create(given))).toBe(field);
  });

  it("is not announced with an impossible file name or size", async () => {
    const upload = (name: string | null, bytes: number) =>
      refusal(admin.sql`select public.create_import_upload(${name}, ${bytes}::bigint)`.then());
    expect(await upload("a.csv", 1)).toBeUndefined();
    expect(await upload("", 1)).toBe("file_name");
    expect(await upload(null, 1)).toBe("file_name");
    expect(await upload("x".repeat(301), 1)).toBe("file_name");
    expect(await upload("a.csv", 0)).toBe("file_bytes");
    expect(await upload("a.csv", 104_857_601)).toBe("file_bytes");
  });
});

describe("a row with values that no lead may have", () => {
  const addImport = async (options = {}) => {
    const [row] = await bench.sql`
      insert into public.imports (org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping, options)
      values (${org.id}, 'a.csv', 1000, ${"0".repeat(64)}, 'x', 'utf-8', ',', '{Phone}', '{}', ${json(options)}) returning id`;
    return row?.id as string;
  };
  const outcome = async (id: string) => {
    const [row] =
      await bench.sql`select status, imported_rows::int, updated_rows::int, rejected_rows::int, warning_count::int from public.imports where id = ${id}`;
    return row;
  };

  it.each(["skip", "fill", "create"])(
    "costs itself a field, and the chunk nothing (%s)",
    async (merge_strategy) => {
      await bench.sql`delete from public.leads where org_id = ${org.id}`;
      const id = await addImport({ merge_strategy });
      const { status } = await applyChunk(bench.a.sql, id, 0, [
        chunkRow(2, [phoneAt(1)], { parcel: { acreage: 99_999_999.5, apn: "7" } }),
        chunkRow(3, [phoneAt(2)], { parcel: { acreage: 1e300 } }),
        chunkRow(4, [phoneAt(3)], {
          lead: { first_name: "Ana\u0001\nMaría", last_name: "x".repeat(201), status: "sold" },
        }),
        chunkRow(5, [phoneAt(4)], {
          lead: { tags: ["A".repeat(51)], custom_fields: { big: "x".repeat(400_000) } },
        }),
        chunkRow(6, ["+15125"], {}),
        chunkRow(7, [phoneAt(5)], { lead: { city: "Austin" } }),
      ]);
      expect(status).toBe("completed");
      expect(await outcome(id)).toMatchObject({ imported_rows: 5, rejected_rows: 1, warning_count: 5 });
      const leads = await bench.sql`
      select l.first_name, l.last_name, l.city, p.apn, p.acreage, length(l.custom_fields ->> 'big') as big, l.tags
      from public.leads l join public.lead_phones f on f.lead_id = l.id left join public.lead_properties p on p.lead_id = l.id
      where l.import_id = ${id} order by f.e164 = ${phoneAt(1)} desc, l.first_name`;
      expect(leads.map((lead) => ({ ...lead }))).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ first_name: "Line 2", apn: "7", acreage: null }),
          expect.objectContaining({ first_name: "Ana María", last_name: null }),
          expect.objectContaining({ first_name: "Line 5", big: 10_000, tags: [] }),
          expect.objectContaining({ first_name: "Line 7", city: "Austin" }),
        ]),
      );
    },
  );
});

it("custom fields that have no room are named in a warning", async () => {
  const fields = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`field ${i}`, "x".repeat(9_000)]));
  const row = chunkRow(2, [phoneAt(9)], { lead: { custom_fields: fields } });
  const [found] = await bench.sql`select private.fit_import_row(${bench.sql.json(row as never)}) as row`;
  const kept = Object.keys(found?.row.lead.custom_fields);
  expect(kept.length).toBe(3);
  const left = Object.keys(fields).filter((name) => !kept.includes(name));
  expect(found?.row.warnings).toEqual([
    {
      field: "custom_fields",
      reason: expect.stringContaining(`7 of this row were left out (${left.join(", ")})`),
    },
  ]);
});

describe("a saved mapping", () => {
  beforeEach(() => bench.sql`delete from public.import_mappings where org_id = ${org.id}`);
  const save = (row: Record<string, unknown>, session = admin) => {
    const {
      name = "A",
      columns = ["Phone"],
      mapping = { Phone: "primary_phone" },
      options = {},
      fingerprint = "0".repeat(64),
    } = row;
    return session.sql`
      insert into public.import_mappings (org_id, name, columns, mapping, options, fingerprint)
      values (${org.id}, ${name as string}, array(select jsonb_array_elements_text(${json(columns)})), ${json(mapping)}, ${json(options)}, ${fingerprint as string})`.then();
  };

  test.each<[Record<string, unknown>, string]>([
    [{ mapping: { Phone: "x" } }, "mapping.Phone"],
    [{ mapping: { Other: "primary_phone" } }, "mapping.Other"],
    [{ mapping: {} }, "mapping"],
    [{ mapping: [1] }, "mapping"],
    [{ options: { merge_strategy: "banana" } }, "options.merge_strategy"],
    [{ options: { tags: "A" } }, "options.tags"],
    [{ options: { allow_repeat: true } }, "options.allow_repeat"],
    [{ columns: Array.from({ length: 501 }, (_, i) => `c${i}`) }, "columns"],
    [{ columns: ["x".repeat(211)] }, "columns[0]"],
    [{ name: "a\nb" }, "name"],
    [{ name: "x".repeat(101) }, "name"],
  ])("is not %j", async (row, field) => {
    expect(await refusal(save(row))).toBe(field);
  });

  it("is checked in the same way when it is changed, and the audit trail has who did it", async () => {
    await save({});
    const change = (mapping: object) =>
      refusal(
        admin.sql`update public.import_mappings set mapping = ${json(mapping)} where org_id = ${org.id}`.then(),
      );
    expect(await change({ Phone: "nothing" })).toBe("mapping.Phone");
    expect(await change({ Phone: "other_phone" })).toBeUndefined();
    await admin.sql`delete from public.import_mappings where org_id = ${org.id}`;
    const events = await bench.sql`
      select event_type, user_id, details ->> 'name' as name from public.audit_events
      where org_id = ${org.id} and event_type like 'import_mapping%' order by id desc limit 3`;
    expect(events.map(({ event_type }) => event_type).sort()).toEqual([
      "import_mapping_deleted",
      "import_mapping_saved",
      "import_mapping_saved",
    ]);
    expect(events.every(({ user_id, name }) => user_id === org.adminId && name === "A")).toBe(true);
  });

  it("is limited to 200, also if two are saved at once", async () => {
    await bench.sql`
      insert into public.import_mappings (org_id, name, columns, mapping, fingerprint)
      select ${org.id}, 'm' || i, '{Phone}', '{"Phone": "primary_phone"}', ${"0".repeat(64)} from generate_series(1, 199) i`;
    await admin.begin();
    await save({ name: "the last" });
    const late = refusal(save({ name: "one more" }, other));
    await other.blocked(admin);
    await admin.commit();
    expect(await late).toBe("PT409");
  });
});
