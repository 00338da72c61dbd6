// An import whose uploader's token expires, or which competes with another, and one by callers with small budgets.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, expect, inject, it, vi } from "vitest";
import ws from "ws";
import { readEnvironment } from "../../supabase/functions/_shared/environment/environment.ts";
import { createLog } from "../../supabase/functions/_shared/http/log.ts";
import { openFileStore } from "../../supabase/functions/_shared/storage/file-store.ts";
import { drainImports } from "../../supabase/functions/background-worker/imports/drain-imports.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { finishImport, startImport } from "../fixtures/upload-csv.ts";

const stack = inject("stack");
const orgs: TestOrg[] = [];
const addOrg = async () => {
  const org = await createOrg(stack, { numbers: 0 });
  orgs.push(org);
  return org;
};
afterAll(() => Promise.all(orgs.map((org) => org.close())));

/** Row i of the file has the i-th phone, so every lead can be told apart. Every 50th row is bad, every 40th repeats a phone. */
function makeFile(rows: number): string {
  const line = (i: number) => {
    if (i % 50 === 49) return `Row ${i},none,"${i}"`;
    if (i % 40 === 39) return `Row ${i},${fictionalPhoneAt(i - 1)},"two\nlines ${i}"`;
    return `Row ${i},${fictionalPhoneAt(i)},"two\nlines ${i}"`;
  };
  return `Last Name,Phone,Notes\n${Array.from({ length: rows }, (_, i) => line(i)).join("\n")}\n`;
}

/** Every row of makeFile(rows) accounted for exactly once. */
async function expectExact(org: TestOrg, id: string, rows: number) {
  const leads = await org.sql`select last_name from public.leads where import_id = ${id}`;
  const others =
    await org.sql`select raw ->> 0 as name, outcome from public.import_rejections where import_id = ${id}`;
  const names = [...leads.map((row) => row.last_name), ...others.map((row) => row.name)];
  expect(names.map((name) => Number(String(name).replace("Row ", ""))).sort((a, b) => a - b)).toEqual(
    Array.from({ length: rows }, (_, i) => i),
  );
  const isBad = (i: number) => i % 50 === 49;
  const isRepeat = (i: number) => i % 40 === 39 && !isBad(i);
  const indexes = Array.from({ length: rows }, (_, i) => i);
  expect(others.filter((row) => row.outcome === "rejected")).toHaveLength(indexes.filter(isBad).length);
  expect(others.filter((row) => row.outcome === "duplicate")).toHaveLength(indexes.filter(isRepeat).length);
  const [phones] = await org.sql`
    select count(*)::int as n, count(distinct e164)::int as different from public.lead_phones where org_id = ${org.id}`;
  expect(phones).toEqual({ n: leads.length, different: leads.length });
}

it("goes on after the token of the person who started it has expired and the person is gone", async () => {
  const own = await addOrg();
  const { id } = await startImport(own, makeFile(3000));
  await own.sql`delete from auth.users where id = ${own.admin.id}`;
  await waitFor(
    async () =>
      (await own.sql`select 1 from public.imports where id = ${id} and status = 'completed'`).length === 1,
  );
  await expectExact(own, id, 3000);
  expect((await own.sql`select created_by from public.imports where id = ${id}`)[0]).toEqual({
    created_by: null,
  });
});

it("makes no lead twice when two people import overlapping files at the same moment", async () => {
  const own = await addOrg();
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `Row ${from + i},${fictionalPhoneAt(from + i)}`);
  const file = (rows: string[]) => `Last Name,Phone\n${rows.join("\n")}\n`;
  const started = await Promise.all([
    startImport(own, file(lines(0, 3000))),
    startImport(own, file(lines(1000, 4000).reverse())),
  ]);
  const [one, two] = await Promise.all(started.map(({ id }) => finishImport(own, id)));
  expect(one.imported_rows + two.imported_rows).toBe(4000);
  expect(one.duplicate_rows + two.duplicate_rows).toBe(2000);
  const [phones] = await own.sql`
    select count(*)::int as n, count(distinct e164)::int as different from public.lead_phones where org_id = ${own.id}`;
  expect(phones).toEqual({ n: 4000, different: 4000 });
});

it("applies no more chunks than its caller's budget allows, also beside other workers", async () => {
  const own = await addOrg();
  const { id } = await startImport(own, makeFile(2500));
  // Node 20 has none of its own.
  vi.stubGlobal("WebSocket", globalThis.WebSocket ?? ws);
  const storage = openFileStore(readEnvironment((name) => stack.FUNCTIONS_ENV[name]));
  const log = createLog({ area: "test" });
  const drain = (chunks: number) =>
    drainImports({
      sql: own.sql,
      storage,
      log,
      budget: { begin: () => (chunks-- > 0 ? () => {} : undefined), tookCpu() {} },
    });
  expect(await drain(0)).toBe(0);
  const drained = [await drain(1), await drain(1)];
  expect(drained.every((chunks) => chunks <= 1)).toBe(true);
  await finishImport(own, id);
  await expectExact(own, id, 2500);
});
