// A "no" in a file is never lost: not with the row that is left out as a duplicate, nor because another lead has the phone.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  addImport,
  applyChunk,
  applyQuietly,
  chunkRow,
  hashLeads,
  readImport,
  undoQuietly,
} from "../fixtures/apply-import.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv } from "../fixtures/upload-csv.ts";

const STRATEGIES = ["skip", "update", "fill", "add_phones", "create"];
const stack = inject("stack");
let org: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
});
afterAll(() => org.close());

async function addLead(input: Record<string, unknown>): Promise<string> {
  const { status, body } = await callFunction(stack, org.admin, "POST", "/leads", input);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data.id;
}
const phonesOf = async (leadId: string) => {
  const rows = await org.sql`
    select e164, consent_status, invalid_reason from public.lead_phones where lead_id = ${leadId}`;
  return Object.fromEntries(rows.map((row) => [row.e164, row.invalid_reason ?? row.consent_status]));
};
const leadOf = async (id: string) => {
  const [row] =
    await org.sql`select first_name, tags, consent_status, (select count(*)::int from public.lead_properties p
    where p.lead_id = l.id) as parcels from public.leads l where id = ${id}`;
  return row;
};

it.each(STRATEGIES)("%s: a person who opted out, whose phone a lead has", async (merge_strategy) => {
  const [a, b, c] = [phone(), phone(), phone()];
  const lead = await addLead({ first_name: "Ana", primary_phone: a, secondary_phone: b });
  const csv = `Name,Phone,Phone 2,APN,Wants texts\nOther,${a},${c},77,denied\n`;
  const mapping = JSON.stringify({
    Name: "full_name",
    Phone: "primary_phone",
    "Phone 2": "secondary_phone",
    APN: "apn",
    "Wants texts": "consent_status",
  });
  const row = await importCsv(org, csv, { fields: { merge_strategy, mapping, tags: '["NEW"]' } });
  expect(await phonesOf(lead)).toMatchObject({ [a]: "denied" });
  // The file names the person, unless the row is somebody new.
  if (merge_strategy !== "create") {
    expect(await phonesOf(lead)).toMatchObject({ [b]: "denied" });
    expect(await leadOf(lead)).toMatchObject({ consent_status: "denied" });
  }
  if (merge_strategy === "skip") {
    expect(row).toMatchObject({ imported_rows: 0, updated_rows: 0, duplicate_rows: 1, warning_count: 0 });
    expect(await leadOf(lead)).toEqual({ first_name: "Ana", tags: [], consent_status: "denied", parcels: 0 });
    expect(await phonesOf(lead)).toEqual({ [a]: "denied", [b]: "denied" });
  }
  const records = await org.sql`select e164, evidence from public.consent_records
    where lead_id = ${lead} and status = 'revoked' and import_id = ${row.id} and method = 'import'`;
  expect(records.map(({ e164 }) => e164)).toContain(a);
  expect(records[0]?.evidence).toContain("line 2");
});

it.each(STRATEGIES)("%s: a phone of the do-not-call list that two leads have", async (merge_strategy) => {
  const [a, b] = [phone(), phone()];
  const one = await addLead({ primary_phone: a });
  const two = await addLead({ primary_phone: b, secondary_phone: a, allow_duplicate_phone: true });
  await importCsv(org, `Name,Phone 1,Phone 1 DNC\nAna,${a},Y\n`, { fields: { merge_strategy } });
  expect(await phonesOf(one)).toEqual({ [a]: "denied" });
  expect(await phonesOf(two)).toEqual({ [a]: "denied", [b]: "unknown" });
});

it.each(STRATEGIES)("%s: a denied phone of another lead in the row", async (merge_strategy) => {
  const [a, b] = [phone(), phone()];
  const one = await addLead({ primary_phone: a });
  const two = await addLead({ primary_phone: b });
  const csv = `Name,Phone 1,Phone 1 DNC,Phone 2,Phone 2 DNC\nAna,${a},,${b},Y\n`;
  await importCsv(org, csv, { fields: { merge_strategy } });
  expect(await phonesOf(one)).toMatchObject({ [a]: "unknown" });
  expect(await phonesOf(two)).toEqual({ [b]: "denied" });
});

