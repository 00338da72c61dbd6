// Builds by the worker's own code: one that can't be built, takes too long or ends its worker does not delay the others, and is
// given up after five tries with a reason. Nor does a message that can't be claimed.
import { beforeEach, expect, test } from "vitest";
import { createLog } from "../../../supabase/functions/_shared/http/log.ts";
import { claimSends } from "../../../supabase/functions/worker/claim-sends.ts";
import { drainBuilds } from "../../../supabase/functions/worker/drain-builds.ts";
import { planAll } from "../../../supabase/functions/worker/plan-all.ts";
import {
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
} from "../../fixtures/arrange-sending.ts";
import { makeDue } from "../../fixtures/drive-sending.ts";
import { backdated, endRest, poison, runJob } from "../../fixtures/poison.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const log = createLog({});
let spoiled: ArrangedOrg;
let neighbour: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  await bench.sql`delete from pgmq.q_builds`;
  await bench.sql`delete from private.work_failures`;
  spoiled = await arrangeOrg(bench.db);
  neighbour = await arrangeOrg(bench.db);
});

const startBuild = async (org: ArrangedOrg) => {
  await arrangeLeads(bench.db, org.id, 3);
  const [row] = await bench.sql`
    insert into public.campaigns (org_id, name, status) values (${org.id}, 'Built', 'building') returning id`;
  await bench.sql`select pgmq.send('builds', ${bench.sql.json({ campaign_id: row?.id })})`;
  return row?.id as string;
};
const read = async (id: string) => (await bench.sql`select * from public.campaigns where id = ${id}`)[0];
const build = (limitMs = 5_000) =>
  drainBuilds({ sql: bench.a.sql, log, shouldStop: () => false, chunkSize: () => 1000, limitMs });
const makeBuildsDue = () => bench.sql`update pgmq.q_builds set vt = clock_timestamp()`;
const alert = async (org: ArrangedOrg, kind: string) =>
  (
    await bench.sql`select message from public.alerts where org_id = ${org.id} and kind = ${kind} and resolved_at is null`
  ).map(({ message }) => message);
const targets = (org: ArrangedOrg) => ({
  table: "public.campaign_targets",
  on: "insert",
  when: `new.org_id = '${org.id}'`,
});

test("a build that fails is tried five times, later each time, and is a draft again that says why; others are built", async () => {
  const bad = await startBuild(spoiled);
  const good = await startBuild(neighbour);
  const mend = await poison(bench.sql, targets(spoiled));
  await build();
  expect(await read(good)).toMatchObject({ status: "ready" });
  expect(await read(bad)).toMatchObject({ status: "building" });
  const [waits] =
    await bench.sql`select read_ct, vt - now() > interval '5 seconds' as is_later from pgmq.q_builds`;
  expect(waits).toEqual({ read_ct: 1, is_later: true });
  for (let tries = 2; tries <= 5; tries++) {
    expect(await alert(spoiled, "build_failed")).toEqual([]);
    await makeBuildsDue();
    await build();
  }
  const given = await read(bad);
  expect(given).toMatchObject({ status: "draft" });
  expect(given?.needs_attention).toMatch(/in five tries: spoiled \(P0001\)\..*build it again/);
  expect(await alert(spoiled, "build_failed")).toEqual([expect.stringContaining("is a draft again")]);
  expect(await bench.sql`select 1 from pgmq.q_builds`).toEqual([]);
  // Once corrected, it is built from the beginning, and the reason is gone.
  await mend();
  await bench.sql`update public.campaigns set status = 'building' where id = ${bad}`;
  await bench.sql`select pgmq.send('builds', ${bench.sql.json({ campaign_id: bad })})`;
  await build();
  expect(await read(bad)).toMatchObject({ status: "ready", needs_attention: null });
  expect(
    await bench.sql`select count(*)::int as n from public.campaign_targets where campaign_id = ${bad}`,
  ).toEqual([{ n: 3 }]);
  await runJob(bench.holder.sql, "guard");
  expect(await alert(spoiled, "build_failed")).toEqual([]);
});

test("criteria that cannot be read, and a segment that is gone, are such builds", async () => {
  const good = await startBuild(neighbour);
  for (const criteria of [
    { never_contacted: "banana" },
    { segment_ids: ["00000000-0000-0000-0000-00000000dead"] },
  ]) {
    const id = await startBuild(spoiled);
    await backdated(
      bench.sql,
      `update public.campaigns set target_criteria = '${JSON.stringify(criteria)}' where id = '${id}'`,
    );
  }
  for (let tries = 1; tries <= 5; tries++) {
    await makeBuildsDue();
    await build();
    expect(await read(good)).toMatchObject({ status: "ready" });
  }
  const given =
    await bench.sql`select status, needs_attention from public.campaigns where org_id = ${spoiled.id}`;
  expect(given.map(({ status }) => status)).toEqual(["draft", "draft"]);
  for (const { needs_attention } of given)
    expect(needs_attention).toMatch(/^Its audience could not be built/);
});

