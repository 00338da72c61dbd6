// Bulk actions: what they change, which leads they skip, who may start them, their undo, and that they wait without deadlock.
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { arrangeOwners } from "../../fixtures/arrange-owners.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { claimStep, runStep, workOnJobs } from "../../fixtures/drive-jobs.ts";
import { claim, makeDue, plan, writeStop } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let admin: Session;
beforeEach(async () => {
  await bench.clear();
  await bench.sql`delete from pgmq.q_jobs`;
  org = await arrangeOrg(bench.db, { numbers: 1 });
  admin = await signedIn(bench.db, org.adminId);
  return () => admin.end();
});

interface Started {
  matched: number;
  would_change: number;
  sample: { id: string }[];
  job: { id: string; status: string; result: Record<string, unknown>; input: Record<string, unknown> };
}

async function start(
  action: string,
  filter: object | null,
  { value = null, dryRun = false, as = admin }: { value?: unknown; dryRun?: boolean; as?: Session } = {},
): Promise<Started> {
  const [row] = await as.sql`
    select public.start_bulk_action(${JSON.stringify({ action, value, filter, dry_run: dryRun })}::text::jsonb) as answer`;
  return row?.answer;
}
const undo = async (jobId: string) =>
  (await admin.sql`select private.undo_bulk_action(${jobId}) as job`)[0]?.job as Started["job"];
const idsOf = (leads: ArrangedLead[]) => ({ ids: leads.map(({ id }) => id) });
const read = async (columns: string) =>
  (await bench.sql.unsafe(
    `select ${columns} from public.leads where org_id = '${org.id}' order by id`,
  )) as Record<
    string,
    // biome-ignore lint/suspicious/noExplicitAny: columns of any type
    any
  >[];
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => "done",
    (error) => `${error.code} ${error.detail}`,
  );

describe("a field", () => {
  test("is changed if it differs, counted by a dry run, and restored by the undo", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 4);
    await bench.sql`update public.leads set status = 'interested' where id = ${leads[0]?.id as string}`;
    const before = await read("id, status");
    const counted = await start("set_status", idsOf(leads), { value: "interested", dryRun: true });
    expect(counted).toMatchObject({ matched: 4, would_change: 3, job: null });
    expect(counted.sample.map(({ id }) => id).sort()).toEqual(leads.slice(1).map(({ id }) => id));
    expect(await read("id, status")).toEqual(before);

    const { job } = await start("set_status", idsOf(leads), { value: "interested" });
    expect(job).toMatchObject({ status: "completed", total_items: 4, done_items: 4, result: { changed: 3 } });
    expect(job.input).toEqual({ action: "set_status", value: "interested", filter: { ids: 4 } });
    expect((await read("status")).map(({ status }) => status)).toEqual(Array(4).fill("interested"));

    const events = () =>
      bench.sql`select distinct old_value, new_value, cause, user_id from public.lead_events where org_id = ${org.id} and cause <> 'system'`;
    expect([...(await events())]).toEqual([
      { old_value: "new", new_value: "interested", cause: "bulk", user_id: org.adminId },
    ]);

    expect(await undo(job.id)).toMatchObject({ status: "completed", result: { changed: 3 } });
    expect(await read("id, status")).toEqual(before);
    expect(await refusal(undo(job.id))).toMatch(/^PT409/);
  });

  test.each([
    ["set_score", "hot", "lead_score"],
    ["set_source", "County list", "source"],
    ["set_source", null, "source"],
  ])("%s to %s is undone to what it was", async (action, value, column) => {
    const leads = await arrangeLeads(bench.db, org.id, 3);
    await bench.sql`update public.leads set source = 'Radio' where id = ${leads[1]?.id as string}`;
    const before = await read(`id, ${column}`);
    const { job } = await start(action, {}, { value });
    expect((await read(column)).map((row) => row[column])).toEqual(Array(3).fill(value));
    await undo(job.id);
    expect(await read(`id, ${column}`)).toEqual(before);
  });

  test("that a person changed since is skipped by the undo, and counted", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 3);
    const { job } = await start("add_tags", idsOf(leads), { value: ["vip"] });
    await bench.sql`update public.leads set tags = '{VIP,MORE}' where id = ${leads[0]?.id as string}`;
    await bench.sql`update public.leads set deleted_at = now() where id = ${leads[1]?.id as string}`;
    expect((await undo(job.id)).result).toEqual({ changed: 1, skipped_changed_since: 2 });
    expect((await read("tags")).map(({ tags }) => tags)).toEqual([["VIP", "MORE"], ["VIP"], []]);
  });
});

