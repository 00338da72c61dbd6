// The queue of jobs: each step counts once, however many workers do it and how often; an ended job stays ended.
import { expect, test } from "vitest";
import { arrangeOwners } from "../../fixtures/arrange-owners.ts";
import { type ArrangedOrg, arrangeLeads, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { claimStep, runStep, workOnJobs } from "../../fixtures/drive-jobs.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

const readJob = async (id: string) => (await bench.sql`select * from public.jobs where id = ${id}`)[0];
const queued = async (id: string) =>
  (await bench.sql`select message from pgmq.q_jobs where message ->> 'job_id' = ${id}`).map(
    ({ message }) => message,
  );

/** A job that tags these leads, or all of the organisation. */
async function startTagging(org: ArrangedOrg, tag = "VIP"): Promise<string> {
  const [row] = await bench.sql`
    select private.create_job(${org.id}, 'lead_bulk_action', 'operator',
      ${bench.sql.json({ action: "add_tags", value: [tag], filter: {} })}, ${bench.sql.json({ filter: {} })}) as id`;
  return row?.id;
}

async function arrangeOrgOf(count: number): Promise<ArrangedOrg> {
  const org = await arrangeOrg(bench.db, { numbers: 0 });
  await arrangeOwners(bench.sql, org.id, count);
  return org;
}

test("a job is done step by step, and shows its progress", async () => {
  const org = await arrangeOrgOf(2500);
  const id = await startTagging(org);
  expect(await readJob(id)).toMatchObject({ status: "queued", total_items: null, started_at: null });
  const first = await claimStep(bench.a.sql);
  expect(first).toMatchObject({ id, step: 0, work: "database" });
  expect(await readJob(id)).toMatchObject({ status: "running", seconds_left: null });
  expect(await runStep(bench.a.sql, first as never)).toBe(true);
  expect(await readJob(id)).toMatchObject({ total_items: "2500", done_items: "0" });
  const second = await claimStep(bench.a.sql);
  await runStep(bench.a.sql, second as never);
  const half = await readJob(id);
  expect(half).toMatchObject({ status: "running", done_items: "1000", result: { changed: 1000 } });
  expect(Number(half?.items_per_second)).toBeGreaterThan(0);
  expect(half?.seconds_left).toBe(Math.ceil(1500 / Number(half?.items_per_second)));
  expect(await workOnJobs(bench.a.sql)).toBe(2);
  expect(await readJob(id)).toMatchObject({
    status: "completed",
    done_items: "2500",
    result: { changed: 2500 },
    seconds_left: null,
  });
  expect(await bench.sql`select 1 from private.job_items where job_id = ${id}`).toEqual([]);
  expect(await bench.sql`select 1 from private.job_states where job_id = ${id}`).toEqual([]);
  expect(await queued(id)).toEqual([]);
});

test("is about the leads that existed when it began, not later ones", async () => {
  const org = await arrangeOrgOf(1200);
  const id = await startTagging(org);
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  await arrangeOwners(bench.sql, org.id, 1, 20_000);
  await workOnJobs(bench.a.sql);
  expect(await readJob(id)).toMatchObject({ total_items: "1200", done_items: "1200" });
  const [late] =
    await bench.sql`select tags from public.leads where org_id = ${org.id} and last_name = '20000'`;
  expect(late?.tags).toEqual([]);
});

test("a step that two workers do at once counts once: the second waits, and finds it done", async () => {
  const org = await arrangeOrgOf(1500);
  const id = await startTagging(org);
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  const step = await claimStep(bench.a.sql);
  // Its worker was taken for dead, and another claimed the step.
  await bench.a.begin();
  expect(await runStep(bench.a.sql, step as never)).toBe(true);
  const other = runStep(bench.b.sql, step as never);
  await bench.b.blocked(bench.a);
  await bench.a.commit();
  expect(await other).toBe(false);
  expect(await queued(id)).toEqual([{ org_id: org.id, job_id: id, step: 2 }]);
  await workOnJobs(bench.a.sql);
  expect(await readJob(id)).toMatchObject({
    status: "completed",
    done_items: "1500",
    result: { changed: 1500 },
  });
});

test("if a worker dies in the middle of a step, nothing of it is kept, and its message is read again", async () => {
  const org = await arrangeOrgOf(1500);
  const id = await startTagging(org);
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  const step = await claimStep(bench.a.sql);
  await bench.a.begin();
  await runStep(bench.a.sql, step as never);
  await bench.a.rollback();
  expect(await readJob(id)).toMatchObject({ done_items: "0" });
  expect(await claimStep(bench.a.sql)).toBeNull();
  await bench.sql`update pgmq.q_jobs set vt = now()`;
  expect(await workOnJobs(bench.a.sql)).toBe(2);
  expect(await readJob(id)).toMatchObject({ status: "completed", done_items: "1500" });
});

test("is given up when its step was begun five times and never finished, and says where", async () => {
  const id = await startTagging(await arrangeOrgOf(3));
  await bench.sql`update pgmq.q_jobs set read_ct = 5 where message ->> 'job_id' = ${id}`;
  expect(await claimStep(bench.a.sql)).toBeNull();
  const job = await readJob(id);
  expect(job).toMatchObject({ status: "failed" });
  expect(job?.error_message).toMatch(
    /stopped 5 times in the same place, after 0 of an unknown number of items/,
  );
  expect(await queued(id)).toEqual([]);
});

test("messages of jobs that have ended, were deleted or are further on are dropped", async () => {
  const org = await arrangeOrgOf(1);
  const done = await startTagging(org);
  await workOnJobs(bench.a.sql);
  const ahead = await startTagging(org, "AHEAD");
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  for (const [id, step] of [
    [done, 1],
    [ahead, 0],
    [org.id, 0],
  ])
    await bench.sql`select pgmq.send('jobs', jsonb_build_object('job_id', ${id as string}::text, 'step', ${step as number}::int))`;
  expect(await workOnJobs(bench.a.sql)).toBe(1);
  expect(await bench.sql`select 1 from pgmq.q_jobs`).toEqual([]);
  expect(await readJob(ahead)).toMatchObject({ status: "completed" });
});

test("cancelling waits for the step under way, and then nothing more is done", async () => {
  const org = await arrangeOrgOf(1500);
  const id = await startTagging(org);
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  const step = await claimStep(bench.a.sql);
  await bench.a.begin();
  await runStep(bench.a.sql, step as never);
  const admin = await signedIn(bench.db, org.adminId);
  const canceling = admin.sql`select private.cancel_job(${id}) as job`.execute();
  await admin.blocked(bench.a);
  await bench.a.commit();
  expect((await canceling)[0]?.job).toMatchObject({
    status: "canceled",
    done_items: 1000,
    seconds_left: null,
  });
  expect(await workOnJobs(bench.a.sql)).toBe(0);
  const [tagged] =
    await bench.sql`select count(*)::int as n from public.leads where org_id = ${org.id} and tags <> '{}'`;
  expect(tagged?.n).toBe(1000);
  await expect(admin.sql`select private.cancel_job(${id})`).rejects.toMatchObject({ code: "PT409" });
  await admin.end();
});

test("an export's files are to be removed seven days after its end, ten minutes after it was canceled; one that wrote none has none", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 0 });
  await arrangeLeads(bench.db, org.id, 1);
  const start = async (leads: number | null = 1) => {
    const [row] = await bench.sql`
      insert into public.jobs (org_id, kind, status, required_role, total_items)
      values (${org.id}, 'lead_export', 'running', 'operator', ${leads}) returning id`;
    return row?.id as string;
  };
  const removalIn = async (id: string) => {
    const [row] = await bench.sql`
      select extract(epoch from vt - enqueued_at)::int as seconds from pgmq.q_file_removals where message ->> 'folder' = ${`${org.id}/${id}`}`;
    return row?.seconds;
  };
  const [completed, canceled, failed] = [await start(), await start(), await start()];
  await bench.sql`update public.jobs set status = 'completed', finished_at = now() where id = ${completed}`;
  await bench.sql`update public.jobs set status = 'canceled', finished_at = now() where id = ${canceled}`;
  await bench.sql`select private.fail_job(${failed}, 0, 'test')`;
  expect(await removalIn(completed)).toBe(7 * 86_400);
  expect([await removalIn(canceled), await removalIn(failed)]).toEqual([600, 600]);
  const unbegun = await start(null);
  await bench.sql`update public.jobs set status = 'canceled', finished_at = now() where id = ${unbegun}`;
  expect(await removalIn(unbegun)).toBeUndefined();
  await bench.sql`delete from pgmq.q_file_removals`;
});

test("is kept for 90 days after its end, its journal for 30", async () => {
  const org = await arrangeOrgOf(2);
  const id = await startTagging(org);
  await workOnJobs(bench.a.sql);
  const left = async () =>
    (
      await bench.sql`
      select (select count(*)::int from public.jobs where id = ${id}) as jobs, (select count(*)::int from private.bulk_changes where job_id = ${id}) as changes`
    )[0];
  await bench.sql`select private.prune_jobs(now() + interval '29 days')`;
  expect(await left()).toEqual({ jobs: 1, changes: 2 });
  await bench.sql`select private.prune_jobs(now() + interval '31 days')`;
  expect(await left()).toEqual({ jobs: 1, changes: 0 });
  await bench.sql`select private.prune_jobs(now() + interval '91 days')`;
  expect(await left()).toEqual({ jobs: 0, changes: 0 });
});
