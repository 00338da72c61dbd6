// Mappings saved by name: listed, replaced, deleted, and applied to the next file that fits.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv, uploadCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "campaign_manager"], numbers: 0 });
});
afterAll(() => org.close());

const call = (method: string, path = "", body?: unknown, user = org.admin) =>
  callFunction(stack, user, method, `/leads/import/mappings${path}`, body);
const save = async (body: object) => {
  const answer = await call("POST", "", body, org.users.campaign_manager);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
};
const preview = async (csv: string, fields: Record<string, unknown> = {}) => {
  const answer = await uploadCsv(org, "preview", csv, { fields });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
};

it("saves by name, replaces, lists and deletes", async () => {
  const made = await save({
    name: " County ",
    mapping: { P: "primary_phone", N: null },
    options: { keep_case: true },
  });
  expect(made).toMatchObject({
    name: "County",
    columns: ["P", "N"],
    mapping: { P: "primary_phone", N: "ignore" },
    options: { keep_case: true },
    created_by: org.users.campaign_manager?.id,
  });
  const again = await save({ name: "County", mapping: { P: "primary_phone" }, columns: ["P", "Q"] });
  expect(again).toMatchObject({ id: made.id, columns: ["P", "Q"], options: {} });
  await save({ name: "Another", mapping: { X: "other_phone" } });
  const { body } = await call("GET", "", undefined, org.users.viewer);
  expect(body.data.map(({ name }: { name: string }) => name)).toEqual(["Another", "County"]);
  expect(body.pagination.total).toBe(2);
  expect((await call("DELETE", `/${made.id}`, undefined, org.users.viewer)).status).toBe(403);
  for (const { id } of body.data) expect((await call("DELETE", `/${id}`)).status).toBe(204);
  expect((await call("DELETE", `/${made.id}`)).status).toBe(404);
  expect((await call("GET")).body.data).toEqual([]);
});

it("refuses a mapping with which no file could be imported", async () => {
  const bad: [object, string][] = [
    [{ mapping: { N: "first_name" } }, "mapping"],
    [{ mapping: { P: "primary_phone", Q: "primary_phone" } }, "mapping.Q"],
    [{ mapping: { P: "primary_phone" }, columns: ["Q"] }, "mapping.P"],
    [{ mapping: { P: "phone" } }, "mapping.P"],
    [{ mapping: { P: "primary_phone" }, options: { colour: 1 } }, "options"],
  ];
  for (const [body, field] of bad) {
    const answer = await call("POST", "", { name: "Bad", ...body });
    expect([answer.status, fieldsOf(answer).some((one) => one.startsWith(field))], field).toEqual([
      422,
      true,
    ]);
  }
});

it("applies the one that fits best, with its options, and says so; the request's own options win", async () => {
  const loose = await save({ name: "Loose", mapping: { Wer: "last_name", Nummer: "primary_phone" } });
  const exact = await save({
    name: "Exact",
    mapping: { Wer: "first_name", Nummer: "primary_phone", Ort: "city" },
    options: { keep_case: true, tags: ["SAVED"], merge_strategy: "fill", auto_tags: { property: true } },
  });
  const csv = `Nummer,WER,Ort\n${phone()},ANA,WACO\n`;
  const data = await preview(csv);
  expect(data).toMatchObject({
    mapping_source: "saved",
    mapping: { Nummer: "primary_phone", WER: "first_name", Ort: "city" },
    saved_mappings: [
      { id: exact.id, name: "Exact", same_columns: true, is_applied: true },
      { id: loose.id, name: "Loose", same_columns: false, is_applied: false },
    ],
    options: { keep_case: true, merge_strategy: "fill", auto_tags: { property: true } },
    tags: [{ tag: "SAVED", rows: 1 }],
  });
  expect(await preview(csv, { keep_case: "false", tags: ["MINE"], merge_strategy: "skip" })).toMatchObject({
    mapping_source: "saved",
    options: { keep_case: false, merge_strategy: "skip" },
    tags: [{ tag: "MINE", rows: 1 }],
  });
  expect(await preview(csv, { mapping_id: loose.id })).toMatchObject({
    mapping_source: "saved",
    mapping: { WER: "last_name", Ort: "custom_field" },
    options: { keep_case: false },
  });
  expect(await preview(csv, { mapping: { Nummer: "primary_phone" } })).toMatchObject({
    mapping_source: "request",
    options: { keep_case: false },
    tags: [],
  });
  // Columns it does not have are mapped by their names.
  expect((await preview(`Wer,Nummer,Email\nx,${phone()},a@b.co\n`)).mapping).toMatchObject({
    Wer: "last_name",
    Email: "email",
  });
  const foreign = await uploadCsv(org, "preview", `Phone\n${phone()}\n`, {
    fields: { mapping_id: exact.id },
  });
  expect([foreign.status, fieldsOf(foreign)]).toEqual([422, ["mapping_id"]]);
  const row = await importCsv(org, csv, { fields: { merge_strategy: "skip" } });
  expect(row).toMatchObject({ mapping: { WER: "first_name" }, tags: ["SAVED"] });
  const [lead] = await org.sql`select first_name, city from public.leads where import_id = ${row.id}`;
  expect(lead).toMatchObject({ first_name: "ANA", city: "WACO" });
});

it("remembers the last import with the same columns, unless it failed", async () => {
  const csv = () => `Rufname,Apparat,Rest\nAna,${phone()},x\n`;
  const mapping = { Rufname: "first_name", Apparat: "primary_phone", Rest: "notes" };
  const { id } = await importCsv(org, csv(), { fields: { mapping } });
  expect(await preview(csv())).toMatchObject({ mapping_source: "last_import", mapping });
  expect(await importCsv(org, csv())).toMatchObject({ mapping });
  await org.sql`update public.imports set status = 'failed', error_message = 'x' where columns = '{Rufname,Apparat,Rest}'`;
  expect(await preview(csv())).toMatchObject({
    mapping_source: "suggested",
    mapping: { Rest: "custom_field" },
  });
  await org.sql`update public.imports set status = 'completed', error_message = null where id = ${id}`;
  expect((await preview(csv())).mapping_source).toBe("last_import");
});

it("keeps another organisation's mappings apart", async () => {
  const other = await createOrg(stack, { numbers: 0 });
  await save({ name: "Ours", mapping: { Apart: "primary_phone" } });
  const answer = await uploadCsv(other, "preview", `Apart\n${phone()}\n`);
  expect(answer.body.data).toMatchObject({ mapping_source: "suggested", saved_mappings: [] });
  const { body } = await callFunction(stack, other.admin, "GET", "/leads/import/mappings");
  expect(body.data).toEqual([]);
  await other.close();
});