test("tags are added after existing ones and removed, and no lead gets more than fifty", async () => {
  const leads = await arrangeLeads(bench.db, org.id, 2);
  const many = Array.from({ length: 49 }, (_, n) => `T${n}`);
  await bench.sql`update public.leads set tags = ${many} where id = ${leads[0]?.id as string}`;
  await bench.sql`update public.leads set tags = '{B}' where id = ${leads[1]?.id as string}`;
  const added = await start("add_tags", idsOf(leads), { value: ["a", "b", "A"] });
  expect(added.job.result).toEqual({ changed: 1, skipped_too_many_tags: 1 });
  expect((await read("tags"))[1]?.tags).toEqual(["B", "A"]);
  const removed = await start("remove_tags", idsOf(leads), { value: ["B", "T3"] });
  expect(removed.job.result).toEqual({ changed: 2 });
  const [first, second] = await read("tags");
  expect(first?.tags).toEqual(many.filter((tag) => tag !== "T3"));
  expect(second?.tags).toEqual(["A"]);
  await undo(removed.job.id);
  expect((await read("tags"))[0]?.tags).toEqual(many);
});

test("a lead's earlier state is deleted when its person is erased, and the undo skips it", async () => {
  const leads = await arrangeLeads(bench.db, org.id, 2, { source: "A neighbour" });
  const { job } = await start("set_source", idsOf(leads), { value: "List" });
  await bench.sql`select private.erase_leads(${org.id}, ${[leads[0]?.id as string]}, now())`;
  expect(
    (await bench.sql`select lead_id from private.bulk_changes where job_id = ${job.id}`).map(
      (row) => row.lead_id,
    ),
  ).toEqual([leads[1]?.id]);
  expect((await undo(job.id)).result).toEqual({ changed: 1 });
  expect((await start("restore", { ids: [leads[0]?.id] })).job.result).toEqual({
    changed: 0,
    skipped_without_phone: 1,
  });
});

describe("a deletion", () => {
  test("hides leads and cancels unsent messages, but not for a phone that another lead has", async () => {
    const [one, two, three] = (await arrangeLeads(bench.db, org.id, 3)) as [
      ArrangedLead,
      ArrangedLead,
      ArrangedLead,
    ];
    await arrangeCampaign(bench.db, org);
    await bench.sql`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${three.id}, ${two.e164}, 'secondary')`;
    await plan(bench.a.sql, AFTERNOON);
    const { job } = await start("delete", idsOf([one, two]));
    expect(job.result).toEqual({ changed: 2, canceled_targets: 1 });
    const targets =
      await bench.sql`select e164, state, reason from public.campaign_targets where org_id = ${org.id} order by e164`;
    expect(targets.find(({ e164 }) => e164 === one.e164)).toMatchObject({
      state: "canceled",
      reason: "lead_deleted",
    });
    expect(targets.filter(({ state }) => state === "canceled")).toHaveLength(1);
    await makeDue(bench.sql);
    const claimed = await claim(bench.a.sql, { now: AFTERNOON });
    expect(claimed.map(({ to_number }) => to_number)).not.toContain(one.e164);
  });

  test("is undone, except for leads whose phone another lead now has: those are named", async () => {
    const [one, two] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
    const { job } = await start("delete", idsOf([one, two]));
    const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await bench.sql`update public.lead_phones set e164 = ${one.e164} where lead_id = ${other.id}`;
    expect((await undo(job.id)).result).toEqual({
      changed: 1,
      skipped_duplicates: 1,
      duplicates: [{ lead_id: one.id, phone: one.e164, other_lead_id: other.id }],
    });
    const live = await bench.sql`select id from public.leads where org_id = ${org.id} and deleted_at is null`;
    expect(live.map(({ id }) => id).sort()).toEqual([two.id, other.id].sort());
  });
});

test("restoring takes the older of two deleted leads with one phone, none without a phone, and none that was merged", async () => {
  const [one, two, three, four] = (await arrangeLeads(bench.db, org.id, 4)) as [
    ArrangedLead,
    ArrangedLead,
    ArrangedLead,
    ArrangedLead,
  ];
  await bench.sql`update public.leads set deleted_at = now() where org_id = ${org.id}`;
  await bench.sql`update public.leads set created_at = now() - interval '1 day' where id = ${two.id}`;
  await bench.sql`update public.lead_phones set e164 = ${one.e164} where lead_id = ${two.id}`;
  await bench.sql`delete from public.lead_phones where lead_id = ${three.id}`;
  await bench.sql`update public.leads set merged_into = ${two.id} where id = ${four.id}`;
  const { matched, job } = await start("restore", {});
  expect(matched).toBe(4);
  expect(job.result).toEqual({
    changed: 1,
    skipped_duplicates: 1,
    skipped_without_phone: 1,
    skipped_merged: 1,
    duplicates: [{ lead_id: one.id, phone: one.e164, other_lead_id: two.id }],
  });
  const [row] = await bench.sql`select id from public.leads where org_id = ${org.id} and deleted_at is null`;
  expect(row?.id).toBe(two.id);
  await undo(job.id);
  expect(await bench.sql`select 1 from public.leads where org_id = ${org.id} and deleted_at is null`).toEqual(
    [],
  );
});

