// Fifteen files like real ones, small; npm run test:large has ten of them long. And rejected rows: downloaded, mended in a spreadsheet,
// imported again.
import Papa from "papaparse";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { encodeText } from "../fixtures/encode-text.ts";
import { expectRealFile } from "../fixtures/expect-real-file.ts";
import { ODD_FILES } from "../fixtures/odd-files.ts";
import { phoneOf, REAL_FILES } from "../fixtures/real-files.ts";
import { importCsv, uploadCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
const OWNERS = 24;
let org: TestOrg;
let from = 0;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

it.each(Object.entries({ ...REAL_FILES, ...ODD_FILES }))("imports %s", async (_what, make) => {
  const file = make(OWNERS, from);
  from += OWNERS;
  const { body } = await uploadCsv(org, "preview", file.bytes, {
    ...(file.fields && { fields: file.fields }),
  });
  const { leads, updated = 0, rejected = [] } = file;
  const strategy = (file.fields?.merge_strategy as string | undefined) ?? "skip";
  expect(body.data).toMatchObject({
    is_complete: true,
    rejected_rows: rejected.length,
    encoding: file.encoding,
    strategies: { [strategy]: { created: leads.length, merged: updated, left_out: 0 } },
  });
  await expectRealFile(org, file);
});

it("lets rejected rows be downloaded, mended and imported without loss or change", async () => {
  const values = [
    "=SUM(A1:A9)",
    "+34 600",
    "-5",
    "@x",
    'say "no"',
    "a;b",
    "two\nlines",
    "ñandú",
    "'quoted",
    "  x",
  ];
  const header = ["Nombre", "Teléfono", "Observaciones", "Zona"];
  const rows = values.map((value, i) => [`Dueño ${i}`, "12", value, value]);
  const csv = Papa.unparse([header, ...rows], { delimiter: ";" });
  const first = await importCsv(org, encodeText(csv, "windows-1252"));
  expect(first).toMatchObject({ imported_rows: 0, rejected_rows: rows.length });

  const answer = await callFunction(stack, org.admin, "GET", `/leads/import/${first.id}/rejections.csv`);
  const sheet = Papa.parse<string[]>((answer.body as string).replace(/^\ufeff/, ""), {
    skipEmptyLines: true,
  }).data;
  // No cell that a spreadsheet would run.
  expect(sheet.flat().filter((cell) => /^[=+@\t\r]|^-(?!\d+$)/.test(cell))).toEqual([]);
  const mended = sheet.map((row, i) => (i === 0 ? row : [row[0], phoneOf(from + i), ...row.slice(2)]));
  const second = await importCsv(org, `\ufeff${Papa.unparse(mended)}`);
  expect(second).toMatchObject({ imported_rows: rows.length, rejected_rows: 0, warning_count: 0 });
  const leads = await org.sql`
    select full_name, notes, custom_fields from public.leads where import_id = ${second.id} order by phone_digits`;
  expect(leads.map((lead) => ({ ...lead }))).toEqual(
    values.map((value, i) => {
      const kept = value.trim();
      return { full_name: `Dueño ${i}`, notes: kept, custom_fields: { Zona: kept } };
    }),
  );
});
