// Every job and task of the scheduler, with each kind of work it does for all organisations: if it fails for one, it is done for
// the
// others; the failure is counted, rests, raises an alert after five times, and the work goes on once the cause is fixed.
import { beforeEach, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { LOOPS } from "../../fixtures/loop-cases.ts";
import { endRest, type LoopCase, poison, runJob } from "../../fixtures/poison.ts";
import { UPKEEP } from "../../fixtures/upkeep-cases.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const CASES: Record<string, LoopCase[]> = { ...LOOPS, ...UPKEEP };
const bench = useBareDatabase();
/** The organisation whose work fails is between its two neighbours in every order. */
let orgs: ArrangedOrg[];
beforeEach(async () => {
  await bench.clear();
  await bench.sql`update public.campaigns set status = 'paused' where status in ('scheduled', 'building')`;
  await bench.sql`delete from private.work_failures`;
  orgs = [];
  for (let i = 0; i < 3; i++) orgs.push(await arrangeOrg(bench.db));
  orgs.sort((a, b) => (a.id < b.id ? -1 : 1));
});

const failures = async (kind: string) =>
  (await bench.sql`select tries from private.work_failures where kind = ${kind} and org_id is not null`).map(
    ({ tries }) => tries,
  );
const alerts = async (org: ArrangedOrg) =>
  await bench.sql`
    select message, details from public.alerts where org_id = ${org.id} and kind = 'work_set_aside' and resolved_at is null`;
const isDone = async (one: LoopCase, org: ArrangedOrg) =>
  Object.values((await bench.sql.unsafe(one.done(org)))[0] ?? {})[0];

/** The result of a tick's check of a task; undefined for a job. */
const isDue = async (name: string) =>
  (await bench.sql`select private.is_task_due(name, due) as due from private.tasks where name = ${name}`)[0]
    ?.due;

for (const [job, cases] of Object.entries(CASES)) {
  describe(`job ${job}`, () => {
    test.each(cases)("$kind", async (one) => {
      for (const org of orgs) await one.arrange(bench, org);
      const [before, spoiled, after] = orgs as [ArrangedOrg, ArrangedOrg, ArrangedOrg];
      expect(await Promise.all(orgs.map((org) => isDone(one, org)))).toEqual([false, false, false]);
      expect(await isDue(job)).not.toBe(false);
      const mend = await poison(bench.sql, { table: one.table, on: one.on, when: one.when(spoiled) });
      try {
        await runJob(bench.holder.sql, job);
        expect([await isDone(one, before), await isDone(one, after)]).toEqual([true, true]);
        expect(await isDone(one, spoiled)).toBe(false);
        expect(await failures(one.kind)).toEqual([1]);
        // It rests: nothing is tried, nothing counted.
        await runJob(bench.holder.sql, job);
        expect(await failures(one.kind)).toEqual([1]);
        for (let tries = 2; tries <= 5; tries++) {
          expect(await alerts(spoiled)).toEqual([]);
          await endRest(bench.sql);
          expect(await isDue(job)).not.toBe(false);
          await runJob(bench.holder.sql, job);
          expect(await failures(one.kind)).toEqual([tries]);
        }
        const [alert] = await alerts(spoiled);
        expect(alert?.details.failures[0]).toMatchObject({ work: one.kind, error: "spoiled (P0001)" });
        expect([...(await alerts(before)), ...(await alerts(after))]).toEqual([]);
      } finally {
        await mend();
      }
      await endRest(bench.sql);
      await runJob(bench.holder.sql, job);
      expect(await isDone(one, spoiled)).toBe(true);
      expect(await failures(one.kind)).toEqual([]);
      expect(await alerts(spoiled)).toEqual([]);
    });
  });
}

test("no job and no kind of work is without such a case", async () => {
  const jobs = await bench.sql`
    select jobname as name from cron.job where jobname not like 'tick-%' union all select name from private.tasks`;
  expect(jobs.map(({ name }) => name).sort()).toEqual(Object.keys(CASES).sort());
  const kinds = (await bench.sql`select kind from private.work_kinds`).map(({ kind }) => kind as string);
  const looped = Object.values(CASES).flatMap((cases) => cases.map(({ kind }) => kind));
  // Kinds of queues are tested in poisoned-queues.test.ts.
  expect(kinds.sort()).toEqual([...looped, "build", "claim", "enrichments", "look", "lookups"].sort());
  const commands = (await bench.sql`select command from cron.job`).map(({ command }) => command).join("\n");
  const named = [...commands.matchAll(/run_(?:apart|item)\('(\w+)'/g)].map(([, kind]) => kind);
  const parts = await bench.sql`select kind from private.task_parts where kind is not null`;
  const all = new Set([...named, ...parts.map(({ kind }) => kind), "match_leads"]);
  expect([...all].sort()).toEqual(looped.sort());
});
