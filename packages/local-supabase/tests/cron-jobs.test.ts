// The scheduler runs cron.job as pg_cron does.
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { isDue } from "../src/scheduler/is-due.ts";
import { waitFor } from "../src/testing/wait-for.ts";

const sql = postgres(inject("platform").DB_URL, { max: 2, onnotice: () => {} });
const admin = postgres(inject("platform").ADMIN_DB_URL, { max: 1, onnotice: () => {} });

beforeAll(async () => {
  await admin`create schema if not exists cron_test`;
  await admin`grant all on schema cron_test to postgres`;
  await admin`create table if not exists cron_test.runs (job text, by_role text, started timestamptz, ended timestamptz)`;
  await admin`grant all on cron_test.runs to postgres`;
});
afterAll(async () => {
  await admin`drop schema cron_test cascade`;
  await Promise.all([sql.end(), admin.end()]);
});

const insertRun = (job: string, seconds: number) => `
  insert into cron_test.runs
  select '${job}', current_user, clock_timestamp(), null from pg_sleep(0);
  select pg_sleep(${seconds});
  update cron_test.runs set ended = clock_timestamp() where job = '${job}' and ended is null`;

test("a job scheduled in seconds runs about that often, as the role that scheduled it, and records each run", async () => {
  const [job] =
    await sql`select cron.schedule('test-seconds', '1 seconds', ${insertRun("seconds", 0)}) as id`;
  try {
    const runs = await waitFor(async () => {
      const found = await sql`select * from cron_test.runs where job = 'seconds' order by started`;
      return found.length >= 3 ? found : undefined;
    });
    expect(runs.every((run) => run.by_role === "postgres")).toBe(true);
    const span = Number(runs[2]?.started) - Number(runs[0]?.started);
    expect(span).toBeGreaterThanOrEqual(1900);
    const details = await waitFor(async () => {
      const found = await sql`
        select * from cron.job_run_details where jobid = ${job?.id} and status = 'succeeded' order by runid`;
      return found.length >= 2 ? found : undefined;
    });
    expect(details[0]).toMatchObject({ username: "postgres", return_message: "UPDATE 1" });
    expect(Number(details[0]?.end_time)).toBeGreaterThanOrEqual(Number(details[0]?.start_time));
  } finally {
    await sql`select cron.unschedule('test-seconds')`;
  }
});

test("a job never overlaps itself, and an overdue run starts as soon as the running one ends", async () => {
  await sql`select cron.schedule('test-overdue', '1 seconds', ${insertRun("overdue", 1.6)})`;
  try {
    const details = await waitFor(async () => {
      const found = await sql`
        select d.* from cron.job_run_details d join cron.job j using (jobid)
        where j.jobname = 'test-overdue' and d.status = 'succeeded' order by d.runid`;
      return found.length >= 2 ? found : undefined;
    });
    const [first, second] = details;
    expect(Number(second?.start_time)).toBeGreaterThanOrEqual(Number(first?.end_time));
    // A whole interval would be 1,000 ms.
    expect(Number(second?.start_time) - Number(first?.end_time)).toBeLessThan(900);
  } finally {
    await sql`select cron.unschedule('test-overdue')`;
  }
});

test("each run has a connection of its own, so that no state passes from one to the next", async () => {
  const [job] = await sql`
    select cron.schedule('test-apart', '1 second', $$
      insert into cron_test.runs values ('apart', current_setting('cron_test.left', true), now());
      select set_config('cron_test.left', 'left', false)$$) as id`;
  try {
    const details = await waitFor(async () => {
      const found =
        await sql`select job_pid from cron.job_run_details where jobid = ${job?.id} and status = 'succeeded'`;
      return found.length >= 3 ? found : undefined;
    });
    expect(new Set(details.map(({ job_pid }) => job_pid)).size).toBe(details.length);
    const runs = await sql`select by_role from cron_test.runs where job = 'apart'`;
    expect(runs.filter(({ by_role }) => by_role !== null)).toEqual([]);
  } finally {
    await sql`select cron.unschedule('test-apart')`;
  }
});

