// Work that a person begins and ends repeatedly fills no queue: the neighbour's job, build and import are next at once.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { type ArrangedOrg, arrangeLeads, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { claimStep, runStep } from "../../fixtures/drive-jobs.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const QUEUES = ["builds", "imports", "jobs", "file_removals", "lookups", "enrichments"];
let flooder: ArrangedOrg;
let neighbour: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  for (const queue of QUEUES) await bench.sql`delete from ${bench.sql(`pgmq.q_${queue}`)}`;
  await bench.sql`delete from private.work_turns`;
  flooder = await arrangeOrg(bench.db);
  neighbour = await arrangeOrg(bench.db);
});

/** Repeats a signed-in person's call so often, or until it is refused as too many. @returns how often, and the refusal */
async function flood(org: ArrangedOrg, times: number, body: string): Promise<[number, string]> {
  const person = await signedIn(bench.db, org.adminId);
  await person.sql.unsafe(`
    do $$
    declare
      v_job jsonb;
      v_id uuid;
      v_done integer := 0;
      v_refusal text := '';
    begin
      for i in 1 .. ${times} loop
        begin
          ${body}
          v_done := i;
        exception when sqlstate 'PT429' then
          v_refusal := sqlerrm;
        end;
        exit when v_refusal <> '';
      end loop;
      perform set_config('test.done', v_done::text, false), set_config('test.refusal', v_refusal, false);
    end $$`);
  const [row] =
    await person.sql`select current_setting('test.done')::int as done, current_setting('test.refusal') as refusal`;
  await person.end();
  return [row?.done, row?.refusal];
}
const EXPORT_AND_CANCEL = `
  v_job := public.create_export('{}', '{"format": "csv", "rows_per": "lead"}');
  perform public.cancel_job((v_job ->> 'id')::uuid);`;
const BUILD_AND_STOP = `
  v_id := public.create_campaign('{"name": "Flood"}');
  perform public.build_targets(v_id);
  perform public.stop_campaign(v_id);`;

/** As a signed-in person. */
async function call<T>(org: ArrangedOrg, statement: string): Promise<T> {
  const person = await signedIn(bench.db, org.adminId);
  const [row] = await person.sql.unsafe(`select ${statement} as result`);
  await person.end();
  return row?.result as T;
}
/** Whether it is among the next two. */
async function expectSoon(claim: string, idOf: string, id: string): Promise<void> {
  const claims = [];
  for (let tries = 0; tries < 2; tries++)
    claims.push((await bench.a.sql.unsafe(`select private.${claim}() as claimed`))[0]?.claimed?.[idOf]);
  expect(claims).toContain(id);
}
const count = async (queue: string, org?: ArrangedOrg) =>
  (
    await bench.sql.unsafe(
      `select count(*)::int as n from pgmq.q_${queue} ${org ? `where message ->> 'org_id' = '${org.id}'` : ""}`,
    )
  )[0]?.n;
const makeDue = (queue: string) =>
  bench.sql`update ${bench.sql(`pgmq.q_${queue}`)} set vt = clock_timestamp()`;

async function importOf(org: ArrangedOrg): Promise<string> {
  const id = randomUUID();
  await bench.sql`
    insert into public.imports (id, org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
    values (${id}, ${org.id}, 'a.csv', 10, ${"0".repeat(64)}, ${`${org.id}/${id}.csv`}, 'utf-8', ',', '{Phone}', '{}')`;
  await bench.sql`
    insert into storage.objects (bucket_id, name, metadata)
    values ('imports', ${`${org.id}/${id}.csv`}, '{"size": 10}')`;
  await bench.sql`select pgmq.send('imports', ${bench.sql.json({ org_id: org.id, import_id: id, chunk: 0 })})`;
  return id;
}

describe("exports begun and canceled", () => {
  test("leave nothing behind, are refused above 200 an hour, and the neighbour's is next", async () => {
    const [done, refusal] = await flood(flooder, 3_000, EXPORT_AND_CANCEL);
    await makeDue("jobs");
    const job = await call<{ id: string }>(
      neighbour,
      `public.create_export('{}', '{"format": "csv", "rows_per": "lead"}')`,
    );
    await expectSoon("claim_job_step", "id", job.id);
    expect(await count("jobs", flooder)).toBe(0);
    expect(await count("file_removals")).toBe(0);
    expect(done).toBe(200);
    expect(refusal).toMatch(/^Your organisation began 200 exports and bulk actions within an hour/);
  });

  test("after their first step leave their files to be removed, for which no job waits", async () => {
    await arrangeLeads(bench.db, flooder.id, 1);
    const ids: string[] = [];
    for (let exports = 0; exports < 10; exports++) {
      const job = await call<{ id: string }>(
        flooder,
        `public.create_export('{}', '{"format": "csv", "rows_per": "lead"}')`,
      );
      await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
      await call(flooder, `public.cancel_job('${job.id}')`);
      ids.push(job.id);
    }
    await makeDue("file_removals");
    expect(await count("file_removals", flooder)).toBe(10);
    const job = await call<{ id: string }>(
      neighbour,
      `public.create_export('{}', '{"format": "csv", "rows_per": "lead"}')`,
    );
    expect((await claimStep(bench.a.sql))?.id).toBe(job.id);
    expect(await claimStep(bench.a.sql)).toBeNull();
  });
});

test("audiences built and stopped leave nothing behind, are refused above 500 an hour, and the neighbour's is next", async () => {
  const [done, refusal] = await flood(flooder, 2_500, BUILD_AND_STOP);
  const id = await call<string>(neighbour, `public.create_campaign('{"name": "Own"}')`);
  await call(neighbour, `public.build_targets('${id}')`);
  await expectSoon("claim_build", "campaign_id", id);
  expect(await count("builds", flooder)).toBe(0);
  expect(done).toBe(500);
  expect(refusal).toMatch(/^Your organisation began to build 500 audiences within an hour/);
});