test("leads are put on a list and removed from it, and each undo reverts only what the action did", async () => {
  const leads = await arrangeLeads(bench.db, org.id, 3);
  const [list] =
    await bench.sql`insert into public.segments (org_id, name, kind) values (${org.id}, 'Call', 'list') returning id`;
  const on = async () =>
    (
      await bench.sql`select lead_id from public.segment_leads where segment_id = ${list?.id} order by lead_id`
    ).map((row) => row.lead_id);
  await start("add_to_segment", idsOf(leads.slice(0, 1)), { value: list?.id });
  const added = await start("add_to_segment", idsOf(leads), { value: list?.id });
  expect([added.would_change, added.job.result]).toEqual([2, { changed: 2 }]);
  expect(await on()).toHaveLength(3);
  await undo(added.job.id);
  expect(await on()).toEqual([leads[0]?.id]);
  const removed = await start("remove_from_segment", { segment_ids: [list?.id] }, { value: list?.id });
  expect([removed.job.result, await on()]).toEqual([{ changed: 1 }, []]);
  await undo(removed.job.id);
  expect(await on()).toEqual([leads[0]?.id]);
});

describe("who may", () => {
  const asRole = async (role: string) => {
    const id = randomUUID();
    await bench.sql`insert into auth.users (id, email) values (${id}, ${`${id}@example.com`})`;
    await bench.sql`insert into public.users (id, org_id, email, role) values (${id}, ${org.id}, ${`${id}@example.com`}, ${role}::public.user_role)`;
    return await signedIn(bench.db, id);
  };

  test("operators by ids, campaign managers by filter and to delete and restore, viewers never", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 1);
    const [viewer, operator, manager] = [
      await asRole("viewer"),
      await asRole("operator"),
      await asRole("campaign_manager"),
    ];
    const tries = async (as: Session) => [
      await refusal(start("add_tags", idsOf(leads), { value: ["A"], as })),
      await refusal(start("add_tags", { statuses: ["new"] }, { value: ["B"], as })),
      await refusal(start("add_tags", { ...idsOf(leads), statuses: ["new"] }, { value: ["C"], as })),
      await refusal(start("delete", idsOf(leads), { as })),
      await refusal(start("restore", idsOf(leads), { as })),
    ];
    const outcomes = (list: string[]) => list.map((text) => text.slice(0, 5));
    expect(outcomes(await tries(viewer))).toEqual(Array(5).fill("PT403"));
    expect(outcomes(await tries(operator))).toEqual(["done", "PT403", "PT403", "PT403", "PT403"]);
    expect(outcomes(await tries(manager))).toEqual(Array(5).fill("done"));
    const { job } = await start("delete", idsOf(leads), { as: manager });
    expect(await refusal(operator.sql`select private.undo_bulk_action(${job.id})`.execute())).toMatch(
      /^PT403/,
    );
    await Promise.all([viewer, operator, manager].map((session) => session.end()));
  });

  test("nobody reaches another organisation's leads, lists or actions", async () => {
    const other = await arrangeOrg(bench.db, { numbers: 0 });
    const leads = await arrangeLeads(bench.db, other.id, 2);
    expect(await start("set_status", idsOf(leads), { value: "interested" })).toMatchObject({
      matched: 0,
      job: { result: { changed: 0 } },
    });
    const [list] =
      await bench.sql`insert into public.segments (org_id, name, kind) values (${other.id}, 'Theirs', 'list') returning id`;
    expect(await refusal(start("add_to_segment", idsOf(leads), { value: list?.id }))).toMatch(
      /^PT422.*"field": "value"/,
    );
    const stranger = await signedIn(bench.db, other.adminId);
    const { job } = await start("set_status", idsOf(leads), { value: "interested", as: stranger });
    expect(await refusal(undo(job.id))).toMatch(/^PT404/);
    await stranger.end();
  });

  test.each([
    ["add_tags", {}, ["no spaces"], "value[0]"],
    ["add_tags", {}, [], "value"],
    ["set_status", {}, "sold", "value"],
    ["set_score", {}, "boiling", "value"],
    ["delete", {}, "x", "value"],
    ["burn", {}, null, "action"],
    ["set_status", { ids: [] }, "new", "ids"],
    ["set_status", { ids: [""] }, "new", "filter.ids[0]"],
    ["set_status", { ids: null }, "new", "filter.ids"],
    ["set_status", null, "new", "filter"],
    ["set_status", { deleted: true }, "new", "filter.deleted"],
    ["set_status", { salary: 1 }, "new", "filter.salary"],
  ])("%s of %j with %j is refused, by its field", async (action, filter: object | null, value, field) => {
    const leads = await arrangeLeads(bench.db, org.id, 1);
    expect(await refusal(start(action, filter, { value }))).toContain(`"field": "${field}"`);
    expect((await read("status, tags, deleted_at"))[0]).toEqual({
      status: "new",
      tags: [],
      deleted_at: null,
    });
    expect(leads).toHaveLength(1);
  });
});