it("create: a new lead with a phone that an older lead has as denied", async () => {
  const [a, b] = [phone(), phone()];
  await addLead({ primary_phone: a, consent_status: "denied" });
  const { id } = await importCsv(org, `Name,Phone,Phone 2,Consent\nAna,${a},${b},yes\n`, {
    fields: { merge_strategy: "create" },
  });
  const [made] = await org.sql`select id from public.leads where import_id = ${id}`;
  expect(await phonesOf(made?.id)).toEqual({ [a]: "denied", [b]: "granted" });
});

it("skip: a number that the file calls wrong is wrong for the lead that has it, and for nobody else", async () => {
  const a = phone();
  const one = await addLead({ primary_phone: a });
  const two = await addLead({ primary_phone: a, allow_duplicate_phone: true });
  await importCsv(org, `Name,Phone,Phone Status\nAna,${a},Wrong Number\n`);
  expect(await phonesOf(one)).toEqual({ [a]: "wrong_number" });
  expect(await phonesOf(two)).toEqual({ [a]: "unknown" });
});

it("skip: a later row of the file denies the lead that an earlier one made", async () => {
  const a = phone();
  const { id } = await importCsv(org, `Name,Phone,OptedOut\nAna,${a},\nAna,${a},yes\n`);
  const [made] = await org.sql`select id from public.leads where import_id = ${id}`;
  expect(await phonesOf(made?.id)).toEqual({ [a]: "denied" });
});

it("a yes of a row that is left out is left out with it", async () => {
  const a = phone();
  const lead = await addLead({ primary_phone: a });
  await importCsv(org, `Name,Phone,Consent\nAna,${a},yes\n`);
  expect(await phonesOf(lead)).toEqual({ [a]: "unknown" });
});

describe.each(["skip", "create"])("undo of %s", (merge_strategy) => {
  it("restores the leads that the file denied", async () => {
    const [a, b, c, d] = [phone(), phone(), phone(), phone()];
    await addLead({ primary_phone: a, secondary_phone: b, properties: [{ apn: "1" }] });
    await addLead({ primary_phone: a, allow_duplicate_phone: true, consent_status: "granted" });
    await addLead({ primary_phone: c });
    const before = await hashLeads(org);
    const id = await addImport(org, { merge_strategy });
    await applyQuietly(org, id, 0, [
      chunkRow(2, [a], { lead: { consent_status: "denied" } }),
      chunkRow(3, [d], { phones: [{ e164: d, role: "primary", field: "Phone", consent_status: "denied" }] }),
    ]);
    await applyChunk(org.sql, id, 1, [
      chunkRow(4, [c], { lead: { consent_status: "denied" } }),
      chunkRow(5, [d, a]),
    ]);
    expect(await hashLeads(org)).not.toEqual(before);
    const own = (await readImport(org, id)).imported_rows as number;
    expect(await undoQuietly(org, id, 2)).toMatchObject({
      undone_rows: own + 3,
      kept_rows: 0,
      undo_total: own + 3,
    });
    expect(await hashLeads(org)).toEqual(before);
  });
});

it("what waits for a phone that a left-out row denies is canceled", async () => {
  const a = phone();
  const lead = await addLead({ primary_phone: a });
  const [campaign] = await org.sql`
    insert into public.campaigns (org_id, name) values (${org.id}, 'Waits') returning id`;
  const [target] = await org.sql`
    insert into public.campaign_targets (org_id, campaign_id, lead_id, e164, ordinal, window_key)
    values (${org.id}, ${campaign?.id}, ${lead}, ${a}, 1, 'America/Chicago|TX') returning id`;
  await importCsv(org, `Name,Phone,OptedOut\nAna,${a},yes\n`);
  const [after] =
    await org.sql`select state::text, reason from public.campaign_targets where id = ${target?.id}`;
  expect(after).toEqual({ state: "canceled", reason: "no_consent" });
});
