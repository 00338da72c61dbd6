// Undoing an import: leads it made are removed, leads it changed are restored row for row, and later changes of others stay.
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  addImport,
  applyChunk,
  applyQuietly,
  chunkRow,
  hashLeads,
  readImport,
  undoChunk,
  undoQuietly,
} from "../fixtures/apply-import.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let worker: postgres.Sql;
let next = 0;
const phone = () => fictionalPhoneAt(next++);

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  worker = postgres(stack.WORKER_SESSION_URL, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await worker.end();
  await org.close();
});

async function addLead(input: Record<string, unknown>): Promise<string> {
  const { status, body } = await callFunction(stack, org.admin, "POST", "/leads", input);
  expect(status, JSON.stringify(body)).toBe(201);
  return body.data.id;
}
const leadsOf = async (id: string) =>
  (await org.sql`select id from public.leads where import_id = ${id} order by id`).map(
    (row) => row.id as string,
  );
const keptOf = (id: string) =>
  org.sql`select lead_id, line::int, reason from public.import_rejections where import_id = ${id} and outcome = 'kept' order by lead_id`;

describe.each(["update", "fill", "add_phones"])("%s", (strategy) => {
  it("is restored row for row, for any rows of the file, in chunks of any size", async () => {
    const phones = Array.from({ length: 12 }, phone) as [string, string, string, string, ...string[]];
    for (const [i, e164] of phones.slice(0, 4).entries()) {
      await addLead({
        first_name: `Old ${i}`,
        primary_phone: e164,
        tags: ["OLD"],
        consent_status: i === 0 ? "granted" : "unknown",
        custom_fields: { Zone: "A" },
        state: "TX",
        properties: [{ apn: `${i}`, county: "Travis", acreage: 1.5 }, { situs: "Oak Rd" }],
      });
    }
    const before = await hashLeads(org);
    const id = await addImport(org, { merge_strategy: strategy }, ["NEW"]);
    const all = (consent_status: string, i: number) => ({
      lead: {
        first_name: "New",
        last_name: "Name",
        city: "Marfa",
        state: "NM",
        notes: "n",
        consent_status,
        status: "interested",
        lead_score: "hot",
        tags: ["MORE"],
        custom_fields: { Zone: "B", X: "1" },
      },
      parcel: { apn: `${i}`, county: "Travis", acreage: 2, situs: "Elm", estimated_value: 5000 },
    });
    const [a, b, c, d, ...rest] = phones;
    await applyQuietly(org, id, 0, [
      chunkRow(2, [a, rest[0] as string], all("denied", 0)),
      chunkRow(3, [b, rest[1] as string, rest[2] as string], all("granted", 9)),
      chunkRow(4, [rest[3] as string], all("granted", 3)),
      chunkRow(5, [c, a], { lead: { city: "Alpine" } }),
    ]);
    await applyChunk(worker, id, 1, [
      chunkRow(6, [rest[3] as string, rest[4] as string], all("denied", 4)),
      chunkRow(7, [rest[1] as string], all("denied", 1)),
      chunkRow(8, [rest[5] as string, d], { ...all("unknown", 3), parcel: { situs: "OAK RD", acreage: 7 } }),
    ]);
    expect(await readImport(org, id)).toMatchObject({ imported_rows: 1, updated_rows: 6 });
    expect(await hashLeads(org)).not.toEqual(before);
    expect(await undoQuietly(org, id, 2)).toMatchObject({
      status: "undone",
      undone_rows: 5,
      kept_rows: 0,
      hidden_rows: 0,
      undo_total: 5,
    });
    expect(await hashLeads(org)).toEqual(before);
    expect(await org.sql`select 1 from private.import_changes where import_id = ${id}`).toEqual([]);
  });
});

it("undoes nothing twice: a chunk that is repeated, or out of order, does nothing", async () => {
  const id = await addImport(org);
  await applyChunk(
    worker,
    id,
    0,
    Array.from({ length: 5 }, (_, i) => chunkRow(i + 2, [phone()])),
  );
  const ids = await leadsOf(id);
  await org.sql`update public.imports set status = 'undoing', undo_total = 5 where id = ${id}`;
  expect(await undoChunk(org, id, 2)).toEqual({ applied: true, status: "undoing" });
  expect(await readImport(org, id)).toMatchObject({ undone_rows: 2, undo_after: ids[1] });
  for (const after of [ids[0], ids[4]]) expect((await undoChunk(org, id, 2, after)).applied).toBe(false);
  expect(await leadsOf(id)).toEqual(ids.slice(2));
  expect(await undoQuietly(org, id, 2)).toMatchObject({ status: "undone", undone_rows: 5 });
  expect((await undoChunk(org, id, 2)).applied).toBe(false);
});