test("more than a thousand become a job, which is undone by a job", async () => {
  await arrangeOwners(bench.sql, org.id, 2300, 2000);
  const { matched, job } = await start("set_status", { statuses: ["new"] }, { value: "contacted" });
  expect([matched, job.status]).toEqual([2300, "queued"]);
  expect(await refusal(undo(job.id))).toMatch(/^PT409/);
  expect(await workOnJobs(bench.a.sql)).toBe(4);
  const figures = async (id: string) =>
    (await bench.sql`select status, result, total_items, done_items from public.jobs where id = ${id}`)[0];
  expect(await figures(job.id)).toEqual({
    status: "completed",
    result: { changed: 2300 },
    total_items: "2300",
    done_items: "2300",
  });
  await bench.sql`update public.leads set status = 'interested' where org_id = ${org.id} and last_name::int < 2050`;
  const undoing = await undo(job.id);
  expect(undoing.status).toBe("queued");
  await workOnJobs(bench.a.sql);
  expect(await figures(undoing.id)).toMatchObject({
    status: "completed",
    result: { changed: 2250, skipped_changed_since: 50 },
  });
  const counts =
    await bench.sql`select status, count(*)::int as n from public.leads where org_id = ${org.id} group by 1 order by 1`;
  expect([...counts]).toEqual([
    { status: "interested", n: 50 },
    { status: "new", n: 2250 },
  ]);
});

test("a job that was canceled half-way is undone as far as it went", async () => {
  await arrangeOwners(bench.sql, org.id, 1500, 5000);
  const { job } = await start("delete", { statuses: ["new"] });
  for (const _ of ["fix", "delete"]) await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  await admin.sql`select private.cancel_job(${job.id})`;
  const live = async () =>
    (
      await bench.sql`select count(*)::int as n from public.leads where org_id = ${org.id} and deleted_at is null`
    )[0]?.n;
  expect(await live()).toBe(500);
  expect((await undo(job.id)).result).toEqual({ changed: 1000 });
  expect(await live()).toBe(1500);
});

describe("meets", () => {
  test("a STOP that holds the person: the deletion waits, and both are done", async () => {
    const [one, two] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
    await arrangeCampaign(bench.db, org);
    await bench.a.begin();
    await writeStop(bench.a.sql, org.accountSid, two.e164, org.numbers[0]?.e164 as string, AFTERNOON);
    const deleting = start("delete", idsOf([one, two]));
    await admin.blocked(bench.a);
    await bench.a.commit();
    expect((await deleting).job.result).toMatchObject({ changed: 2 });
    const states =
      await bench.sql`select distinct state from public.campaign_targets where org_id = ${org.id}`;
    expect(states.map(({ state }) => state)).toEqual(["canceled"]);
  });

  test("an import of the same phones in another order: one waits for the other", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 30);
    await bench.holder.begin();
    const middle = leads.map(({ e164 }) => e164).sort()[15] as string;
    await bench.holder.sql`select private.lock_contacts(${org.id}, ${[middle]})`;
    const deleting = start("delete", idsOf(leads));
    await admin.blocked(bench.holder);
    const locking =
      bench.sql`select private.lock_contacts(${org.id}, ${leads.map(({ e164 }) => e164).reverse()})`.execute();
    await bench.holder.commit();
    expect((await deleting).job.result).toMatchObject({ changed: 30 });
    await locking;
  });

  test("another action on the same leads: the second waits, and changes what the first left", async () => {
    const leads = await arrangeLeads(bench.db, org.id, 20);
    const other = await signedIn(bench.db, org.adminId);
    await admin.begin();
    await start("add_tags", idsOf(leads), { value: ["ONE"] });
    const second = start("add_tags", idsOf([...leads].reverse()), { value: ["TWO"], as: other });
    await other.blocked(admin);
    await admin.commit();
    expect((await second).job.result).toEqual({ changed: 20 });
    expect((await read("tags")).map(({ tags }) => tags.join())).toEqual(Array(20).fill("ONE,TWO"));
    await other.end();
  });
});
