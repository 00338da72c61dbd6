// An audience that cannot be built: refused when it is saved, reported when it is built, and no other campaign waits for it.
import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { createLog } from "../../../supabase/functions/_shared/http/log.ts";
import { drainBuilds } from "../../../supabase/functions/worker/drain-builds.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const log = createLog({});
let org: ArrangedOrg;
let admin: Session;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  await arrangeLeads(bench.db, org.id, 5);
  admin = await signedIn(bench.db, org.adminId);
});

/** @returns the field that a call was refused for, or its code; undefined if it was taken */
async function refused(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    const { code, detail } = error as { code: string; detail?: string };
    return code === "PT422" ? JSON.parse(detail ?? "").errors[0].field : code;
  }
}
const create = (target_criteria: unknown) =>
  refused(
    admin.sql`select public.create_campaign(${JSON.stringify({ name: "Spring", target_criteria })}::text::jsonb)`,
  );
/** As a campaign was stored before its criteria were checked. */
async function store(criteria: unknown): Promise<string> {
  return await bench.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    const [row] = await tx`
      insert into public.campaigns (org_id, name, target_criteria) values (${org.id}, 'Old', ${JSON.stringify(criteria)}::text::jsonb) returning id`;
    return row?.id;
  });
}
const campaign = async (id: string) =>
  (
    await bench.sql`select status::text, needs_attention, built_at is not null as "wasBuilt" from public.campaigns where id = ${id}`
  )[0];
const build = (id: string, limit = 10_000) =>
  bench.sql`select private.build_chunk(${id}, ${limit}, ${AFTERNOON}) as more`;

test.each<[unknown, string]>([
  [{ never_contacted: "banana" }, "target_criteria.never_contacted"],
  [{ never_contacted: 1 }, "target_criteria.never_contacted"],
  [{ never_contacted: null }, "target_criteria.never_contacted"],
  [{ states: ["Texas"] }, "target_criteria.states[0]"],
  [{ tags: "HOT" }, "target_criteria.tags"],
  [{ tags: ["a\nb"] }, "target_criteria.tags[0]"],
  [{ tags: Array(1001).fill("A") }, "target_criteria.tags"],
  [{ lead_ids: ["x"] }, "target_criteria.lead_ids[0]"],
  [{ lead_ids: Array(10_001).fill("00000000-0000-0000-0000-000000000000") }, "target_criteria.lead_ids"],
  [{ import_id: {} }, "target_criteria.import_id"],
  [{ statuses: ["hot"] }, "target_criteria.statuses[0]"],
  [{ anything: 1 }, "target_criteria.anything"],
  [{ filter: [] }, "target_criteria.filter"],
  [{ filter: { deleted: true } }, "target_criteria.filter.deleted"],
  [{ filter: { segment_ids: [] } }, "target_criteria.filter.segment_ids"],
  [{ filter: { nonsense: 1 } }, "nonsense"],
  [{ segment_ids: [randomUUID()] }, "segment_ids"],
  [[], "target_criteria"],
  ["all", "target_criteria"],
  [null, "target_criteria"],
])("criteria %# are refused when a campaign is made, and when it is changed", async (criteria, field) => {
  expect(await create(criteria)).toBe(field);
  const id = await store({});
  const changes = JSON.stringify({ target_criteria: criteria });
  expect(await refused(admin.sql`select public.update_campaign(${id}, ${changes}::text::jsonb)`)).toBe(field);
  expect((await bench.sql`select target_criteria from public.campaigns where id = ${id}`)[0]).toEqual({
    target_criteria: {},
  });
});

test("criteria that were stored before are refused when they are counted and built: nothing is queued", async () => {
  const id = await store({ never_contacted: "banana" });
  for (const dry of [true, false]) {
    expect(await refused(admin.sql`select public.build_targets(${id}, ${dry})`)).toBe(
      "target_criteria.never_contacted",
    );
  }
  expect(await bench.sql`select from pgmq.q_builds where message ->> 'campaign_id' = ${id}`).toHaveLength(0);
  expect(await campaign(id)).toMatchObject({ status: "draft" });
});

test("a campaign that was queued with such criteria becomes a draft that says why, and its neighbours are built", async () => {
  const poisoned = await store({ never_contacted: "banana" });
  const healthy = await store({});
  await bench.sql`update public.campaigns set status = 'building' where id in ${bench.sql([poisoned, healthy])}`;
  await bench.sql`select pgmq.purge_queue('builds')`;
  for (const id of [poisoned, healthy])
    await bench.sql`select pgmq.send('builds', ${bench.sql.json({ campaign_id: id })})`;
  await drainBuilds({ sql: bench.a.sql, log, shouldStop: () => false, chunkSize: () => 1000 });
  expect(await campaign(healthy)).toMatchObject({ status: "ready" });
  expect(await campaign(poisoned)).toEqual({
    status: "draft",
    wasBuilt: false,
    needs_attention: expect.stringContaining("never_contacted"),
  });
  const alerts = await bench.sql`select kind, campaign_id from public.alerts where org_id = ${org.id}`;
  expect(alerts).toEqual([{ kind: "build_failed", campaign_id: poisoned }]);
});

test("if a segment is deleted while its campaign is being built, the campaign becomes a draft, and is built again with other criteria", async () => {
  const [segment] = await bench.sql`
    insert into public.segments (org_id, name, kind, filter) values (${org.id}, 'All', 'filter', '{}') returning id`;
  const id = await store({ segment_ids: [segment?.id] });
  await admin.sql`select public.build_targets(${id})`;
  expect((await build(id, 2))[0]).toEqual({ more: true });
  await bench.sql`delete from public.segments where id = ${segment?.id}`;
  expect((await build(id, 2))[0]).toEqual({ more: false });
  expect(await campaign(id)).toEqual({
    status: "draft",
    wasBuilt: true,
    needs_attention: expect.stringContaining(segment?.id),
  });

  await admin.sql`select public.update_campaign(${id}, '{"target_criteria": {}}')`;
  await admin.sql`select public.build_targets(${id})`;
  while ((await build(id, 2))[0]?.more);
  expect(await campaign(id)).toMatchObject({ status: "ready", needs_attention: null });
  const [targets] = await bench.sql`
    select count(*)::int as n, count(distinct e164)::int as people from public.campaign_targets where campaign_id = ${id}`;
  expect(targets).toEqual({ n: 5, people: 5 });
  expect(
    await bench.sql`select from public.alerts where org_id = ${org.id} and resolved_at is null`,
  ).toHaveLength(0);
});

test("10,000 ids are read in time", async () => {
  const id = await store({ lead_ids: Array.from({ length: 10_000 }, () => randomUUID()) });
  const [explained] = await bench.sql`
    explain (analyze, format json) select private.check_criteria(org_id, target_criteria) from public.campaigns where id = ${id}`;
  expect(explained?.["QUERY PLAN"][0]["Execution Time"]).toBeLessThan(5_000);
});