test("a failing job is recorded with the server's message", async () => {
  const [job] = await sql`select cron.schedule('test-failing', '1 second', 'select 1 / 0') as id`;
  try {
    const run = await waitFor(async () => {
      const [found] =
        await sql`select * from cron.job_run_details where jobid = ${job?.id} and status = 'failed'`;
      return found;
    });
    expect(run.return_message).toContain("division by zero");
  } finally {
    await sql`select cron.unschedule('test-failing')`;
  }
});

test("a job of postgres has the rights of postgres, not the superuser's", async () => {
  const [job] = await sql`
    select cron.schedule('test-rights', '1 seconds', 'create role cron_test_super superuser') as id`;
  try {
    const run = await waitFor(async () => {
      const [found] =
        await sql`select * from cron.job_run_details where jobid = ${job?.id} and end_time is not null`;
      return found;
    });
    expect(run).toMatchObject({ status: "failed" });
    expect(run.return_message).toMatch(/permission denied|superuser/i);
  } finally {
    await sql`select cron.unschedule('test-rights')`;
  }
});

test("schedules are checked, replaced by name, altered, and only through the functions", async () => {
  await expect(sql`select cron.schedule('test-bad', '61 * * * *', 'select 1')`).rejects.toThrow(
    /invalid schedule/,
  );
  await expect(sql`select cron.schedule('test-bad', '60 seconds', 'select 1')`).rejects.toThrow(
    /invalid schedule/,
  );
  const [first] = await sql`select cron.schedule('test-named', '0 3 * * *', 'select 1') as id`;
  const [again] = await sql`select cron.schedule('test-named', '*/5 * * * mon-fri', 'select 2') as id`;
  expect(again?.id).toBe(first?.id);
  await sql`select cron.alter_job(${first?.id}, active => false)`;
  const [job] = await sql`select schedule, command, active from cron.job where jobid = ${first?.id}`;
  expect(job).toEqual({ schedule: "*/5 * * * mon-fri", command: "select 2", active: false });
  await expect(sql`update cron.job set command = 'select 3'`).rejects.toThrow(/permission denied/);
  await expect(
    sql`select cron._save('supabase_admin', 'test-escape', '1 seconds', 'select 1', null, true)`,
  ).rejects.toThrow(/must be able to become role/);
  expect(await sql`select cron.unschedule('test-named') as done`).toMatchObject([{ done: true }]);
  await expect(sql`select cron.unschedule('test-named')`).rejects.toThrow(/could not find valid entry/);
});

test.each([
  "5/15 * * * *",
  "* * * *",
  "* * * * * *",
  "1,,2 * * * *",
  "5-1 * * * *",
  "*/0 * * * *",
  "* 24 * * *",
  "* * 0 * *",
  "* * 1,$ * *",
  "* * * 13 *",
  "* * * * 8",
  "* * * jam *",
  "@never",
  "",
])("the schedule %j is refused", async (schedule) => {
  await expect(sql`select cron.schedule('test-refused', ${schedule}, 'select 1')`).rejects.toThrow(
    /invalid schedule/,
  );
});

test("the scheduler can read every schedule that is accepted", async () => {
  const numbers = Array.from({ length: 70 }, (_, n) => n);
  const fields = numbers.flatMap((n) => [`${n}`, `*/${n}`, `${n}-${n + 7}`, `${n}-${n + 7}/${n}`, `${n},$`]);
  const words = ["$", "jan", "dec", "mon-fri", "SUN", "sat/2", "*", "jan-mar/2,5", "0-7"];
  const schedules = [...fields, ...words].flatMap((field) =>
    [0, 1, 2, 3, 4].map((place) =>
      ["*", "*", "*", "*", "*"].map((star, at) => (at === place ? field : star)).join(" "),
    ),
  );
  const taken = await admin<{ schedule: string }[]>`
    select schedule from unnest(${schedules}::text[]) as s (schedule) where cron._is_schedule(schedule)`;
  expect(taken.length).toBeGreaterThan(300);
  for (const { schedule } of taken) expect(() => isDue(schedule, new Date()), schedule).not.toThrow();
});
