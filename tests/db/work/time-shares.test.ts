// Time is shared, not the number of turns: work that takes long comes later, in smaller pieces, and is given up with a reason if
// no
// piece is small enough. The conditions of one filter are limited over all its segments.
import { beforeEach, expect, test } from "vitest";
import { createLog } from "../../../supabase/functions/_shared/http/log.ts";
import { drainJobs } from "../../../supabase/functions/background-worker/jobs/drain-jobs.ts";
import { drainBuilds } from "../../../supabase/functions/worker/drain-builds.ts";
import { type ArrangedOrg, arrangeLeads, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { poison } from "../../fixtures/poison.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const log = createLog({});
let heavy: ArrangedOrg;
let neighbour: ArrangedOrg;
let mend: (() => Promise<unknown>) | undefined;
beforeEach(async () => {
  await mend?.();
  mend = undefined;
  await bench.clear();
  await bench.sql`delete from pgmq.q_builds`;
  await bench.sql`delete from private.work_failures`;
  heavy = await arrangeOrg(bench.db);
  neighbour = await arrangeOrg(bench.db);
});

/** Makes each write of a target of the organisation take so long. */
const slowDown = async (org: ArrangedOrg, seconds: number) => {
  mend = await poison(
    bench.sql,
    { table: "public.campaign_targets", on: "insert", when: `new.org_id = '${org.id}'` },
    `perform pg_sleep(${seconds})`,
  );
};
const startBuild = async (org: ArrangedOrg) => {
  const [row] = await bench.sql`
    insert into public.campaigns (org_id, name, status) values (${org.id}, 'Built', 'building') returning id`;
  await bench.sql`select private.send_work('builds', ${org.id}, ${bench.sql.json({ campaign_id: row?.id })})`;
  return row?.id as string;
};
const build = (chunk: number, limitMs?: number) =>
  drainBuilds({ sql: bench.a.sql, log, shouldStop: () => false, chunkSize: () => chunk, limitMs });
const makeBuildsDue = () => bench.sql`update pgmq.q_builds set vt = clock_timestamp()`;
const read = async (id: string) => (await bench.sql`select * from public.campaigns where id = ${id}`)[0];
const built = async (id: string) =>
  (await bench.sql`select count(*)::int as n from public.campaign_targets where campaign_id = ${id}`)[0]?.n;

test("a neighbour's fifteen chunks wait for a few of the heavy one's tries, not for one each", async () => {
  await arrangeLeads(bench.db, heavy.id, 20);
  await arrangeLeads(bench.db, neighbour.id, 150);
  await slowDown(heavy, 10);
  for (let builds = 0; builds < 8; builds++) await startBuild(heavy);
  const id = await startBuild(neighbour);
  await build(10, 1_000);
  const [tries] = await bench.sql`
    select count(*)::int as all, (count(*) filter (where f.failed_at < c.built_at))::int as before
    from private.work_failures f, public.campaigns c
    where f.org_id = ${heavy.id} and c.id = ${id} and c.status = 'ready'`;
  expect(tries?.all).toBe(8);
  expect(tries?.before).toBeGreaterThanOrEqual(1);
  expect(tries?.before).toBeLessThanOrEqual(4);
});

test("a chunk that takes too long is tried with a tenth of the leads, and the build goes on in such pieces to its end", async () => {
  await arrangeLeads(bench.db, heavy.id, 250);
  await slowDown(heavy, 0.01);
  const id = await startBuild(heavy);
  await build(200, 1_000);
  expect(await read(id)).toMatchObject({ status: "building" });
  expect(await bench.sql`select read_ct, (message ->> 'leads')::int as leads from pgmq.q_builds`).toEqual([
    { read_ct: 1, leads: 20 },
  ]);
  await makeBuildsDue();
  await build(200, 1_000);
  expect(await read(id)).toMatchObject({ status: "ready", needs_attention: null });
  expect(await built(id)).toBe(250);
  expect(await bench.sql`select 1 from private.work_failures`).toEqual([]);
});

test("a build of which ten leads take too long is given up after five tries and says so", async () => {
  await arrangeLeads(bench.db, heavy.id, 30);
  await slowDown(heavy, 1);
  const id = await startBuild(heavy);
  for (let tries = 1; tries <= 5; tries++) {
    expect(await read(id)).toMatchObject({ status: "building" });
    await makeBuildsDue();
    await build(1_000, 300);
  }
  const given = await read(id);
  expect(given).toMatchObject({ status: "draft" });
  expect(given?.needs_attention).toMatch(/five tries: it takes too long, 10 leads at a time/);
  expect(await bench.sql`select 1 from pgmq.q_builds`).toEqual([]);
});

test("a chunk may take five seconds, for any limit of the connection itself", async () => {
  await arrangeLeads(bench.db, heavy.id, 1);
  await slowDown(heavy, 20);
  const id = await startBuild(heavy);
  const started = Date.now();
  await build(10);
  expect(Date.now() - started).toBeGreaterThan(4_500);
  expect(Date.now() - started).toBeLessThan(15_000);
  const [failure] = await bench.sql`select error from private.work_failures where item = ${id}`;
  expect(failure?.error).toMatch(/more than 5 seconds/);
  // The limit ended with the transaction.
  expect((await bench.a.sql`show statement_timeout`)[0]?.statement_timeout).not.toBe("5s");
});

test("turns follow the time that was used; an organisation that returns has saved up none", async () => {
  await bench.sql`delete from private.work_turns`;
  const third = await arrangeOrg(bench.db);
  const ids = new Map<string, string>();
  for (const org of [heavy, neighbour]) ids.set(await startBuild(org), org.id);
  const serve = async (seconds: (orgId: string) => number) => {
    const [row] = await bench.a.sql`select private.claim_build() as claimed`;
    const { org_id, message_id, campaign_id } = row?.claimed ?? {};
    await bench.a.sql`select private.charge_turn('builds', ${org_id}, ${seconds(org_id)})`;
    // Its next chunk.
    await bench.sql`select pgmq.delete('builds', ${message_id}::bigint)`;
    await bench.sql`select private.send_work('builds', ${org_id}, ${bench.sql.json({ campaign_id })})`;
    return org_id as string;
  };
  const cost = (orgId: string) => (orgId === heavy.id ? 5 : 0.5);
  const served: string[] = [];
  for (let turns = 0; turns < 23; turns++) served.push(await serve(cost));
  const turnsOf = (org: ArrangedOrg) => served.filter((id) => id === org.id).length;
  expect(turnsOf(heavy)).toBeGreaterThanOrEqual(2);
  expect(turnsOf(heavy)).toBeLessThanOrEqual(3);
  // One that had nothing to do is next, and then shares equally: it is not served alone until it has caught up.
  await startBuild(third);
  expect(await serve(cost)).toBe(third.id);
  const after: string[] = [];
  for (let turns = 0; turns < 8; turns++) after.push(await serve(cost));
  expect(after.filter((id) => id === neighbour.id).length).toBeGreaterThanOrEqual(3);
});

test("a job whose step takes too long ends with a reason after five tries, each with its full time limit", async () => {
  const [row] = await bench.sql`
    insert into public.jobs (org_id, kind, required_role, input)
    values (${heavy.id}, 'lead_bulk_action', 'operator', '{"action": "delete", "value": null}') returning id`;
  await bench.sql`insert into private.job_states (job_id, cursor) values (${row?.id}, '{"filter": {}}')`;
  await bench.sql`select private.send_work('jobs', ${heavy.id}, ${bench.sql.json({ job_id: row?.id, step: 0 })})`;
  await bench.sql`update pgmq.q_jobs set read_ct = 4 where message ->> 'job_id' = ${row?.id}`;
  await arrangeLeads(bench.db, heavy.id, 1);
  mend = await poison(
    bench.sql,
    { table: "private.job_items", on: "insert", when: "true" },
    // The error that the server raises when a statement's time is up.
    "raise exception 'canceling statement due to statement timeout' using errcode = '57014'",
  );
  await drainJobs({ sql: bench.a.sql, log, storage: {} as never }, () => () => {});
  const [job] = await bench.sql`select status, error_message from public.jobs where id = ${row?.id}`;
  expect(job).toEqual({ status: "failed", error_message: expect.stringContaining("takes too long") });
});

test("a job's step has eight seconds at first", async () => {
  const [row] = await bench.sql`
    insert into public.jobs (org_id, kind, required_role, input)
    values (${heavy.id}, 'lead_bulk_action', 'operator', '{"action": "delete", "value": null}') returning id`;
  await bench.sql`insert into private.job_states (job_id, cursor) values (${row?.id}, '{"filter": {}}')`;
  await bench.sql`select private.send_work('jobs', ${heavy.id}, ${bench.sql.json({ job_id: row?.id, step: 0 })})`;
  await arrangeLeads(bench.db, heavy.id, 1);
  mend = await poison(
    bench.sql,
    { table: "private.job_items", on: "insert", when: "true" },
    "perform pg_sleep(25)",
  );
  const started = Date.now();
  await drainJobs({ sql: bench.a.sql, log, storage: {} as never }, () => () => {});
  expect(Date.now() - started).toBeGreaterThan(7_500);
  expect(Date.now() - started).toBeLessThan(20_000);
  expect((await bench.sql`select status from public.jobs where id = ${row?.id}`)[0]?.status).toBe("running");
  // Its used time is counted: organisations that used less come first.
  const [turn] = await bench.sql`
    select ends - began > 7 as "isCounted" from private.work_turns where queue = 'jobs' and org_id = ${heavy.id}`;
  expect(turn).toEqual({ isCounted: true });
}, 40_000);

test("a filter's segments may ask for 200 values of custom fields together, and no more", async () => {
  const admin = await signedIn(bench.db, neighbour.adminId);
  const segment = async (name: string, values: number) => {
    const filter = { custom_fields: { lot: Array.from({ length: values }, (_, n) => `${name} ${n}`) } };
    const [row] = await bench.sql`
      insert into public.segments (org_id, name, kind, filter)
      values (${neighbour.id}, ${name}, 'filter', ${bench.sql.json(filter)}) returning id`;
    return row?.id as string;
  };
  const ids = [await segment("A", 100), await segment("B", 100), await segment("C", 1)];
  const count = (segment_ids: string[]) =>
    admin.sql`select public.count_leads(${admin.sql.json({ segment_ids })}) as count`;
  await count(ids.slice(0, 2));
  const refusal = await count(ids).catch((error) => error);
  expect(refusal).toMatchObject({ code: "PT422" });
  expect(JSON.parse(refusal.detail).errors[0]).toMatchObject({
    field: "segment_ids",
    message: expect.stringContaining("200 values"),
  });
});
