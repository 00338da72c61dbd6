// Ticks: a due task is done once in its turn, nothing is written if nothing is due, and a failing or slow task harms no other.

import { waitFor } from "local-supabase/testing/wait-for";
import { beforeEach, describe, expect, test } from "vitest";
import { arrangeCampaign, arrangeLeads, arrangeOrg, later } from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { poison } from "../../fixtures/poison.ts";
import { runTask } from "../../fixtures/run-task.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let one: Session;
let two: Session;
beforeEach(async () => {
  await bench.clear();
  one = await bench.db.admin();
  two = await bench.db.admin();
  await bench.sql`delete from private.work_failures`;
  await bench.sql`update private.tasks set is_active = true, began_at = null, ended_at = null, failures = 0, error = null, runs = 0`;
});

/** A moment at which a turn of every task begins. */
const TURN = new Date("2026-11-25T18:00:00Z");
const EPOCH = new Date(0);

const take = async ({ sql }: Session, now = TURN, { since = EPOCH, promptOnly = false } = {}) =>
  (await sql`select private.take_task(${since}, ${promptOnly}, ${now}) as task`)[0]?.task as string | null;
const end = ({ sql }: Session, task: string, now = TURN) => sql`select private.end_task(${task}, ${now})`;
const read = async (task: string) =>
  (await bench.sql`select * from private.tasks where name = ${task}`)[0] as Record<string, unknown>;
const only = (...tasks: string[]) => bench.sql`update private.tasks set is_active = name = any (${tasks})`;
const addDelta = async () => {
  const org = await arrangeOrg(bench.db);
  const [row] = await bench.sql`
    insert into public.campaigns (org_id, name) values (${org.id}, 'Draft') returning id`;
  await bench.sql`update public.campaign_stats set updated_at = now() - interval '1 minute' where campaign_id = ${row?.id}`;
  await bench.sql`insert into private.campaign_deltas (org_id, campaign_id, sent) values (${org.id}, ${row?.id}, 1)`;
};
const isFolded = async () =>
  (await bench.sql`select not exists (select from private.campaign_deltas) as is`)[0]?.is as boolean;
/** Runs the command of a cron job for about a second, half of the statement timeout set here. */
const runTick = async ({ sql }: Session, job: string) => {
  const [row] = await bench.sql`select command from cron.job where jobname = ${job}`;
  await sql`set statement_timeout = '4s'`;
  await sql.unsafe(row?.command).simple();
};
const dueTasks = async () =>
  (await bench.sql`select name from private.tasks where private.is_task_due(name, due)`).map(
    ({ name }) => name as string,
  );
/** Does due tasks until none is left: figures are folded once a second at most. */
const workOff = () =>
  waitFor(async () => {
    const due = await dueTasks();
    for (const task of due) await runTask(bench.sql, task);
    return due.length === 0;
  });

describe("nothing is due", () => {
  test("no step of a tick writes anything, though there are leads and a finished campaign", async () => {
    const org = await arrangeOrg(bench.db);
    await arrangeLeads(bench.db, org.id, 3);
    const id = await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
    await bench.sql`update public.campaign_targets set state = 'excluded', reason = 'landline' where campaign_id = ${id}`;
    await bench.sql`update private.account_checks set due_at = 'infinity'`;
    await bench.sql`update public.alerts set resolved_at = now() where resolved_at is null`;
    await workOff();
    expect(await bench.sql`select status from public.campaigns where id = ${id}`).toEqual([
      { status: "completed" },
    ]);
    expect(await steps()).toEqual(["null", "null", "null"]);
    expect(await bench.sql`select from private.tasks where began_at is not null`).toHaveLength(0);

    await addDelta();
    expect((await steps())[0]).not.toBe("null");
  });

  /** The transaction ids of a check, a rest and a check: a transaction that writes nothing has none. */
  async function steps(): Promise<string[]> {
    const ids: string[] = [];
    await one.sql`select set_config('test.tick', '', false)`;
    for (let n = 0; n < 3; n++) {
      await one.begin();
      await one.sql`
        select set_config('test.tick', private.step_tick(nullif(current_setting('test.tick'), '')::private.tick, false)::text, false)`;
      const [row] = await one.sql`select pg_current_xact_id_if_assigned()::text as id`;
      ids.push(row?.id ?? "null");
      await one.commit();
    }
    return ids;
  }
});