test("a build that takes longer than a statement may is counted, and so is one whose worker reports nothing", async () => {
  const slow = await startBuild(spoiled);
  const good = await startBuild(neighbour);
  const mend = await poison(bench.sql, targets(spoiled), "perform pg_sleep(20)");
  await build(400);
  expect(await read(good)).toMatchObject({ status: "ready" });
  expect((await bench.sql`select error from private.work_failures where item = ${slow}`)[0]?.error).toMatch(
    /too long/,
  );
  await mend();
  // A worker that dies reports nothing: only its read of the queue, which is committed, counts.
  for (let tries = 2; tries <= 5; tries++) {
    await makeBuildsDue();
    await bench.a.sql`select private.claim_build()`;
    expect(await read(slow)).toMatchObject({ status: "building" });
  }
  await makeBuildsDue();
  await build();
  expect(await read(slow)).toMatchObject({ status: "draft" });
});

/** Open at any hour, because claims use the real clock. */
const queueMessages = async (org: ArrangedOrg, count: number) => {
  await arrangeLeads(bench.db, org.id, count);
  await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  await bench.sql`select private.plan_sends(${org.id})`;
  await makeDue(bench.sql);
};
const claimAll = async () => {
  const request = { limit: 50, freeInMs: 0, spacingMs: 0 };
  const { sends } = await claimSends(bench.a.sql, crypto.randomUUID(), request, true, log);
  return sends;
};
const counted = async (org: ArrangedOrg) =>
  Object.fromEntries(
    (
      await bench.sql`select status, count(*)::int as n from public.messages where org_id = ${org.id} group by 1`
    ).map(({ status, n }) => [status, n]),
  );

test("a message that cannot be claimed fails with a reason after five tries; all others are claimed at once", async () => {
  await queueMessages(spoiled, 3);
  await queueMessages(neighbour, 3);
  const [bad] =
    await bench.sql`select id, campaign_target_id from public.messages where org_id = ${spoiled.id} limit 1`;
  const mend = await poison(bench.sql, {
    table: "public.send_attempts",
    on: "insert",
    when: `new.message_id = '${bad?.id}'`,
  });
  const sends = await claimAll();
  expect(sends.map(({ org_id }) => org_id).sort()).toEqual(
    [...Array(2).fill(spoiled.id), ...Array(3).fill(neighbour.id)].sort(),
  );
  expect(await counted(spoiled)).toEqual({ queued: 1, sending: 2 });
  for (let tries = 2; tries <= 5; tries++) {
    await makeDue(bench.sql);
    expect(await claimAll()).toEqual([]);
  }
  await mend();
  expect(await counted(spoiled)).toEqual({ failed: 1, sending: 2 });
  expect(await alert(spoiled, "message_set_aside")).toHaveLength(1);
  const [target] =
    await bench.sql`select state, needs_attention from public.campaign_targets where id = ${bad?.campaign_target_id}`;
  expect(target).toMatchObject({ state: "failed", needs_attention: expect.stringContaining("five tries") });
  expect(await bench.sql`select 1 from private.work_failures`).toEqual([]);
});

test("an organisation whose messages can't be claimed keeps them all, and goes on once the cause is fixed", async () => {
  await queueMessages(spoiled, 20);
  await queueMessages(neighbour, 3);
  const mend = await poison(bench.sql, {
    table: "public.send_attempts",
    on: "insert",
    when: `new.org_id = '${spoiled.id}'`,
  });
  expect((await claimAll()).map(({ org_id }) => org_id)).toEqual(Array(3).fill(neighbour.id));
  for (let tries = 2; tries <= 5; tries++) {
    await endRest(bench.sql);
    await makeDue(bench.sql);
    expect(await claimAll()).toEqual([]);
  }
  expect(await alert(spoiled, "work_set_aside")).toEqual([
    expect.stringContaining("taking a message out of the queue"),
  ]);
  expect(await counted(spoiled)).toEqual({ queued: 20 });
  await mend();
  await makeDue(bench.sql);
  expect(await claimAll()).toHaveLength(20);
});

test("a plan that fails affects its owner only: the worker plans for the others in the same call", async () => {
  for (const org of [spoiled, neighbour]) {
    await arrangeLeads(bench.db, org.id, 3);
    await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  }
  const mend = await poison(bench.sql, {
    table: "public.messages",
    on: "insert",
    when: `new.org_id = '${spoiled.id}'`,
  });
  expect(await planAll(bench.a.sql, log)).toBe(3);
  expect(await counted(neighbour)).toEqual({ queued: 3 });
  expect(await counted(spoiled)).toEqual({});
  // While it rests, all others are planned for together again.
  expect((await bench.a.sql`select private.plan_all() as planned`)[0]?.planned).toBe(0);
  await mend();
  await endRest(bench.sql);
  expect(await planAll(bench.a.sql, log)).toBe(3);
});

test("a number's pace of NaN stops only its owner's claims and plans", async () => {
  for (const org of [spoiled, neighbour]) await queueMessages(org, 3);
  await backdated(
    bench.sql,
    `alter table public.phone_numbers drop constraint phone_numbers_mps_check;
     alter table public.phone_numbers alter column mps type numeric;
     update public.phone_numbers set mps = 'NaN' where org_id = '${spoiled.id}'`,
  );
  await arrangeLeads(bench.db, neighbour.id, 2);
  await arrangeCampaign(bench.db, neighbour, { quiet_hours_override: true });
  await planAll(bench.a.sql, log);
  await makeDue(bench.sql);
  const phones = (await claimAll())
    .filter(({ org_id }) => org_id === neighbour.id)
    .map(({ to_number }) => to_number);
  expect(new Set(phones).size).toBe(5);
});
