// A job step that takes as long as allowed does not delay any other organisation's import.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { arrangeOwners } from "../fixtures/arrange-owners.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { importCsv } from "../fixtures/upload-csv.ts";
import { finishJob } from "../fixtures/wait-for-job.ts";

const stack = inject("stack");
let slow: TestOrg;
let importer: TestOrg;
beforeAll(async () => {
  slow = await createOrg(stack, { numbers: 0 });
  importer = await createOrg(stack, { numbers: 0 });
});
afterAll(() => Promise.all([slow?.close(), importer?.close()]));

/** Tries of the slow step, which wait for the holder: when each began, read from the database while it runs. */
const tryUnderWay = async (holder: number): Promise<string | undefined> =>
  (
    await slow.sql`
      select query_start::text as begun from pg_stat_activity
      where query like '%run_job_step%' and pg_blocking_pids(pid) @> ${[holder]}::int[]`
  )[0]?.begun;

it("finishes an import while the step of another's job is under way", async () => {
  const [lead] = await arrangeOwners(slow.sql, slow.id, 2000);
  const held = await slow.sql.reserve();
  try {
    await held`begin`;
    const [own] = await held`select pg_backend_pid() as pid`;
    await held`select 1 from public.leads where id = ${lead?.id ?? ""} for update`;
    const started = await callFunction(stack, slow.admin, "POST", "/leads/bulk-actions", {
      action: "set_score",
      filter: {},
      value: "hot",
    });
    expect(started.status, JSON.stringify(started.body)).toBe(200);
    const job: string = started.body.data.job.id;
    let file = 0;
    // A try may reach its time limit while the import is under way: then the next try counts.
    await waitFor(async () => {
      const before = await tryUnderWay(own?.pid);
      if (before === undefined) return false;
      file += 1;
      await importCsv(importer, `Last Name,Phone\nOwner,${fictionalPhoneAt(file)}\n`);
      return (await tryUnderWay(own?.pid)) === before;
    });
    await held`rollback`;
    await slow.sql`update pgmq.q_jobs set vt = clock_timestamp() where message ->> 'job_id' = ${job}`;
    expect(await finishJob(slow, job)).toMatchObject({ status: "completed", result: { changed: 2000 } });
  } finally {
    await held`rollback`;
    held.release();
  }
});
