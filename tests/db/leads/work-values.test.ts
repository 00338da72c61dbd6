// Imports, jobs and rejected rows that were stored before their columns were bounded: the migration mends them, and their checks hold.
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { beforeAll, expect, it } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let mend: string;
beforeAll(async () => {
  org = await arrangeOrg(bench.db, { numbers: 0 });
  const file = "../../../supabase/migrations/20261128000210_lead_checks.sql";
  const migration = await readFile(new URL(file, import.meta.url), "utf8");
  // Without its comments: a semicolon in one would pass for the end of a statement.
  mend = migration
    .slice(migration.indexOf("-- An import or a job that a check refuses"))
    .replaceAll(/--.*/g, "");
});

/** As before the migration: without what it adds, and with what it replaces. */
async function dropChecks() {
  for (const [, table, body = ""] of mend.matchAll(/alter table (public\.\w+)\n([^;]+);/g))
    for (const [, name = ""] of body.matchAll(/add constraint (\w+)/g))
      await bench.sql.unsafe(`alter table ${table} drop constraint ${name}`);
  await bench.sql.unsafe("alter table public.jobs add constraint jobs_input_check check (true)");
}

it("are mended by the migration, end if they could not go on, and can be changed afterwards", async () => {
  await dropChecks();
  const [running, done, job, finished] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const long = "x".repeat(10_000);
  for (const [id, status, error] of [
    [running, "running", null],
    [done, "failed", long],
  ] as const)
    await bench.sql`
      insert into public.imports (id, org_id, status, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns,
        mapping, options, tags, next_byte, next_line, next_chunk, run_from_byte, error_message, finished_at)
      values (${id}, ${org.id}, ${status}, 'a.csv', 9000000000000000000, ${"0".repeat(64)}, ${long}, ${long}, ${long},
        array_fill(repeat('c', 300), array[600]), '{}', '{}',
        array_fill('T'::text, array[60]), 9000000000000000000, -1, 2147483647, -1, ${error}::text,
        case when ${error}::text is not null then now() end)`;
  await bench.sql`
    insert into public.import_rejections (org_id, import_id, line, field, reason, raw)
    values (${org.id}, ${done}, 2, ${long}, ${long}, '["kept"]')`;
  for (const [id, status, error] of [
    [job, "running", null],
    [finished, "failed", long],
  ] as const)
    await bench.sql`
      insert into public.jobs (id, org_id, kind, status, required_role, input, result, error_message, finished_at)
      values (${id}, ${org.id}, 'lead_export', ${status}, 'operator', '{"x": 1}', '{"y": 2}', ${error}::text,
        case when ${error}::text is not null then now() end)`;

  await bench.sql.unsafe(mend);
  const imports = await bench.sql`
    select status, length(error_message) <= 2000 as told, cardinality(columns) as columns, cardinality(tags) as tags, encoding, delimiter,
      mapping, options, file_bytes::int, next_line::int, run_from_byte::int, length(storage_path) as path
    from public.imports where id in ${bench.sql([running, done])}`;
  const mended = {
    status: "failed",
    told: true,
    columns: 500,
    tags: 50,
    encoding: "utf-8",
    delimiter: "x",
    mapping: {},
    options: {},
    file_bytes: 104_857_600,
    next_line: 1,
    run_from_byte: 0,
    path: 200,
  };
  expect(imports).toEqual([mended, mended]);
  const rejections = await bench.sql`
    select length(field) as field, length(reason) as reason, raw from public.import_rejections where import_id = ${done}`;
  expect(rejections).toEqual([{ field: 250, reason: 1000, raw: ["kept"] }]);
  const jobs = await bench.sql`
    select input, result, length(error_message) <= 2000 as told from public.jobs where id in ${bench.sql([job, finished])}
    order by error_message nulls first`;
  const ended = { input: { x: 1 }, result: { y: 2 }, told: true };
  expect(jobs).toEqual([{ ...ended, told: null }, ended]);
  await bench.sql`update public.imports set updated_at = now() where id in ${bench.sql([running, done])}`;
  await bench.sql`update public.jobs set updated_at = now() where id in ${bench.sql([job, finished])}`;
});