describe("a turn", () => {
  test("is taken by one session, once, and then is due again", async () => {
    await only("fold");
    await addDelta();
    expect(await take(one)).toBe("fold");
    // While it runs, no other session does it, not even in its next turn.
    expect(await take(two)).toBeNull();
    expect(await take(two, later(TURN, 1))).toBeNull();
    await end(one, "fold");
    expect(await take(two)).toBeNull();
    expect(await take(two, later(TURN, 0.9))).toBeNull();
    expect(await take(two, later(TURN, 1))).toBe("fold");
    await end(two, "fold", later(TURN, 1.5));
    expect(await read("fold")).toMatchObject({ runs: "2", failures: "0", longest: "00:00:00.5" });
  });

  test("begins when the clock is a multiple of the task's interval, and is checked once", async () => {
    await only("guard");
    const org = await arrangeOrg(bench.db);
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
    expect(await take(one, later(TURN, 14), { since: TURN })).toBeNull();
    expect(await take(one, later(TURN, 15), { since: TURN })).toBe("guard");
  });

  test("of a rare task comes before those of frequent ones, and prompt ones before all", async () => {
    await addDelta();
    const org = await arrangeOrg(bench.db);
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
    const taken: (string | null)[] = [];
    do taken.push(await take(one));
    while (taken.at(-1) !== null);
    expect(taken).toEqual(["sending", "fold", "guard", "fold-lead-counts", "match-leads", null]);
    for (const task of taken) if (task) await end(one, task);
    await bench.sql`update private.tasks set began_at = null`;
    const prompt = [];
    for (let n = 0; n < 3; n++) prompt.push(await take(two, later(TURN, 60), { promptOnly: true }));
    expect(prompt).toEqual(["sending", "fold", null]);
  });

  test("is due even if the clock was set back since the last", async () => {
    await only("fold");
    await addDelta();
    expect(await take(one, later(TURN, 3_600))).toBe("fold");
    await end(one, "fold", later(TURN, 3_601));
    expect(await take(two, TURN, { since: later(TURN, 3_600) })).toBe("fold");
  });

  test("of a task that is switched off is never due", async () => {
    await addDelta();
    await only();
    expect(await take(one)).toBeNull();
  });

  test("that its session did not finish is repeated, and counted as a failure", async () => {
    await only("fold");
    await addDelta();
    expect(await take(one)).toBe("fold");
    await bench.sql`select pg_terminate_backend(${one.pid})`;
    await waitFor(async () => (await take(two, later(TURN, 1))) === "fold");
    expect(await read("fold")).toMatchObject({ failures: "1", error: "its session ended before it did" });
  });
});

describe("what fails", () => {
  test("as a whole is counted with its error, and the next parts and tasks are done", async () => {
    await only("fold", "match-leads");
    await addDelta();
    await arrangeLeads(bench.db, (await arrangeOrg(bench.db)).id, 2);
    await bench.sql`update private.task_parts set place = place + 10`;
    await bench.sql`
      insert into private.task_parts (task, place, call) values ('fold', 2, 'select 1 / 0'), ('match-leads', 1, 'select no_such_thing()')`;
    await bench.sql`
      insert into private.task_parts (task, place, items, call) values ('fold', 1, 'select no_such_items()', 'select 1')`;
    try {
      await runTick(one, "tick-2");
    } finally {
      await bench.sql`delete from private.task_parts where place < 10`;
      await bench.sql`update private.task_parts set place = place - 10`;
    }
    expect(await isFolded()).toBe(true);
    expect(await bench.sql`select from private.lead_changes`).toHaveLength(0);
    const [fold, match] = [await read("fold"), await read("match-leads")];
    expect(fold).toMatchObject({ error: expect.stringMatching(/^part 2: division by zero \(22012\)$/) });
    expect(Number(fold.failures)).toBeGreaterThanOrEqual(2);
    expect(match).toMatchObject({ error: expect.stringMatching(/^part 1: .*no_such_thing/) });
    expect([fold.began_at, match.began_at]).not.toContain(null);
    expect(fold.ended_at).toBeTruthy();
  });

  test("in the query that asks whether it is due is done anyway, counted, and does not delay other tasks", async () => {
    const [row] = await bench.sql`select due from private.tasks where name = 'guard'`;
    await only("guard", "match-leads");
    await arrangeLeads(bench.db, (await arrangeOrg(bench.db)).id, 2);
    await bench.sql`update private.tasks set due = 'select no_such_column' where name = 'guard'`;
    try {
      expect(await take(one)).toBe("guard");
      expect(await take(one)).toBe("match-leads");
      expect(await read("guard")).toMatchObject({
        error: expect.stringMatching(/^whether it is due: .*no_such_column/),
      });
    } finally {
      await bench.sql`update private.tasks set due = ${row?.due} where name = 'guard'`;
    }
  });

  test("to get a lock for its due query is left for the next turn, and does not delay other tasks", async () => {
    await only("guard", "match-leads");
    await arrangeLeads(bench.db, (await arrangeOrg(bench.db)).id, 2);
    await bench.holder.begin();
    await bench.holder.sql`lock table private.accepted_deltas in access exclusive mode`;
    expect(await take(one)).toBe("match-leads");
    await bench.holder.rollback();
    expect(await read("guard")).toMatchObject({ began_at: null, failures: "0" });
  });
});

