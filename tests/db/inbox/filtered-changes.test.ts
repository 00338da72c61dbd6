// The same change of all conversations that a filter finds: of a few at once, of more by a job, always in the name of its author.
import { afterEach, beforeEach, expect, it } from "vitest";
import { addPerson, type Person } from "../../fixtures/arrange-inbox.ts";
import { AFTERNOON, type ArrangedOrg, arrangeOrg } from "../../fixtures/arrange-sending.ts";
import { claimStep, runStep, workOnJobs } from "../../fixtures/drive-jobs.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let ana: Person;
let beto: Person;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 0 });
  [ana, beto] = [await addPerson(bench.db, org.id), await addPerson(bench.db, org.id)];
});
afterEach(async () => {
  await Promise.all([ana, beto].map(({ session }) => session.rollback().then(() => session.end())));
});

const addConversations = (count: number, from = 0) => bench.sql`
  insert into public.conversations (org_id, e164, unread_count, last_message_at, created_at)
  select ${org.id}, '+1512' || (5550000 + ${from}::integer + i), 1, ${AFTERNOON}::timestamptz - i * interval '1 minute', ${AFTERNOON}
  from generate_series(1, ${count}::integer) i`;

interface Changed {
  matched: number;
  matched_is_estimate: boolean;
  changed: number;
  job: { id: string; input: object } | null;
}
async function change({ session }: Person, filter: object, to: object, isDryRun = false): Promise<Changed> {
  const [row] = await session.sql`
    select public.change_filtered_conversations(${session.sql.json(filter as never)}, ${session.sql.json(to as never)}, ${isDryRun}) as changed`;
  return row?.changed;
}
const job = async (changed: Changed) =>
  (await bench.sql`select * from public.jobs where id = ${changed.job?.id ?? null}`)[0];
const countOf = async (condition: string) => {
  const [row] = await bench.sql`
    select count(*)::integer as n from public.conversations c where c.org_id = ${org.id} and ${bench.sql.unsafe(condition)}`;
  return row?.n;
};
const eventsBy = async (event: string) =>
  (
    await bench.sql`
    select actor_id, count(*)::integer as n from public.conversation_events
    where org_id = ${org.id} and event = ${event} group by 1`
  ).map(({ actor_id, n }) => [actor_id, n]);

it("up to 500 are changed at once; a dry run only counts", async () => {
  await addConversations(120);
  expect(await change(ana, { unread: true }, { status: "archived" }, true)).toEqual({
    matched: 120,
    matched_is_estimate: false,
    changed: 0,
    not_found: 0,
    job: null,
  });
  expect(await countOf("c.status = 'archived'")).toBe(0);
  expect(await change(ana, { unread: true }, { status: "archived" })).toMatchObject({
    matched: 120,
    changed: 120,
    job: null,
  });
  expect(await eventsBy("archived")).toEqual([[ana.id, 120]]);
  expect(await change(ana, { unread: true }, { status: "archived" })).toMatchObject({
    matched: 0,
    changed: 0,
  });
});

it("more are changed by a job, in the name of whoever began it, and only those that it found", async () => {
  await addConversations(1250);
  await bench.sql`update public.conversations set assignee_id = ${ana.id}, assigned_at = ${AFTERNOON}
    where org_id = ${org.id} and right(e164, 1) <> '0'`;
  await bench.sql`delete from realtime.messages`;
  const changed = await change(ana, { assignee: "me" }, { is_read: true, assignee_id: beto.id });
  expect(changed).toMatchObject({
    matched: 1125,
    changed: 0,
    job: { input: { filter: { assignee: ana.id } } },
  });
  const first = await claimStep(bench.a.sql);
  await runStep(bench.a.sql, first as never);
  expect(await job(changed)).toMatchObject({ status: "running", total_items: "1125", done_items: "0" });
  await addConversations(5, 5000);
  await bench.sql`update public.conversations set assignee_id = ${ana.id}, assigned_at = ${AFTERNOON} where org_id = ${org.id} and assignee_id is null`;
  expect(await workOnJobs(bench.a.sql)).toBe(6);
  expect(await job(changed)).toMatchObject({ status: "completed", result: { changed: 1125 } });
  expect(await countOf(`c.assignee_id = '${beto.id}' and c.unread_count = 0`)).toBe(1125);
  expect(await countOf(`c.assignee_id = '${ana.id}' and c.unread_count = 1`)).toBe(130);
  expect(await eventsBy("assigned")).toEqual([[ana.id, 1125]]);
});

