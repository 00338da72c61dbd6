// Pausing, resuming, canceling and undoing imports over HTTP, with the worker at work.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addImport, applyChunk, chunkRow, hashLeads } from "../fixtures/apply-import.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { joinChannel } from "../fixtures/join-channel.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { openSession, type Session } from "../fixtures/open-session.ts";
import { finishImport, importCsv, readRejections, startImport } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
let org: TestOrg;
let holder: Session;
let next = 0;
const phones = (count: number) => Array.from({ length: count }, () => fictionalPhoneAt(next++));

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  holder = await openSession(stack.ADMIN_DB_URL, org.sql);
});
afterAll(async () => {
  await holder.end();
  await org.close();
});

type Verb = "pause" | "resume" | "cancel" | "undo";
const control = (id: string, verb: Verb) =>
  callFunction(stack, org.users.admin, "POST", `/leads/import/${id}/${verb}`);
const read = async (id: string) =>
  (await callFunction(stack, org.admin, "GET", `/leads/import/${id}`)).body.data;
const csv = (list: string[]) => `Last Name,Phone\n${list.map((e164, i) => `Row ${i},${e164}`).join("\n")}\n`;
const settled = (id: string, status: string) =>
  waitFor(async () => ((await read(id)).status === status ? await read(id) : undefined), { every: 100 });
const eventsOf = async (id: string) =>
  (
    await org.sql`select event_type from public.audit_events where org_id = ${org.id} and details ->> 'import_id' = ${id} order by created_at, id`
  ).map((row) => row.event_type.replace("leads_import_", ""));
const queued = (id: string) => org.sql`select 1 from pgmq.q_imports where message ->> 'import_id' = ${id}`;

/** Starts an import whose third chunk is blocked in the middle, and a control call that waits for it. */
async function controlInChunk(verb: Verb) {
  const list = phones(5000);
  await org.sql`insert into private.contacts (org_id, e164) values (${org.id}, ${list[2500] as string})`;
  await holder.begin();
  await holder.sql`select 1 from private.contacts where org_id = ${org.id} and e164 = ${list[2500] as string} for update`;
  const { id } = await startImport(org, csv(list));
  /** Resolves to the connections that call it and wait for one of the others: imports of other files wait for locks too. */
  const waitsFor = (what: string, others: number[]) =>
    waitFor(async () => {
      const found = await org.sql`
        select pid from pg_stat_activity where query like ${`%${what}%`} and pg_blocking_pids(pid) && ${others}::int[]`;
      return found.length > 0 && found.map(({ pid }) => pid as number);
    });
  const chunks = await waitsFor("import_chunk(", [holder.pid]);
  const answer = control(id, verb);
  await waitsFor(`${verb}_import`, chunks);
  await holder.rollback();
  return { id, list, answer: await answer };
}

it("pauses after the chunk in flight, applies nothing more, and resumes at the same place", async () => {
  const { id, answer } = await controlInChunk("pause");
  expect(answer.status).toBe(200);
  expect(answer.body.data).toMatchObject({
    status: "paused",
    processed_rows: 3000,
    rows_per_second: null,
    seconds_left: null,
  });
  // The message for the next chunk is dropped, not applied.
  await waitFor(async () => (await queued(id)).length === 0);
  expect(await read(id)).toEqual(answer.body.data);
  expect((await control(id, "pause")).body.error).toMatchObject({
    code: "invalid_state",
    message: "The import is paused: it can't be paused.",
  });
  expect((await control(id, "undo")).body.error.message).toBe(
    "The import is paused. Cancel it first, then undo it.",
  );
  const resumed = await control(id, "resume");
  expect(resumed.body.data).toMatchObject({ status: "running", processed_rows: 3000 });
  expect(await finishImport(org, id)).toMatchObject({
    status: "completed",
    imported_rows: 5000,
    processed_rows: 5000,
  });
  expect(await eventsOf(id)).toEqual(["started", "paused", "resumed"]);
});

it("cancels after the chunk in flight and keeps, and says, what was imported; undo removes that", async () => {
  const before = await hashLeads(org);
  const { id, answer } = await controlInChunk("cancel");
  expect(answer.body.data).toMatchObject({
    status: "canceled",
    imported_rows: 3000,
    total_rows: 3000,
    error_message:
      "It was canceled before line 3002. What came before stays: 3000 new leads, 0 rows merged into leads. Undo removes that too.",
  });
  await waitFor(async () => (await queued(id)).length === 0);
  expect(await read(id)).toEqual(answer.body.data);
  for (const verb of ["pause", "resume", "cancel"] as const)
    expect((await control(id, verb)).body.error.code).toBe("invalid_state");
  const heard = await joinChannel(org.admin, `import:${id}`);
  const seen = () => heard.map(({ payload }) => payload.record);
  expect((await control(id, "undo")).body.data).toMatchObject({ status: "undoing", undo_total: 3000 });
  const row = await settled(id, "undone");
  expect(row).toMatchObject({
    undone_rows: 3000,
    kept_rows: 0,
    hidden_rows: 0,
    progress: 1,
    seconds_left: 0,
  });
  expect(await hashLeads(org)).toEqual(before);
  await waitFor(() => seen().some(({ status }) => status === "undone"));
  const steps = seen().map(({ undone_rows }) => Number(undone_rows));
  expect(steps).toEqual([...steps].sort((x, y) => x - y));
  expect(new Set(steps).size).toBeGreaterThan(4);
  for (const verb of ["undo", "resume"] as const)
    expect((await control(id, verb)).body.error.code).toBe("invalid_state");
  expect(await eventsOf(id)).toEqual(["started", "canceled", "undo_started", "undone"]);
});

