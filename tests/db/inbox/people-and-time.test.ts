// What must not go wrong when people leave, receipts come late, or nobody is free.
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  addPerson,
  answer,
  claimDue,
  conversationOf,
  eventsOf,
  foldSpans,
  type Person,
  personWrites,
  postAll,
  spansOf,
  watch,
} from "../../fixtures/arrange-inbox.ts";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { accepted, newSid, receipt, settle } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let ana: Person;
let beto: Person;
let leads: ArrangedLead[];
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  await bench.sql`update public.users set is_available = false where id = ${org.adminId}`;
  [ana, beto] = [await addPerson(bench.db, org.id), await addPerson(bench.db, org.id)].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  ) as [Person, Person];
  leads = await arrangeLeads(bench.db, org.id, 2);
});
afterEach(async () => {
  await Promise.all([ana, beto].map(({ session }) => session.rollback().then(() => session.end())));
});

const at = (minutes: number) => later(AFTERNOON, minutes * 60);
const YES = { cls: "interested", interest: "interested", body: "Yes" };
const writes = (minutes: number, written = {}, lead = 0) =>
  personWrites(bench, org, leads[lead]?.e164 ?? "", at(minutes), written);
const set = (fields: Record<string, unknown>) =>
  bench.sql`update public.orgs set ${bench.sql(fields)} where id = ${org.id}`;
const openAlerts = () =>
  bench.sql`select from public.alerts where org_id = ${org.id} and kind = 'hot_leads_waiting' and resolved_at is null`;

it("a text is stored although the person whose turn it is is just being removed, and somebody else gets it", async () => {
  await set({ assignment: "round_robin" });
  await bench.holder.begin();
  await bench.holder.sql`delete from auth.users where id = ${ana.id}`;
  const id = await writes(0, YES);
  expect((await conversationOf(bench, id)).assignee_id).toBe(beto.id);
  await bench.holder.commit();
});

it("a banned person is given nothing", async () => {
  await set({ assignment: "round_robin" });
  await bench.sql`update auth.users set banned_until = ${at(60)} where id = ${ana.id}`;
  expect((await conversationOf(bench, await writes(0))).assignee_id).toBe(beto.id);
});

it("a conversation that nobody could take is given to the first who is free", async () => {
  await set({ assignment: "round_robin", return_minutes: 0 });
  await bench.sql`update public.users set is_available = false where org_id = ${org.id}`;
  const id = await writes(0);
  expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: null });
  await bench.sql`update public.users set is_available = true where id = ${beto.id}`;
  await watch(bench, org.id, at(15));
  expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: beto.id });
  // Whoever leaves leaves it to the others.
  await bench.sql`update public.users set is_available = true where id = ${ana.id}`;
  await bench.sql`delete from auth.users where id = ${beto.id}`;
  await watch(bench, org.id, new Date(Date.now() + 1000));
  expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: ana.id });
});

it("an answer that could not go out for two weeks fails, and says so", async () => {
  const id = await writes(0);
  await answer(ana, id, at(1), { send_at: at(6 * 1440) });
  // At night, sixteen days later.
  await watch(bench, org.id, at(16 * 1440 + 12 * 60));
  const [text] =
    await bench.sql`select state, reason from public.scheduled_texts where conversation_id = ${id}`;
  expect(text).toEqual({ state: "failed", reason: "It could not be sent within 14 days." });
  expect(await eventsOf(bench, id)).toContain("schedule_failed");
});

it("the same word to a second question is a second answer, and again to the first is not", async () => {
  const id = await writes(0);
  const first = await answer(ana, id, at(0.1), { content: "Yes", seen_version: 1 });
  expect(await answer(ana, id, at(0.2), { content: "Yes", seen_version: 1 })).toMatchObject({
    message_id: first.message_id,
    deduplicated: true,
  });
  await writes(0.3);
  expect(await answer(ana, id, at(0.4), { content: "Yes", seen_version: 3 })).toMatchObject({
    deduplicated: false,
  });
  expect(await answer(ana, id, at(0.5), { content: "Yes", seen_version: 4 })).toMatchObject({
    deduplicated: false,
  });
  expect(await answer(ana, id, at(0.6), { content: "Yes", archive: true })).toMatchObject({
    deduplicated: true,
  });
  expect(await conversationOf(bench, id)).toMatchObject({ status: "archived" });
});