it("more than 50 are told of once, not row by row, and fewer by their rows", async () => {
  await addConversations(51);
  await bench.sql`delete from realtime.messages`;
  const told = async () =>
    (
      await bench.sql`select event, payload ->> 'table' as "table", payload ->> 'conversations' as n from realtime.messages
        where topic = ${`inbox:${org.id}`} order by inserted_at, 1, 2`
    ).map(({ event, table, n }) => `${event} ${table ?? n}`);
  await change(ana, {}, { status: "archived" });
  expect(await told()).toEqual(["conversations_changed 51"]);
  await bench.sql`delete from realtime.messages`;
  await bench.sql`delete from public.conversations where id in (
    select id from public.conversations where org_id = ${org.id} limit 49)`;
  await change(ana, { statuses: ["archived"] }, { status: "active" });
  expect(await told()).toEqual([
    ...Array(2).fill("INSERT conversation_events"),
    ...Array(2).fill("UPDATE conversations"),
  ]);
});

it("a job fails, and says why, if who was to get the conversations has left", async () => {
  await addConversations(501);
  const changed = await change(ana, {}, { assignee_id: beto.id });
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  await bench.sql`delete from auth.users where id = ${beto.id}`;
  const step = await claimStep(bench.a.sql);
  await expect(runStep(bench.a.sql, step as never)).rejects.toThrow(/Name somebody of your organisation/);
  expect(await job(changed)).toMatchObject({ done_items: "0" });
});

it("a step and the removal of its author wait for each other in one order", async () => {
  await addConversations(501);
  const changed = await change(ana, {}, { status: "archived" });
  await runStep(bench.a.sql, (await claimStep(bench.a.sql)) as never);
  const step = await claimStep(bench.a.sql);
  await bench.holder.begin();
  // Takes the person, then their jobs.
  await bench.holder.sql`select from public.users where id = ${ana.id} for update`;
  const running = runStep(bench.a.sql, step as never);
  await bench.a.blocked(bench.holder);
  await bench.holder.sql`delete from auth.users where id = ${ana.id}`;
  await bench.holder.commit();
  expect(await running).toBe(true);
  await workOnJobs(bench.a.sql);
  expect(await job(changed)).toMatchObject({ status: "completed", created_by: null });
  expect(await eventsBy("archived")).toEqual([[null, 501]]);
});

it("what can't be done is refused before anything is counted, by field", async () => {
  await addConversations(1);
  const other = await arrangeOrg(bench.db, { numbers: 0 });
  const [label] = await bench.sql`
    insert into public.labels (org_id, name, created_at, updated_at) values (${other.id}, 'Theirs', now(), now()) returning id`;
  const cases: [string, object, object][] = [
    ["change", {}, {}],
    ["assignee_id", {}, { assignee_id: other.adminId }],
    ["add_label_ids", {}, { add_label_ids: [label?.id] }],
    ["statuses", { statuses: ["gone"] }, { is_read: true }],
    ["status", {}, { status: "open" }],
    ["snoozed_until", {}, { snoozed_until: "2020-01-01T00:00:00Z" }],
  ];
  for (const [field, filter, to] of cases) {
    const { detail } = await change(ana, filter, to, true).then(
      () => ({ detail: "done" }),
      (error) => error,
    );
    expect([field, detail]).toEqual([field, expect.stringContaining(field)]);
  }
  await bench.sql`update public.users set role = 'viewer' where id = ${ana.id}`;
  await expect(change(ana, {}, { is_read: true })).rejects.toMatchObject({ code: "PT403" });
});
