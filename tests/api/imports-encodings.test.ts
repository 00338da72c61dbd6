// The encodings, delimiters and line ends that files come in, from upload to lead; and what a preview says of them.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Encoding } from "../../supabase/functions/_shared/csv/encodings.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { encodeText } from "../fixtures/encode-text.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { finishImport, importCsv, readRejections, startImport, uploadCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

/** Files of 2,500 rows: three chunks and the boundaries between them. */
const ROWS = 2500;
const CASES: [name: string, encoding: Encoding, bom: string, delimiter: string, lineEnd: string][] = [
  ["UTF-8", "utf-8", "", ",", "\n"],
  ["UTF-8 with a byte order mark, as Excel saves it", "utf-8", "\ufeff", ";", "\r\n"],
  ["UTF-16 LE with a byte order mark, tabs", "utf-16le", "\ufeff", "\t", "\r\n"],
  ["UTF-16 BE with a byte order mark", "utf-16be", "\ufeff", ",", "\n"],
  ["UTF-16 LE without one", "utf-16le", "", ",", "\r\n"],
  ["Windows-1252 with pipes and old Mac line ends", "windows-1252", "", "|", "\r"],
  ["Mac OS Roman with carets and old Mac line ends", "macintosh", "", "^", "\r"],
];

it.each(CASES)(
  "imports %s, with quoted delimiters, line ends and accents at every seam",
  async (_, encoding, bom, delimiter, lineEnd) => {
    const isBytewise = encoding === "windows-1252" || encoding === "macintosh";
    const sign = isBytewise ? "€" : "🏡";
    const name = (i: number) => `Muñoz ${i}${delimiter} “José” ${sign}`;
    const rows = Array.from(
      { length: ROWS },
      (_, i) => `"${name(i)}"${delimiter}${phone()}${delimiter}"two${lineEnd}lines é"`,
    );
    // The first accent is late in the file: the whole file decides the encoding, not its beginning.
    const header = `Last Name${delimiter}Phone${delimiter}Notes`;
    const plain = Array.from({ length: 6000 }, () => `${"x".repeat(100)}${delimiter}${delimiter}`);
    const text = bom + [header, ...(isBytewise ? plain : []), ...rows].join(lineEnd);
    const row = await importCsv(org, encodeText(text, encoding));
    const rejected = isBytewise ? plain.length : 0;
    expect(row).toMatchObject({
      encoding,
      delimiter,
      imported_rows: ROWS,
      rejected_rows: rejected,
      duplicate_rows: 0,
    });
    const leads = await org.sql`select last_name, notes from public.leads where import_id = ${row.id}`;
    // A name is one line: a tab in it is a blank.
    const kept = rows.map((_, i) => name(i).replace(/\t ?/, " "));
    expect(leads.map((lead) => lead.last_name).sort()).toEqual(kept.sort());
    expect(new Set(leads.map((lead) => lead.notes))).toEqual(new Set([`two${lineEnd}lines é`]));
    await org.sql`delete from public.leads where org_id = ${org.id}`;
    next = 0;
  },
);

it("counts lines as the file does: quoted line ends, blank lines, all kinds of line end", async () => {
  const text = `Name,Phone\r\nA,1\r\n\r\n"B\r\nb\nc",2\nC,3\r"D",4`;
  const row = await importCsv(org, text);
  expect(row.rejected_rows).toBe(4);
  expect((await readRejections(org, row.id)).map(({ line }) => line)).toEqual([2, 4, 7, 8]);
});

it("loses one row, and no more, to a quotation mark that is never closed", async () => {
  const lines = Array.from({ length: 3000 }, () => `Somebody,${phone()},note`);
  lines[1500] = `Somebody,${phone()},"a note left open`;
  const row = await importCsv(org, ["Name,Phone,Notes", ...lines].join("\n"));
  expect(row).toMatchObject({ status: "completed", imported_rows: 2999, rejected_rows: 1 });
  expect((await readRejections(org, row.id))[0]).toMatchObject({
    line: 1502,
    reason: expect.stringContaining("quotation mark"),
  });
});

it("rejects malformed rows one by one, and imports the rows after them", async () => {
  const good = () => Array.from({ length: 1200 }, () => `Somebody,${phone()}`);
  const broken = Array.from({ length: 1500 }, (_, i) => `a,b,c,d,e,${i}`);
  const row = await importCsv(org, ["Name,Phone", ...good(), ...broken, ...good()].join("\n"));
  expect(row).toMatchObject({ status: "completed", imported_rows: 2400, rejected_rows: 1500 });
});

it("fails an import hardly any of whose first rows fits, before anything is imported", async () => {
  const broken = Array.from({ length: 1500 }, (_, i) => `a,b,c,d,e,${i}`);
  const { id } = await startImport(org, ["Name,Phone", `Somebody,${phone()}`, ...broken].join("\n"));
  const row = await finishImport(org, id);
  expect(row).toMatchObject({ status: "failed", imported_rows: 0, rejected_rows: 0 });
  expect(row.error_message).toMatch(/From line 2 on hardly any row fits/);
});

it("rejects a cell of 10 MB, wherever its line ends, and removes only the NUL bytes themselves", async () => {
  const [a, b, c] = [phone(), phone(), phone()];
  const long = "x".repeat(10_485_760);
  for (const [encoding, end] of [
    ["utf-8", "\n"],
    ["utf-16le", "\r\n"],
  ] as const) {
    const csv = [
      `Name,Phone,Notes`,
      `Ana,${a},`,
      `Long,${b},"${long}"`,
      `Zero\0,${c},`,
      `Last,12,${long}`,
    ].join(end);
    const row = await importCsv(org, encodeText(`\ufeff${csv}`, encoding));
    expect(row).toMatchObject({ status: "completed", imported_rows: 2, rejected_rows: 2, warning_count: 1 });
    const found = await readRejections(org, row.id);
    expect(found.map(({ line, outcome, field }) => [line, outcome, field])).toEqual([
      [3, "rejected", null],
      [4, "warning", "Name"],
      [5, "rejected", null],
    ]);
    expect(found[0]?.reason).toContain("longer than 131072 characters");
    expect(found[0]?.row.Name).toBe(`Long,${b},"${"x".repeat(1000 - b.length - 7)}`);
    await org.sql`delete from public.leads where org_id = ${org.id}`;
  }
});