test("the prompt tick plans what was started, for each organisation in a transaction of its own", async () => {
  const orgs = [await arrangeOrg(bench.db), await arrangeOrg(bench.db)];
  for (const org of orgs) {
    await arrangeLeads(bench.db, org.id, 2);
    await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  }
  await runTick(one, "tick-1");
  const planned = await bench.sql`
    select count(*)::int as n, count(distinct xmin::text)::int as transactions from public.messages where org_id = any (${orgs.map(({ id }) => id)})`;
  expect(planned).toEqual([{ n: 4, transactions: 2 }]);
});

test("a task that does not end prevents neither another tick nor the prompt one from doing the others", async () => {
  await only("fold", "fold-lead-counts", "match-leads");
  const org = await arrangeOrg(bench.db);
  await arrangeLeads(bench.db, org.id, 2);
  const mend = await poison(
    bench.sql,
    { table: "private.lead_changes", on: "delete", when: "true" },
    "perform pg_advisory_xact_lock(4711)",
  );
  await bench.holder.begin();
  await bench.holder.sql`select pg_advisory_xact_lock(4711)`;
  try {
    const [row] = await bench.sql`select command from cron.job where jobname = 'tick-2'`;
    const slow = one.sql.unsafe(row?.command).simple();
    slow.catch(() => {});
    await one.blocked(bench.holder);
    await addDelta();
    await runTick(two, "tick-1");
    expect(await isFolded()).toBe(true);
    await addDelta();
    await bench.sql`insert into private.lead_count_deltas (org_id, dimension, value, change) values (${org.id}, 'total', '', 0)`;
    await runTick(two, "tick-3");
    expect(await isFolded()).toBe(true);
    expect(await bench.sql`select from private.lead_count_deltas`).toHaveLength(0);
    expect(await bench.sql`select from private.lead_changes`).not.toHaveLength(0);
  } finally {
    await bench.holder.rollback();
    await bench.sql`select pg_terminate_backend(${one.pid})`;
    await waitFor(
      async () => (await bench.sql`select from pg_stat_activity where pid = ${one.pid}`).length === 0,
    );
    await mend();
  }
});

test("only the ticks begin every few seconds, and each tick's command is short", async () => {
  const jobs =
    await bench.sql`select jobname, schedule, length(command) as length from cron.job where schedule like '%second%' order by 1`;
  expect(jobs.map(({ jobname }) => jobname)).toEqual(["tick-1", "tick-2", "tick-3"]);
  // The command is stored with every run.
  for (const { length } of jobs) expect(length).toBeLessThan(200);
});

test("there are fewer prompt tasks than ticks, so that they never take all of them", async () => {
  const [row] = await bench.sql`
    select (select count(*)::int from private.tasks where is_prompt) as prompt,
      (select count(*)::int from cron.job where jobname like 'tick-%') as ticks`;
  expect(row?.prompt).toBeGreaterThan(0);
  expect(row?.prompt).toBeLessThan(row?.ticks);
});