it("undoes what a file made, merged and left out, and lists the leads it kept", async () => {
  const [a, b, c] = phones(3) as [string, string, string];
  const old = await callFunction(stack, org.admin, "POST", "/leads", { first_name: "Old", primary_phone: a });
  const row = await importCsv(org, csv([b, c, a, "none"]));
  expect(row).toMatchObject({ imported_rows: 2, duplicate_rows: 1, rejected_rows: 1, updated_rows: 0 });
  const { body } = await callFunction(stack, org.admin, "GET", `/leads?search=${b.slice(2)}`);
  await callFunction(stack, org.admin, "PATCH", `/leads/${body.data[0].id}`, { notes: "mine now" });
  await control(row.id, "undo");
  expect(await settled(row.id, "undone")).toMatchObject({
    undone_rows: 1,
    kept_rows: 1,
    hidden_rows: 0,
    undo_total: 2,
  });
  const kept = await readRejections(org, row.id, "outcome=kept");
  expect(kept).toMatchObject([{ line: 0, outcome: "kept", lead_id: body.data[0].id, row: {} }]);
  expect((await callFunction(stack, org.admin, "GET", `/leads/${old.body.data.id}`)).body.data).toEqual(
    old.body.data,
  );
  // It may be imported again: an import that was undone does not count as one of this file.
  expect((await importCsv(org, csv([b, c, a, "none"]))).status).toBe("completed");
});

describe("resuming what failed", () => {
  const fail = async (id: string) => {
    await org.sql`select private.fail_import(${id}, 0, 'The storage was out.')`;
    return await read(id);
  };

  it("goes on where it stopped, once the cause is removed", async () => {
    const list = phones(2500);
    const { id } = await startImport(org, csv(list));
    await waitFor(async () => (await read(id)).processed_rows > 0);
    const failed = await fail(id);
    // It may have been quicker.
    if (failed.status === "failed") {
      await org.sql`delete from pgmq.q_imports where message ->> 'import_id' = ${id}`;
      expect((await control(id, "resume")).body.data).toMatchObject({
        status: "running",
        error_message: null,
        finished_at: null,
      });
    }
    expect(await finishImport(org, id)).toMatchObject({ status: "completed", imported_rows: 2500 });
  });

  it("is refused if the file is missing or changed, or if part of the import was undone", async () => {
    const id = await addImport(org);
    await applyChunk(org.sql, id, 0, [chunkRow(2, phones(1))], false);
    await org.sql`delete from pgmq.q_imports where message ->> 'import_id' = ${id}`;
    await fail(id);
    const refusal = async () => (await control(id, "resume")).body.error;
    expect(await refusal()).toMatchObject({
      code: "invalid_state",
      message: expect.stringContaining("no longer in storage"),
    });
    const [file] = await org.sql`
      insert into storage.objects (bucket_id, name, metadata) select 'imports', storage_path, '{"size": 999}' from public.imports where id = ${id} returning id`;
    expect((await refusal()).message).toContain("it has changed");
    await org.sql`update public.imports set undo_total = 1 where id = ${id}`;
    expect((await refusal()).message).toContain("undone");
    await org.sql`delete from storage.objects where id = ${file?.id}`;
  });
});

it("reports rows per second and the seconds left, counted from the resume on", async () => {
  const id = await addImport(org);
  const at = async (chunk: number, secondsIn: number) => {
    await org.sql.begin(async (tx) => {
      await tx`select private.import_chunk(${id}, ${chunk}, ${chunk * 100}, ${chunk * 100 + 100}, 1, ${JSON.stringify([chunkRow(chunk + 2, phones(1))])}::text::jsonb, false, null, ${`2026-01-01T00:00:${secondsIn}Z`})`;
      await tx`delete from pgmq.q_imports where message ->> 'import_id' = ${id}`;
    });
    const { rows_per_second, seconds_left } = await read(id);
    return [Math.round(rows_per_second * 10) / 10, seconds_left];
  };
  await org.sql`update public.imports set run_started_at = '2026-01-01T00:00:00Z' where id = ${id}`;
  // 1,000 bytes, 100 a chunk. The time of the transaction itself counts too, so the figure is below the quotient.
  expect(await at(0, 10)).toEqual([0.1, expect.toSatisfy((left: number) => left >= 90 && left <= 99)]);
  expect(await at(1, 20)).toEqual([0.1, expect.toSatisfy((left: number) => left >= 80 && left <= 84)]);
  await org.sql`
    update public.imports set run_started_at = '2026-01-01T00:00:50Z', run_from_rows = processed_rows, run_from_byte = next_byte where id = ${id}`;
  expect(await at(2, 52)).toEqual([
    expect.closeTo(0.5, 1),
    expect.toSatisfy((left: number) => left >= 14 && left <= 18),
  ]);
  await org.sql`select private.fail_import(${id}, 0, 'enough')`;
  expect(await read(id)).toMatchObject({ status: "failed", seconds_left: null });
});
