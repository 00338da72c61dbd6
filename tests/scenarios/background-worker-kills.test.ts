// kill -9 of the background worker, again and again in the middle of each kind of its work: nothing is lost, nothing done twice.

import { waitFor } from "local-supabase/testing/wait-for";
import { readSheet } from "read-excel-file/node";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { readImport } from "../fixtures/apply-import.ts";
import { arrangeOwners } from "../fixtures/arrange-owners.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { expectRows, makeCrashFile } from "../fixtures/crash-file.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { readLookups } from "../fixtures/read-lookups.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";
import { finishImport, importCsv, startImport } from "../fixtures/upload-csv.ts";
import { finishJob } from "../fixtures/wait-for-job.ts";

/** Enough steps of an export to be killed in three of them. */
const OWNERS = 10_000;
let own: OwnStack;
let org: TestOrg | undefined;
// A stack of its own, because other files' work would lose its worker with ours.
beforeAll(async () => {
  own = await startOwnStack();
});
afterEach(async () => {
  await org?.close();
  org = undefined;
});
afterAll(() => own?.stop());

const addOrg = async (behaviour = {}): Promise<TestOrg> => {
  org = await createOrg(own.stack, { numbers: 0, behaviour });
  return org;
};

/** Kills the worker each time it has got further; `hurry` makes due at once what would be tried again later. */
async function kill(times: number, progress: () => Promise<number>, hurry: () => Promise<unknown>) {
  for (let killed = 0; killed < times; killed++) {
    const before = await progress();
    await waitFor(async () => (await progress()) > before, { every: 3 });
    await own.running.killFunction("background-worker");
    await hurry();
  }
}

/** The job's progress, and what makes it due now instead of in 30 seconds. */
const ofJob = (sql: TestOrg["sql"], id: string): [() => Promise<number>, () => Promise<unknown>] => [
  async () => Number((await sql`select done_items from public.jobs where id = ${id}`)[0]?.done_items),
  async () => await sql`update pgmq.q_jobs set vt = now() where message ->> 'job_id' = ${id}`,
];

test("an import has every row once", async () => {
  const org = await addOrg();
  const file = makeCrashFile(6_000);
  await importCsv(org, file.prior, { fields: { merge_strategy: "skip" } });
  const { id } = await startImport(org, file.csv, { fields: { merge_strategy: "update" } });
  const chunk = async () => (await readImport(org, id)).next_chunk as number;
  await kill(3, chunk, async () => {});
  await finishImport(org, id, 120);
  await expectRows(org, id, file);
});

test("an export has every lead once, in its order", async () => {
  const org = await addOrg();
  await arrangeOwners(org.sql, org.id, OWNERS);
  const started = await callFunction(own.stack, org.admin, "POST", "/leads/exports", { format: "xlsx" });
  const { id } = started.body.data;
  await kill(3, ...ofJob(org.sql, id));
  expect(await finishJob(org, id, 120)).toMatchObject({
    status: "completed",
    total_items: OWNERS,
    done_items: OWNERS,
  });
  const { body } = await callFunction(own.stack, org.admin, "GET", `/leads/exports/${id}/download`);
  const file = Buffer.from(await (await fetch(body.data.url)).arrayBuffer());
  const rows = (await readSheet(file)) as unknown[][];
  expect(rows.slice(1).map((row) => Number(row[1]))).toEqual(
    Array.from({ length: OWNERS }, (_, n) => OWNERS - 1 - n),
  );
});

test("a bulk action, and its undo, change every lead once", async () => {
  const org = await addOrg();
  await arrangeOwners(org.sql, org.id, 6_000);
  const started = await callFunction(own.stack, org.admin, "POST", "/leads/bulk-actions", {
    action: "delete",
    filter: { statuses: ["new"] },
  });
  const { id } = started.body.data.job;
  await kill(2, ...ofJob(org.sql, id));
  expect(await finishJob(org, id)).toMatchObject({ status: "completed", result: { changed: 6_000 } });
  const left = async () =>
    (
      await org.sql`select count(*)::int as n from public.leads where org_id = ${org.id} and deleted_at is null`
    )[0]?.n;
  expect(await left()).toBe(0);
  const undo = await callFunction(own.stack, org.admin, "POST", `/leads/bulk-actions/${id}/undo`);
  await kill(2, ...ofJob(org.sql, undo.body.data.id));
  expect(await finishJob(org, undo.body.data.id)).toMatchObject({
    status: "completed",
    result: { changed: 6_000 },
  });
  expect(await left()).toBe(6_000);
});

test("lookups lose no phone, and cost no more than the calls under way", async () => {
  const org = await addOrg({ lookups: { held: 0.1 }, answers: { holdMs: 200 } });
  const turnedOn = await callFunction(own.stack, org.admin, "PATCH", "/settings/organisation", {
    lookup_enabled: true,
    lookup_daily_budget: 100_000,
  });
  expect(turnedOn.status).toBe(200);
  await addLeads(org, 300);
  const done = async () =>
    (
      await org.sql`
        select count(*)::int as n from public.lead_phones where org_id = ${org.id} and looked_up_at is not null`
    )[0]?.n as number;
  const kills = 4;
  // In the middle of a batch: Twilio has answered some of it.
  await kill(
    kills,
    async () => Math.floor((await readLookups(org)).answered.length / 5),
    async () => {
      // Two minutes pass for the calls that it had claimed.
      await org.sql`
        update private.outside_calls c set due_at = now() from private.call_lanes l where l.id = c.lane_id and l.org_id = ${org.id}`;
      await org.sql`update pgmq.q_lookups set vt = now()`;
    },
  );
  await waitFor(
    async () => {
      await org.sql`
        with idle as (
          select l.id from private.call_lanes l
          where l.org_id = ${org.id} and not exists (select 1 from pgmq.q_lookups m where m.message ->> 'lane_id' = l.id::text)
        )
        update private.outside_calls c set due_at = now() from idle where c.lane_id = idle.id and c.attempts > 0`;
      await org.sql`select private.wake_call_lanes()`;
      return (await done()) === 300;
    },
    { every: 300 },
  );
  const { answered, failed } = await readLookups(org);
  expect(new Set(answered).size).toBe(300);
  // A batch is 50 phones, and a killed worker has one.
  expect(answered.length).toBeLessThanOrEqual(300 + kills * 50);
  const [lane] = await org.sql`
    select charged, answered, (select count(*)::int from private.outside_calls c where c.lane_id = l.id) as left
    from private.call_lanes l where org_id = ${org.id}`;
  expect(lane).toMatchObject({ answered: 300, left: 0 });
  expect(lane?.charged).toBeLessThanOrEqual(300 + failed + kills * 50);
});