test("an import paused and resumed a hundred times has one message, none while it is paused, and the neighbour's is next", async () => {
  const id = await importOf(flooder);
  const [done] = await flood(
    flooder,
    100,
    `perform public.pause_import('${id}'); perform public.resume_import('${id}');`,
  );
  expect(done).toBe(100);
  expect(await count("imports")).toBe(1);
  // A worker claims it while it is paused.
  await bench.sql`update public.imports set run_started_at = now() where id = ${id}`;
  await bench.a.begin();
  await bench.a.sql`select private.claim_import_chunk()`;
  await call(flooder, `public.pause_import('${id}')`);
  await bench.a.commit();
  expect(await count("imports")).toBe(1);
  await call(flooder, `public.resume_import('${id}')`);
  expect(await count("imports")).toBe(1);
  const own = await importOf(neighbour);
  await expectSoon("claim_import_chunk", "id", own);
  await call(flooder, `public.pause_import('${id}')`);
  expect(await count("imports", flooder)).toBe(0);
});

test("work deleted with its organisation, and a lane deleted with its service, take their messages along", async () => {
  await importOf(flooder);
  await call(flooder, `public.create_export('{}', '{"format": "csv", "rows_per": "lead"}')`);
  const campaign = await call<string>(flooder, `public.create_campaign('{"name": "Gone"}')`);
  await call(flooder, `public.build_targets('${campaign}')`);
  const [lane] = await bench.sql`
    with made as (
      insert into public.enrichment_services (org_id, kind, name, url, request, field_map)
      values (${flooder.id}, 'scrub', 'Scrub', 'https://scrub.example.com', '{}', '{}') returning id, org_id)
    insert into private.call_lanes (org_id, queue, service_id) select org_id, 'enrichments', id from made returning id, service_id`;
  await bench.sql`select private.send_work('enrichments', ${flooder.id}, ${bench.sql.json({ lane_id: lane?.id })})`;
  await bench.sql`delete from public.enrichment_services where id = ${lane?.service_id}`;
  expect(await count("enrichments")).toBe(0);
  await bench.sql`delete from public.campaigns where id = ${campaign}`;
  await bench.sql`delete from public.jobs where org_id = ${flooder.id}`;
  await bench.sql`delete from public.imports where org_id = ${flooder.id}`;
  expect([await count("builds"), await count("jobs"), await count("imports")]).toEqual([0, 0, 0]);
});

test("a cancel while a worker claims the step waits only for the job, and the remaining message is dropped", async () => {
  const job = await call<{ id: string }>(
    flooder,
    `public.create_export('{}', '{"format": "csv", "rows_per": "lead"}')`,
  );
  await bench.sql`update public.jobs set status = 'running', started_at = now() where id = ${job.id}`;
  await bench.a.begin();
  expect((await claimStep(bench.a.sql))?.id).toBe(job.id);
  await call(flooder, `public.cancel_job('${job.id}')`);
  await bench.a.commit();
  expect(await count("jobs")).toBe(1);
  await makeDue("jobs");
  expect(await claimStep(bench.a.sql)).toBeNull();
  expect(await count("jobs")).toBe(0);
});

describe.each([
  ["jobs", "claim_job_step", { step: 1 }, "job_id"],
  ["builds", "claim_build", {}, "campaign_id"],
  ["imports", "claim_import_chunk", { chunk: 1 }, "import_id"],
] as const)("queue %s", (queue, claim, rest, key) => {
  test("three thousand stale messages are dropped twenty at a time, and each twenty is committed", async () => {
    await bench.sql`
      select private.send_work(${queue}, ${flooder.id}, jsonb_build_object(${key}::text, gen_random_uuid()) || ${bench.sql.json(rest)})
      from generate_series(1, 3000)`;
    for (const left of [2_980, 2_960]) {
      const [row] = await bench.a.sql.unsafe(`select private.${claim}() as claimed`);
      expect(row?.claimed).toEqual({ dropped: 20 });
      expect(await count(queue)).toBe(left);
    }
  });
});

describe.each(QUEUES)("queue %s", (queue) => {
  test("a turn reads only a few of fifty thousand due messages", async () => {
    const send = (org: ArrangedOrg, messages: number) => bench.sql`
      insert into ${bench.sql(`pgmq.q_${queue}`)} (vt, message)
      select clock_timestamp(), jsonb_build_object('org_id', ${org.id}::text, 'n', n) from generate_series(1, ${messages}::int) n`;
    await send(flooder, 50_000);
    await send(neighbour, 1);
    for (const analyzed of [false, true]) {
      if (analyzed) await bench.sql.unsafe(`analyze pgmq.q_${queue}`);
      await bench.sql`delete from private.work_turns where queue = ${queue}`;
      await bench.sql.unsafe(`update pgmq.q_${queue} set vt = clock_timestamp() where read_ct > 0`);
      await bench.holder.begin();
      const read = async () =>
        (
          await bench.holder.sql`select (private.read_in_turn(${queue}, 30)).message ->> 'org_id' as org_id`
        )[0]?.org_id;
      expect([await read(), await read()].sort()).toEqual([flooder.id, neighbour.id].sort());
      const [rows] = await bench.holder.sql`
        select (seq_tup_read + idx_tup_fetch)::int as read from pg_stat_xact_user_tables where relid = ${`pgmq.q_${queue}`}::regclass`;
      await bench.holder.rollback();
      expect(rows?.read).toBeGreaterThan(0);
      expect(rows?.read).toBeLessThan(60);
    }
  });
});