describe("what was changed since", () => {
  it("stays as it is, and is counted and listed", async () => {
    const [a, b, c, d, e, f, g] = [phone(), phone(), phone(), phone(), phone(), phone(), phone()];
    const old = await addLead({ first_name: "Old", primary_phone: a });
    const stopped = await addLead({ primary_phone: b });
    const removed = await addLead({ primary_phone: g });
    const id = await addImport(org, { merge_strategy: "update" });
    await applyQuietly(org, id, 0, [
      chunkRow(2, [a, c]),
      chunkRow(3, [b]),
      chunkRow(4, [d]),
      chunkRow(5, [e]),
    ]);
    await applyChunk(worker, id, 1, [
      chunkRow(6, [e], { lead: { city: "Marfa" } }),
      chunkRow(7, [f]),
      chunkRow(8, [g]),
    ]);
    const made = async (e164: string) =>
      (await org.sql`select lead_id from public.lead_phones where org_id = ${org.id} and e164 = ${e164}`)[0]
        ?.lead_id;
    const [editedNew, editedTwice, deleted] = [await made(d), await made(e), await made(f)];
    for (const one of [old, editedNew, editedTwice])
      await callFunction(stack, org.admin, "PATCH", `/leads/${one}`, { notes: "by hand" });
    for (const one of [deleted, removed]) await callFunction(stack, org.admin, "DELETE", `/leads/${one}`);
    await org.sql`select private.suppress(${org.id}, ${b}, 'manual', 'asked on the phone')`;
    const before = await hashLeads(org);
    expect(await undoQuietly(org, id)).toMatchObject({
      undone_rows: 0,
      kept_rows: 5,
      hidden_rows: 1,
      undo_total: 6,
    });
    expect(await hashLeads(org)).toEqual(before);
    const reason = "The lead was changed after the import: it was left as it is.";
    const kept = [
      [old, 2],
      [stopped, 3],
      [editedNew, 0],
      [editedTwice, 6],
      [removed, 8],
    ];
    expect((await keptOf(id)).map((row) => ({ ...row }))).toEqual(
      kept
        .map(([lead_id, line]) => ({ lead_id, line, reason }))
        .sort((x, y) => (String(x.lead_id) < String(y.lead_id) ? -1 : 1)),
    );
  });

  it("by a later import is kept too, until that one is undone", async () => {
    const [a, b] = [phone(), phone()];
    await addLead({ first_name: "Old", primary_phone: a });
    const before = await hashLeads(org);
    const one = await addImport(org, { merge_strategy: "update" });
    await applyChunk(worker, one, 0, [chunkRow(2, [a]), chunkRow(3, [b])]);
    const between = await hashLeads(org);
    const two = await addImport(org, { merge_strategy: "update" });
    await applyChunk(worker, two, 0, [chunkRow(5, [a]), chunkRow(6, [b])]);
    expect(await undoQuietly(org, two)).toMatchObject({ undone_rows: 2, kept_rows: 0 });
    expect(await hashLeads(org)).toEqual(between);
    const three = await addImport(org, { merge_strategy: "update" });
    await applyChunk(worker, three, 0, [chunkRow(8, [a])]);
    expect(await undoQuietly(org, one)).toMatchObject({ undone_rows: 1, kept_rows: 1 });
    expect(await undoQuietly(org, three)).toMatchObject({ undone_rows: 1 });
    expect((await hashLeads(org)).lead_phones).toEqual(before.lead_phones);
  });

  it("does not include looked-up data of phones and parcels: that stays, and the rest is restored", async () => {
    const [a, b] = [phone(), phone()];
    const id = await addLead({
      primary_phone: a,
      secondary_phone: b,
      properties: [{ apn: "1" }, { apn: "2" }],
    });
    const importId = await addImport(org, { merge_strategy: "update" });
    const row = chunkRow(2, [a, b], { parcel: { apn: "1", acreage: 3 }, lead: { city: "Marfa" } });
    for (const one of row.phones as { line_type?: string }[]) one.line_type = "voip";
    await applyChunk(worker, importId, 0, [row]);
    await org.sql`update public.lead_phones set line_type = 'mobile', carrier = 'T' where lead_id = ${id} and e164 = ${a}`;
    await org.sql`update public.lead_properties set estimated_value = 9 where lead_id = ${id}`;
    expect(await undoQuietly(org, importId)).toMatchObject({ undone_rows: 1, kept_rows: 0 });
    const { body } = await callFunction(stack, org.admin, "GET", `/leads/${id}`);
    expect(body.data).toMatchObject({
      city: null,
      phones: [{ line_type: "mobile", carrier: "T" }, { line_type: null }],
      properties: [{ estimated_value: 9 }, { estimated_value: 9 }],
    });
  });
});