it("an interested person whose answer was not delivered has a clock again", async () => {
  const id = await writes(0, YES);
  await answer(ana, id, at(1));
  const [claimed] = await claimDue(bench, at(1));
  const sid = newSid();
  await settle(bench.a.sql, [accepted(claimed?.attempt_id ?? "", sid)], at(1));
  await foldSpans(bench, at(1));
  expect(await conversationOf(bench, id)).toMatchObject({ hot_due_at: null });
  const given = { messageId: claimed?.message_id ?? "", attemptId: claimed?.attempt_id ?? "", sid };
  await receipt(bench.a.sql, org.id, { ...given, status: "undelivered", code: 30005 }, at(3));
  await foldSpans(bench, at(3));
  expect(await conversationOf(bench, id)).toMatchObject({ waiting_since: at(0), hot_due_at: at(8) });
});

it("who wrote again before the answer was folded has a clock of their own", async () => {
  const id = await writes(0, YES);
  await watch(bench, org.id, at(5));
  await watch(bench, org.id, at(15));
  expect(await openAlerts()).toHaveLength(1);
  await answer(ana, id, at(16));
  await postAll(bench, at(16));
  await writes(17);
  expect(await conversationOf(bench, id)).toMatchObject({
    waiting_since: at(17),
    hot_due_at: at(22),
    escalated_at: null,
  });
  expect(await openAlerts()).toHaveLength(0);
});

it("figures of a person whose account was deleted stay", async () => {
  const id = await writes(0);
  await answer(ana, id, at(1));
  await postAll(bench, at(1));
  await foldSpans(bench, at(1));
  await bench.sql`delete from auth.users where id = ${ana.id}`;
  await writes(100);
  expect(await spansOf(bench, id)).toEqual(["answered 60", "open"]);
});

it("an opt-out keeps a span moot although the person came back", async () => {
  const id = await writes(0);
  await bench.sql`select private.suppress(${org.id}, ${leads[0]?.e164 ?? ""}, 'manual', 'Phone', p_now => ${at(5)})`;
  await foldSpans(bench, at(5));
  await writes(10, { kind: "start" });
  await answer(ana, id, at(20));
  await postAll(bench, at(20));
  await foldSpans(bench, at(20));
  expect(await spansOf(bench, id)).toEqual(["moot 300"]);
});

it("the alert about interested people ends with archiving, deleting and erasing", async () => {
  const ids = [await writes(0, YES), await writes(0, YES, 1)];
  for (const minutes of [5, 15]) await watch(bench, org.id, at(minutes));
  const change = (id: string | undefined, status: string) =>
    ana.session.sql`
      select private.change_conversations(array[${id ?? ""}]::uuid[], ${ana.session.sql.json({ status })}, ${at(20)})`;
  await change(ids[0], "archived");
  expect(await openAlerts()).toHaveLength(1);
  await bench.sql`select private.erase_messages(${org.id}, array[${leads[1]?.e164 ?? ""}])`;
  expect(await openAlerts()).toHaveLength(0);
  await watch(bench, org.id, at(500));
  expect(await openAlerts()).toHaveLength(0);
});

it("removing a person while many of their conversations change is no deadlock", async () => {
  const ids = [await writes(0), await writes(0, {}, 1)].sort();
  await bench.sql`update public.conversations set assignee_id = ${ana.id}, assigned_at = now() where id = any (${ids}::uuid[])`;
  // Ana changes both, and waits for the second; meanwhile she is removed.
  await bench.holder.begin();
  await bench.holder.sql`select from public.conversations where id = ${ids[1] ?? ""} for update`;
  const changes = ana.session.sql`
    select private.change_conversations(${ids}::uuid[], '{"status": "archived"}', ${at(1)})`.then(
    () => "done",
    (error) => error.code,
  );
  await ana.session.blocked(bench.holder);
  const remover = await bench.db.admin();
  const removed = remover.sql`delete from auth.users where id = ${ana.id}`.then(
    () => "done",
    (error) => error.code,
  );
  await remover.blocked(ana.session);
  await bench.holder.commit();
  expect(await Promise.all([changes, removed])).toEqual(["done", "done"]);
  await remover.end();
});

it("an answer waits for its organisation before it holds its author, as a removal does", async () => {
  const id = await writes(0);
  await bench.holder.begin();
  await bench.holder.sql`select from public.orgs where id = ${org.id} for no key update`;
  const answers = answer(ana, id, at(1)).then(
    () => "done",
    (error) => error.code,
  );
  await ana.session.blocked(bench.holder);
  await bench.holder.sql`select from public.users where id = ${ana.id} for update`;
  await bench.holder.commit();
  expect(await answers).toBe("done");
});

it("who answers an unassigned conversation keeps it, also if the answer waits", async () => {
  await set({ assignment: "round_robin" });
  await bench.sql`update public.users set is_available = false where org_id = ${org.id}`;
  const id = await writes(0);
  await answer(ana, id, at(1), { send_at: at(60) });
  await bench.sql`update public.users set is_available = true where id = ${beto.id}`;
  await watch(bench, org.id, at(16));
  expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: ana.id });
});
