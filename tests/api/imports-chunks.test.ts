// The chunks of imports in the database: each is applied exactly once, whole or not at all, however many workers try.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import {
  applyChunk,
  addImport as arrangeImport,
  type ChunkRow,
  chunkRow,
  applyQuietly as quietly,
  readImport,
} from "../fixtures/apply-import.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let first: postgres.Sql;
let second: postgres.Sql;
let next = 0;
const phone = () => fictionalPhoneAt(next++);

beforeAll(async () => {
  org = await createOrg(stack, { numbers: 0 });
  // As the worker connects: a role that may execute some functions and nothing else.
  first = postgres(stack.WORKER_SESSION_URL, { max: 1, onnotice: () => {} });
  second = postgres(stack.WORKER_SESSION_URL, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await Promise.all([first.end(), second.end()]);
  await org.close();
});

const addImport = () => arrangeImport(org);
const lead = (line: number, ...phones: string[]) => chunkRow(line, phones);
const apply = applyChunk;
const applyQuietly = (id: string, chunk: number, rows: ChunkRow[]) => quietly(org, id, chunk, rows);
const read = (id: string) => readImport(org, id);
const leadsOf = (id: string) => org.sql`select id, phone_digits from public.leads where import_id = ${id}`;

it("applies a chunk once, however often it is sent, and only at the import's current place", async () => {
  const id = await addImport();
  const rows = [lead(2, phone()), { line: 3, raw: ["x"], field: "Phone", reason: "bad" }];
  expect(await applyQuietly(id, 0, rows)).toEqual({ applied: true, status: "running", sent: [1] });
  for (const chunk of [0, 2])
    expect(await applyQuietly(id, chunk, rows)).toMatchObject({ applied: false, sent: [] });
  expect(await apply(first, id, 1, [lead(12, phone())])).toEqual({ applied: true, status: "completed" });
  expect(await apply(first, id, 2, rows)).toEqual({ applied: false, status: "completed" });
  expect(await read(id)).toMatchObject({
    processed_rows: 3,
    imported_rows: 2,
    rejected_rows: 1,
    total_rows: 3,
  });
  expect(await leadsOf(id)).toHaveLength(2);
});

it("is all or nothing: a row that breaks a key leaves no trace of its chunk", async () => {
  const id = await addImport();
  // Two phones of one role: unlike a value that a column refuses, this can't be left out. No worker makes such rows.
  const bad = lead(3, phone(), phone());
  bad.phones = (bad.phones as object[]).map((one) => ({ ...one, role: "primary" }));
  await expect(apply(first, id, 0, [lead(2, phone()), bad])).rejects.toMatchObject({ code: "23505" });
  expect(await read(id)).toMatchObject({ processed_rows: 0, next_chunk: 0, status: "queued" });
  expect(await leadsOf(id)).toEqual([]);
});

it("cuts reasons and names of columns that quote a file at length, and keeps their rows", async () => {
  const id = await addImport();
  const long = { field: "f".repeat(3000), reason: "r".repeat(3000) };
  const rows = [
    { line: 2, raw: ["x"], ...long },
    { ...lead(3, phone()), warnings: [long] },
  ];
  expect(await apply(first, id, 0, rows)).toMatchObject({ applied: true });
  const kept = await org.sql`
    select line::int, outcome, length(field) as field, length(reason) as reason
    from public.import_rejections where import_id = ${id} order by line`;
  expect(kept).toEqual([
    { line: 2, outcome: "rejected", field: 250, reason: 1000 },
    { line: 3, outcome: "warning", field: 250, reason: 1000 },
  ]);
});

it("writes a lead's phone digits once, as the trigger would", async () => {
  const id = await addImport();
  const [a, b, c] = [phone(), phone(), phone()];
  await apply(first, id, 0, [lead(2, a, b, c)]);
  const [row] = await org.sql`select phone_digits, xmin::text from public.leads where import_id = ${id}`;
  await org.sql`update public.leads set phone_digits = '' where import_id = ${id}`;
  await org.sql`update public.lead_phones set label = 'x' where e164 = ${a} and org_id = ${org.id}`;
  const [again] = await org.sql`select phone_digits from public.leads where import_id = ${id}`;
  expect(again?.phone_digits).toBe(row?.phone_digits);
});

describe("two imports at once", () => {
  it("make one lead of a phone that both have: the second waits for the first and then sees it", async () => {
    const [one, two] = [await addImport(), await addImport()];
    const [shared, a, b] = [phone(), phone(), phone()];
    let release = () => {};
    const barrier = new Promise<void>((resolve) => {
      release = resolve;
    });
    let applied = (_pid: number) => {};
    const isApplied = new Promise<number>((resolve) => {
      applied = resolve;
    });
    const holding = first.begin(async (tx) => {
      await apply(tx, one, 0, [lead(2, a, shared)]);
      const [own] = await tx`select pg_backend_pid() as pid`;
      applied(own?.pid);
      await barrier;
    });
    const holder = await isApplied;
    const waiting = apply(second, two, 0, [lead(2, shared), lead(3, b)]);
    // The server itself reports that it waits for the other transaction.
    await waitFor(
      async () =>
        (
          await org.sql`
      select 1 from pg_stat_activity where query like '%import_chunk%' and pg_blocking_pids(pid) @> ${[holder]}::int[]`
        ).length === 1,
    );
    release();
    await Promise.all([holding, waiting]);
    expect(await read(one)).toMatchObject({ imported_rows: 1, duplicate_rows: 0 });
    expect(await read(two)).toMatchObject({ imported_rows: 1, duplicate_rows: 1 });
    const leads =
      await org.sql`select lead_id from public.lead_phones where org_id = ${org.id} and e164 = ${shared}`;
    expect(leads).toHaveLength(1);
  });

  it("never deadlock, in any order of the phones in their files", async () => {
    const phones = Array.from({ length: 200 }, phone);
    await org.sql`insert into private.contacts (org_id, e164) select ${org.id}, unnest(${phones.filter((_, i) => i % 3 === 0)}::text[])`;
    let imported = 0;
    for (let chunk = 0; chunk < 10; chunk++) {
      const [one, two] = [await addImport(), await addImport()];
      const part = phones.slice(chunk * 20, chunk * 20 + 20);
      const rows = part.map((e164, i) => lead(i + 2, e164));
      const reversed = [...part].reverse().map((e164, i) => lead(i + 2, e164));
      const results = await Promise.all([apply(first, one, 0, rows), apply(second, two, 0, reversed)]);
      expect(results.every((result) => result.applied)).toBe(true);
      for (const id of [one, two]) {
        const row = await read(id);
        expect(Number(row.imported_rows) + Number(row.duplicate_rows)).toBe(20);
        imported += Number(row.imported_rows);
      }
    }
    expect(imported).toBe(200);
    const [row] = await org.sql`
      select count(*)::int as n, count(distinct e164)::int as phones from public.lead_phones
      where org_id = ${org.id} and e164 = any (${phones})`;
    expect(row).toEqual({ n: 200, phones: 200 });
  });
});

describe("the queue", () => {
  it("gives up an import whose chunk was begun five times and never finished", async () => {
    const id = await addImport();
    const [sent] =
      await org.sql`select pgmq.send('imports', jsonb_build_object('import_id', ${id}::text, 'chunk', 0)) as id`;
    await org.sql`update pgmq.q_imports set read_ct = 5 where msg_id = ${sent?.id}`;
    await waitFor(async () => {
      await first`select private.claim_import_chunk(0)`;
      return (await read(id)).status === "failed";
    });
    expect((await read(id)).error_message).toMatch(/stopped 5 times at line 1/);
    expect(await org.sql`select 1 from pgmq.q_imports where msg_id = ${sent?.id}`).toEqual([]);
  });

  it("drops messages of imports that are done, deleted, or further on", async () => {
    const done = await addImport();
    await apply(first, done, 0, [lead(2, phone())]);
    const ahead = await addImport();
    await applyQuietly(ahead, 0, [lead(2, phone())]);
    const ids: string[] = [];
    for (const [id, chunk] of [
      [done, 1],
      [ahead, 0],
      [randomUUID(), 0],
    ]) {
      const [sent] =
        await org.sql`select pgmq.send('imports', jsonb_build_object('import_id', ${id as string}::text, 'chunk', ${chunk as number}::int)) as id`;
      ids.push(sent?.id);
    }
    await waitFor(async () => {
      await first`select private.claim_import_chunk(0)`;
      return (await org.sql`select 1 from pgmq.q_imports where msg_id = any (${ids}::bigint[])`).length === 0;
    });
    expect(await read(ahead)).toMatchObject({ status: "running", next_chunk: 1 });
    await first`select private.fail_import(${ahead}, 0, 'test')`;
  });

  it("can't be reached by users, nor can the functions that process it", async () => {
    const { client } = org.admin;
    for (const name of ["import_chunk", "claim_import_chunk", "fail_import"]) {
      expect((await client.rpc(name as never, {} as never)).error).not.toBeNull();
    }
    await expect(first`select * from public.leads`).rejects.toMatchObject({ code: "42501" });
    await expect(first`select * from pgmq.q_imports`).rejects.toMatchObject({ code: "42501" });
  });
});