it("fails an import whose file has gone from storage", async () => {
  const id = randomUUID();
  await org.sql`
    insert into public.imports (id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
    values (${id}, ${org.id}, 'gone.csv', 50, ${"0".repeat(64)}, ${`${org.id}/${id}.csv`}, 'utf-8', ',', '{Phone}', '{"Phone": "primary_phone"}')`;
  await org.sql`select pgmq.send('imports', jsonb_build_object('import_id', ${id}::text, 'chunk', 0))`;
  const row = await finishImport(org, id);
  expect(row).toMatchObject({
    status: "failed",
    error_message: expect.stringContaining("no longer in storage"),
  });
});

describe("a preview", () => {
  it("reports encoding, delimiter, mapping, sample, counts, problems and duplicates, and writes nothing", async () => {
    const [a, b, c, d] = [phone(), phone(), phone(), phone()];
    const { body } = await callFunction(stack, org.admin, "POST", "/leads", { primary_phone: d });
    const before = await org.sql`select count(*)::int as n from public.leads where org_id = ${org.id}`;
    const storedFiles = () =>
      org.sql`select name from storage.objects where name like ${`${org.id}/%`} order by name`;
    const files = await storedFiles();
    const csv = [
      "Nombre;Apellido;Teléfono;Celular;Condado;Zona",
      `Ana;Muñoz;${a};${b};Travis;1`,
      `Luis;Peña;call;${c};Travis;2`,
      "Rosa;Vo;;;Pima;3",
      `Eva;Gil;${b};;Pima;4`,
      `Leo;Paz;${d};;Pima;5`,
    ].join("\r\n");
    const answer = await uploadCsv(org, "preview", encodeText(csv, "windows-1252"), {
      fileName: "../dueños.csv",
    });
    expect(answer.status).toBe(200);
    const preview = answer.body.data;
    expect(preview).toMatchObject({
      file_name: "dueños.csv",
      encoding: "windows-1252",
      delimiter: ";",
      already_imported: null,
      checked_rows: 5,
      total_rows: 5,
      total_rows_estimate: 5,
      valid_rows: 2,
      rejected_rows: 1,
      duplicate_rows: { in_file: 1, in_database: 1, with_new_phone: 0, with_new_parcel: 0 },
      columns: ["Nombre", "Apellido", "Teléfono", "Celular", "Condado", "Zona"],
      suggested_mapping: {
        Nombre: "first_name",
        Apellido: "last_name",
        Teléfono: "primary_phone",
        Celular: "secondary_phone",
        Condado: "county",
        Zona: "custom_field",
      },
      duplicates: [
        { line: 5, field: "Teléfono", phone: b, lead_id: null, first_line: 2 },
        { line: 6, field: "Teléfono", phone: d, lead_id: body.data.id, first_line: null },
      ],
      problems: [
        { outcome: "warning", field: "Teléfono", rows: 1, first_line: 3 },
        {
          outcome: "rejected",
          field: "Teléfono",
          reason: "The row has no phone number.",
          rows: 1,
          first_line: 4,
        },
      ],
    });
    expect(preview.sample_rows[0]).toMatchObject({ Nombre: "Ana", Apellido: "Muñoz" });
    expect(await org.sql`select count(*)::int as n from public.leads where org_id = ${org.id}`).toEqual(
      before,
    );
    expect(await storedFiles()).toEqual(files);
  });

  it("says the same as the import then does", async () => {
    const csv = `Name,Phone,Cell\n${Array.from({ length: 300 }, (_, i) => `N${i},${i % 7 ? phone() : "12"},${i % 5 ? "" : fictionalPhoneAt(i)}`).join("\n")}\n`;
    const { data } = (await uploadCsv(org, "preview", csv)).body;
    const row = await importCsv(org, csv);
    expect(row).toMatchObject({
      total_rows: data.total_rows,
      imported_rows: data.valid_rows,
      rejected_rows: data.rejected_rows,
      duplicate_rows: data.duplicate_rows.in_file + data.duplicate_rows.in_database,
    });
  });

  it.each([
    [100_000, 10_000],
    [250_000, 4_000],
  ])("estimates that a file has %i rows from the %i it checked", async (rows, checked) => {
    const csv = `Name,Phone\n${Array.from({ length: rows }, (_, i) => `Somebody ${i},512-555-0${100 + (i % 100)}`).join("\n")}\n`;
    const { data } = (await uploadCsv(org, "preview", csv)).body;
    expect(data).toMatchObject({ checked_rows: checked, is_complete: false, total_rows: null });
    expect(Math.abs(data.total_rows_estimate - rows)).toBeLessThan(rows / 10);
  });

  it("accepts a CSV as the body itself, with the options in the query", async () => {
    const response = await fetch(
      `${stack.FUNCTIONS_URL}/leads/import/preview?file_name=body.csv&mapping=${encodeURIComponent('{"B":"primary_phone"}')}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${org.admin.token}`, "content-type": "text/csv" },
        body: `A,B\nx,${phone()}\n`,
      },
    );
    expect((await response.json()).data).toMatchObject({
      file_name: "body.csv",
      valid_rows: 1,
      mapping: { A: "custom_field", B: "primary_phone" },
    });
  });
});
