// Rows with a path of another organisation's files, or with an invalid path: only their own organisation's work fails.
import { randomBytes, randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv } from "../fixtures/upload-csv.ts";
import { downloadExport, exportLeads, finishJob } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let victim: TestOrg;
let attacker: TestOrg;
/** The victim's files. */
let kept: { importId: string; exportId: string; file: Buffer; names: string[] };

beforeAll(async () => {
  [victim, attacker] = await Promise.all([
    createOrg(stack, { numbers: 0 }),
    createOrg(stack, { numbers: 0 }),
  ]);
  const imported = await importCsv(victim, `First Name,Phone\nVictoria,${fictionalPhoneAt(9)}\n`);
  const { job, file } = await exportLeads(victim);
  kept = { importId: imported.id, exportId: job.id, file, names: await namesOf(victim) };
  expect(kept.names).toHaveLength(2);
});
afterAll(async () => {
  await victim?.close();
  await attacker?.close();
});

async function namesOf(org: TestOrg): Promise<string[]> {
  const rows =
    await org.sql`select bucket_id || '/' || name as name from storage.objects where split_part(name, '/', 1) = ${org.id} order by 1`;
  return rows.map(({ name }) => name);
}

/** Files with their contents, which must never change. */
async function expectUntouched() {
  expect(await namesOf(victim)).toEqual(kept.names);
  expect((await downloadExport(victim, kept.exportId)).equals(kept.file)).toBe(true);
}

describe("an export", () => {
  const hostile = () => [
    "x/../../../../../bucket/exports/empty",
    "x/../../../../../bucket/imports/empty",
    "imports",
    "exports",
    "%2e%2e/%2e%2e",
    "..\\..\\bucket",
    "/etc/passwd",
    `../../${victim.id}/x.csv`,
    "csv?x=1",
    "csv#",
    "CSV",
    "",
  ];

  it("whose format leads out of its folder fails, and no tenant's file is touched", async () => {
    const ids = await Promise.all(
      hostile().map(async (format) => {
        const [made] = await attacker.sql`
          select private.create_job(${attacker.id}, 'lead_export', 'operator',
            ${attacker.sql.json({ format, rows_per: "lead", columns: null })}, '{"filter": {}}') as id`;
        return made?.id as string;
      }),
    );
    const jobs = await Promise.all(ids.map((id) => finishJob(attacker, id)));
    expect(jobs.map(({ status }) => status)).toEqual(jobs.map(() => "failed"));
    expect(jobs[0].error_message).toBe("format must be one of: csv, xlsx.");
    await expectUntouched();
    expect(await namesOf(attacker)).toEqual([]);
  });

  it("whose file is said to be somebody else's is not linked to", async () => {
    const { job } = await exportLeads(attacker);
    const theirs = kept.names.find((name) => name.startsWith("exports/"))?.slice("exports/".length) as string;
    for (const path of [
      theirs,
      `${attacker.id}/${job.id}/../../${theirs}`,
      "..",
      "%2e%2e",
      "imports",
      "",
      7,
    ]) {
      await attacker.sql`
        update public.jobs set result = jsonb_set(result, '{file,path}', ${attacker.sql.json(path as never)}) where id = ${job.id}`;
      const answer = await callFunction(stack, attacker.admin, "GET", `/leads/exports/${job.id}/download`);
      expect([answer.status, answer.body.error?.code], String(path)).toEqual([404, "not_found"]);
    }
  });

  it("is removed with the files in its own folder, and no others", async () => {
    const { job } = await exportLeads(attacker);
    const own = await namesOf(attacker);
    const folders = [
      victim.id,
      `${victim.id}/`,
      `${victim.id}/..`,
      "",
      "/",
      "..",
      `x/../${victim.id}`,
      victim.id.slice(0, 20),
      `${attacker.id}/../${victim.id}/${kept.exportId}`,
      `${victim.id}/%2e%2e`,
      `${victim.id}/${kept.exportId}/`,
    ];
    for (const folder of folders)
      await attacker.sql`select pgmq.send('file_removals', ${attacker.sql.json({ folder })})`;
    // Queued behind the poisoned ones.
    await attacker.sql`select pgmq.send('file_removals', ${attacker.sql.json({ folder: `${attacker.id}/${job.id}` })})`;
    await waitFor(async () => (await namesOf(attacker)).length < own.length);
    const waiting = async () =>
      await attacker.sql`select 1 from pgmq.q_file_removals where message ->> 'folder' = any (${folders})`;
    await waitFor(async () => (await waiting()).length === 0);
    await expectUntouched();
  });
});

describe("an import", () => {
  it("whose path is somebody else's file, or none, fails and reads nothing of it", async () => {
    const paths = [
      `${victim.id}/${kept.importId}.csv`,
      `x/../${victim.id}/${kept.importId}.csv`,
      "../exports/x",
      "%2e%2e/%2e%2e",
      "/etc/passwd",
      "imports",
      "",
      "a\\..\\b",
      "?x=1",
      "#",
    ];
    const ids = await Promise.all(
      paths.map(async (path) => {
        const id = randomUUID();
        await attacker.sql`
          insert into public.imports (id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping,
            next_byte, next_line, run_from_byte)
          values (${id}, ${attacker.id}, 'a.csv', 37, ${randomBytes(32).toString("hex")}, ${path}, 'utf-8', ',',
            '{First Name,Phone}', '{"First Name": "first_name", "Phone": "primary_phone"}', 17, 2, 17)`;
        await attacker.sql`select pgmq.send('imports', ${attacker.sql.json({ import_id: id, chunk: 0 })})`;
        return id;
      }),
    );
    const states = async () =>
      await attacker.sql`select status, error_message from public.imports where id = any (${ids})`;
    await waitFor(async () =>
      (await states()).every(({ status }) => !["queued", "running"].includes(status)),
    );
    expect((await states()).map(({ status }) => status)).toEqual(ids.map(() => "failed"));
    expect(await attacker.sql`select 1 from public.leads where org_id = ${attacker.id}`).toHaveLength(0);
    await expectUntouched();
  });
});