it("deletes, as people do, leads that campaigns, messages or conversations refer to, and cancels unsent messages", async () => {
  const [a, b, c, d] = [phone(), phone(), phone(), phone()];
  const shared = await addLead({ primary_phone: d });
  const id = await addImport(org, { merge_strategy: "create" });
  await applyChunk(
    worker,
    id,
    0,
    [a, b, c, d].map((e164, i) => chunkRow(i + 2, [e164])),
  );
  const leads: Record<string, string> = Object.fromEntries(
    (
      await org.sql`select e164, lead_id from public.lead_phones p join public.leads l on l.id = p.lead_id where l.import_id = ${id}`
    ).map((row) => [row.e164, row.lead_id]),
  );
  const [campaign] =
    await org.sql`insert into public.campaigns (org_id, name) values (${org.id}, 'Undo') returning id`;
  for (const e164 of [a, d])
    await org.sql`
      insert into public.campaign_targets (org_id, campaign_id, lead_id, e164, ordinal, window_key, state)
      values (${org.id}, ${campaign?.id}, ${leads[e164] as string}, ${e164}, 1, 'America/Chicago|TX', 'waiting')`;
  await org.sql`insert into public.conversations (org_id, e164, lead_id, last_message) values (${org.id}, ${b}, ${leads[b] as string}, 'Hola')`;
  expect(await undoQuietly(org, id, 3)).toMatchObject({
    status: "undone",
    undone_rows: 1,
    hidden_rows: 3,
    kept_rows: 0,
  });
  expect(await leadsOf(id)).toEqual([leads[a], leads[b], leads[d]].sort());
  expect(await org.sql`select 1 from public.leads where import_id = ${id} and deleted_at is null`).toEqual(
    [],
  );
  const targets =
    await org.sql`select e164, state, reason from public.campaign_targets where campaign_id = ${campaign?.id} order by e164`;
  // The other is still written to: another lead has that phone.
  expect(targets.map((row) => ({ ...row }))).toEqual(
    [
      { e164: a, state: "canceled", reason: "lead_deleted" },
      { e164: d, state: "waiting", reason: null },
    ].sort((x, y) => (x.e164 < y.e164 ? -1 : 1)),
  );
  expect((await org.sql`select deleted_at from public.leads where id = ${shared}`)[0]).toEqual({
    deleted_at: null,
  });
});

it("sets updated_at for every other change: the setting that keeps it ends with its statement", async () => {
  const a = phone();
  const id = await addLead({ first_name: "Old", primary_phone: a });
  const importId = await addImport(org, { merge_strategy: "update" });
  await applyChunk(worker, importId, 0, [chunkRow(2, [a])]);
  await org.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`
      update public.imports set status = 'undoing', undo_total = 1, updated_at = now() - interval '1 day' where id = ${importId}`;
  });
  expect(await undoChunk(org, importId, 5)).toMatchObject({ status: "undone" });
  const [row] =
    await org.sql`select updated_at > now() - interval '1 hour' as is_fresh from public.imports where id = ${importId}`;
  expect(row?.is_fresh).toBe(true);
  await org.sql`update public.leads set notes = 'x' where id = ${id}`;
  const [lead] =
    await org.sql`select updated_at > created_at as is_stamped from public.leads where id = ${id}`;
  expect(lead?.is_stamped).toBe(true);
});

it("forgets the earlier state of leads after 90 days, and then refuses", async () => {
  const a = phone();
  await addLead({ first_name: "Old", primary_phone: a });
  const id = await addImport(org, { merge_strategy: "update" });
  await applyChunk(worker, id, 0, [chunkRow(2, [a])]);
  const journal = () => org.sql`select 1 from private.import_changes where import_id = ${id}`;
  await org.sql`select private.prune_imports(now() + interval '89 days')`;
  expect(await journal()).toHaveLength(1);
  await org.sql`update public.imports set started_at = now() - interval '91 days' where id = ${id}`;
  await org.sql`update private.import_changes set created_at = now() - interval '91 days' where import_id = ${id}`;
  const { error } = await org.admin.client.rpc("undo_import" as never, { p_import_id: id } as never);
  expect(error).toMatchObject({ code: "PT409", message: expect.stringContaining("older than 90 days") });
  // An import that is being undone keeps its journal to the end.
  await org.sql`update public.imports set status = 'undoing', undo_total = 1 where id = ${id}`;
  await org.sql`select private.prune_imports()`;
  expect(await journal()).toHaveLength(1);
  await org.sql`update public.imports set status = 'completed' where id = ${id}`;
  await org.sql`select private.prune_imports()`;
  expect(await journal()).toEqual([]);
});
