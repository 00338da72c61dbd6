// Phones that the file flags as not to be called: imported with consent denied for that phone only, by every strategy.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

const consentOf = async (phones: string[]) => {
  const rows = await org.sql`
    select e164, consent_status from public.lead_phones where org_id = ${org.id} and e164 = any (${phones})`;
  const by = new Map(rows.map((row) => [row.e164, row.consent_status]));
  return phones.map((one) => by.get(one));
};
const recordsOf = async (phones: string[]) => {
  const rows = await org.sql`
    select e164, status, method from public.consent_records where org_id = ${org.id} and e164 = any (${phones})`;
  return rows.map((row) => [row.e164, row.status, row.method]).sort();
};

it.each(["skip", "update", "fill", "add_phones", "create"])("new leads of %s", async (strategy) => {
  const [a, b, c, d] = [phone(), phone(), phone(), phone()];
  const csv = `Name,Phone 1,Phone 1 DNC,Phone 2,Phone 2 DNC,Litigator\nAna,${a},Yes,${b},No,\nLuis,${c},,${d},,Y\n`;
  await importCsv(org, csv, { fields: { merge_strategy: strategy } });
  expect(await consentOf([a, b, c, d])).toEqual(["denied", "unknown", "denied", "denied"]);
  expect(await recordsOf([a, b, c, d])).toEqual([a, c, d].sort().map((one) => [one, "revoked", "import"]));
});

it.each(["update", "fill", "add_phones"])("existing leads, by %s", async (strategy) => {
  const [a, b, c] = [phone(), phone(), phone()];
  await callFunction(stack, org.admin, "POST", "/leads", { primary_phone: a, consent_status: "granted" });
  const csv = `Name,Phone 1,Phone 1 DNC,Phone 2,Phone 2 DNC\nAna,${a},,${b},Y\nAna,${a},,${c},\nAna,${a},Y,,\n`;
  await importCsv(org, csv, { fields: { merge_strategy: strategy } });
  expect(await consentOf([a, b, c])).toEqual(["denied", "denied", "unknown"]);
  expect((await recordsOf([b, c])).length).toBe(1);
});

it("rows of one file that share a phone", async () => {
  const [a, b] = [phone(), phone()];
  const csv = `Name,Phone 1,Phone 1 DNC,Phone 2\nAna,${a},Y,\nAna,${a},,${b}\n`;
  expect(await importCsv(org, csv, { fields: { merge_strategy: "fill" } })).toMatchObject({
    updated_rows: 1,
  });
  expect(await consentOf([a, b])).toEqual(["denied", "unknown"]);
});
