// Interested people have a clock; unanswered conversations go to somebody else; assignment is fair and locked.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  addPerson,
  answer,
  conversationOf,
  eventsOf,
  foldSpans,
  type Person,
  personWrites,
  postAll,
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
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let people: Person[];
let leads: ArrangedLead[];
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  // The admin who signed up takes no part.
  await bench.sql`update public.users set is_available = false where id = ${org.adminId}`;
  people = [await addPerson(bench.db, org.id), await addPerson(bench.db, org.id)].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  leads = await arrangeLeads(bench.db, org.id, 4);
});
afterEach(async () => {
  await Promise.all(people.map(({ session }) => session.rollback().then(() => session.end())));
});

const at = (minutes: number) => later(AFTERNOON, minutes * 60);
const YES = { cls: "interested", interest: "interested", body: "Yes, how much?" };
const writes = (lead: number, minutes: number, written = {}) =>
  personWrites(bench, org, leads[lead]?.e164 ?? "", at(minutes), written);
const set = (fields: Record<string, unknown>) =>
  bench.sql`update public.orgs set ${bench.sql(fields)} where id = ${org.id}`;
const assignee = async (id: string) => (await conversationOf(bench, id)).assignee_id;
const alerts = () =>
  bench.sql`
    select details, resolved_at from public.alerts where org_id = ${org.id} and kind = 'hot_leads_waiting'
    order by created_at`;

describe("an interested person", () => {
  it("is hot, has a clock in reply hours, and moves the lead", async () => {
    await set({
      reply_hours: bench.sql.json({ wednesday: [{ from: "15:10", to: "16:00" }] }),
      hot_minutes: 5,
    });
    const id = await writes(0, 0, YES);
    expect(await conversationOf(bench, id)).toMatchObject({
      reply_class: "interested",
      class_source: "rules",
      hot_since: at(0),
      hot_due_at: at(15),
    });
    expect(await eventsOf(bench, id)).toEqual(["hot"]);
    const [lead] =
      await bench.sql`select status, lead_score from public.leads where id = ${leads[0]?.id ?? ""}`;
    expect(lead).toEqual({ status: "interested", lead_score: "hot" });
    // A question afterwards does not cool them down.
    await writes(0, 1, { cls: "question" });
    expect(await conversationOf(bench, id)).toMatchObject({ reply_class: "interested", hot_due_at: at(15) });
    await writes(0, 2, { cls: "not_interested", interest: "not_interested" });
    expect(await conversationOf(bench, id)).toMatchObject({ hot_since: null, hot_due_at: null });
  });

  it("who gets no answer is told of once overdue, and ten minutes later to the managers, in one alert", async () => {
    const first = await writes(0, 0, YES);
    const second = await writes(1, 1, YES);
    await watch(bench, org.id, at(4.9));
    expect(await eventsOf(bench, first)).toEqual(["hot"]);
    await watch(bench, org.id, at(5));
    expect(await eventsOf(bench, first)).toEqual(["hot", "hot_overdue"]);
    expect(await alerts()).toEqual([]);
    await watch(bench, org.id, at(15));
    expect(await alerts()).toEqual([{ details: { count: 1 }, resolved_at: null }]);
    await watch(bench, org.id, at(16));
    expect(await alerts()).toEqual([{ details: { count: 2 }, resolved_at: null }]);
    expect(await eventsOf(bench, second)).toEqual(["hot", "hot_overdue", "escalated"]);
    await watch(bench, org.id, at(60));
    expect(await alerts()).toHaveLength(1);

    const [ana] = people as [Person];
    await answer(ana, first, at(61));
    await postAll(bench, at(61));
    await foldSpans(bench, at(61));
    expect(await alerts()).toEqual([{ details: { count: 1 }, resolved_at: null }]);
    await ana.session
      .sql`select private.change_conversations(array[${second}]::uuid[], '{"dismiss": true}', ${at(62)})`;
    expect(await alerts()).toEqual([{ details: { count: 1 }, resolved_at: at(62) }]);
  });

  it("who was answered in time is never overdue, and has a new clock when they write again", async () => {
    const [ana] = people as [Person];
    const id = await writes(0, 0, YES);
    await answer(ana, id, at(1));
    await postAll(bench, at(1));
    await foldSpans(bench, at(1));
    await watch(bench, org.id, at(30));
    expect(await eventsOf(bench, id)).toEqual(["hot", "assigned"]);
    await writes(0, 40, { cls: "reply" });
    expect(await conversationOf(bench, id)).toMatchObject({ hot_since: at(0), hot_due_at: at(45) });
  });

  it("is what a person says: a correction wins over the rules, and over texts that say little", async () => {
    const [ana] = people as [Person];
    const id = await writes(0, 0, { cls: "reply", body: "Maybe if the price is right" });
    const classify = (cls: string, minutes: number) =>
      ana.session.sql`select private.classify_conversation(${id}, ${cls}, ${at(minutes)})`;
    await classify("interested", 1);
    expect(await conversationOf(bench, id)).toMatchObject({
      reply_class: "interested",
      class_source: "person",
      hot_due_at: at(6),
    });
    const [lead] = await bench.sql`select status from public.leads where id = ${leads[0]?.id ?? ""}`;
    expect(lead?.status).toBe("interested");
    await classify("not_interested", 2);
    await writes(0, 3, { cls: "reply" });
    expect(await conversationOf(bench, id)).toMatchObject({ reply_class: "not_interested", hot_since: null });
    await writes(0, 4, YES);
    expect(await conversationOf(bench, id)).toMatchObject({
      reply_class: "interested",
      class_source: "rules",
    });
    await classify("stop", 5);
    expect(await conversationOf(bench, id)).toMatchObject({
      reply_class: "stop",
      waiting_since: null,
      hot_since: null,
    });
    const [contact] = await bench.sql`
      select suppressed_at from private.contacts where org_id = ${org.id} and e164 = ${leads[0]?.e164 ?? ""}`;
    expect(contact?.suppressed_at).toEqual(at(5));
  });
});

describe("assignment", () => {
  it("gives nothing by itself unless a rule is set", async () => {
    expect(await assignee(await writes(0, 0))).toBeNull();
  });

  it("goes round: to each in turn, among those who are available and may answer", async () => {
    await set({ assignment: "round_robin", return_minutes: 0 });
    const viewer = await addPerson(bench.db, org.id, "viewer");
    await viewer.session.end();
    const given: unknown[] = [];
    for (const lead of [0, 1, 2, 3]) given.push(await assignee(await writes(lead, lead)));
    const [ana, beto] = people as [Person, Person];
    expect(given).toEqual([ana.id, beto.id, ana.id, beto.id]);
    await bench.sql`update public.users set is_available = false where id = ${ana.id}`;
    const [more] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    expect(await assignee(await personWrites(bench, org, more.e164, at(9)))).toBe(beto.id);
  });

  it("prefers who has the fewest open, and passes over who has as many as allowed", async () => {
    await set({ assignment: "least_open", max_open: 2, return_minutes: 0 });
    const [ana, beto] = people as [Person, Person];
    const first = await writes(0, 0);
    expect(await assignee(first)).toBe(ana.id);
    expect(await assignee(await writes(1, 1))).toBe(beto.id);
    await ana.session
      .sql`select private.change_conversations(array[${first}]::uuid[], '{"status": "archived"}', ${at(2)})`;
    expect(await assignee(await writes(2, 3))).toBe(ana.id);
    await set({ max_open: 1 });
    expect(await assignee(await writes(3, 4))).toBeNull();
  });

  it("returns to who answered this person last", async () => {
    await set({ assignment: "round_robin", return_minutes: 0 });
    const [ana, beto] = people as [Person, Person];
    const id = await writes(0, 0);
    await answer(beto, id, at(1));
    await postAll(bench, at(1));
    await foldSpans(bench, at(1));
    await ana.session
      .sql`select private.change_conversations(array[${id}]::uuid[], '{"assignee_id": null}', ${at(2)})`;
    for (const lead of [1, 2]) await writes(lead, 3);
    await writes(0, 4);
    expect(await assignee(id)).toBe(beto.id);
  });

  it("ends after the return time unless they answered, and goes to somebody else", async () => {
    await set({ assignment: "round_robin", return_minutes: 15 });
    const [ana, beto] = people as [Person, Person];
    const id = await writes(0, 0);
    expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: ana.id, returns_at: at(15) });
    await watch(bench, org.id, at(15));
    expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: beto.id, returns_at: at(30) });
    expect(await eventsOf(bench, id)).toEqual(["assigned", "returned", "assigned"]);
    await answer(beto, id, at(20));
    await postAll(bench, at(20));
    await foldSpans(bench, at(20));
    await watch(bench, org.id, at(60));
    expect(await conversationOf(bench, id)).toMatchObject({ assignee_id: beto.id, returns_at: null });
  });

  it("of an overdue hot lead goes to somebody else, and stays if nobody else is free", async () => {
    await set({ assignment: "round_robin", return_minutes: 0 });
    const [ana, beto] = people as [Person, Person];
    const id = await writes(0, 0, YES);
    expect(await assignee(id)).toBe(ana.id);
    await watch(bench, org.id, at(5));
    expect(await assignee(id)).toBe(beto.id);
    await bench.sql`update public.users set is_available = false where id = ${ana.id}`;
    const second = await writes(1, 6, YES);
    expect(await assignee(second)).toBe(beto.id);
    await watch(bench, org.id, at(11));
    expect(await assignee(second)).toBe(beto.id);
  });

  it("of two conversations at the same instant does not choose the same person twice", async () => {
    await set({ assignment: "round_robin", return_minutes: 0 });
    await writes(0, 0);
    await bench.holder.begin();
    await bench.holder.sql`select from private.assignment_turns where org_id = ${org.id} for update`;
    const sessions = [await bench.db.admin(), await bench.db.admin()];
    const both = sessions.map((session, i) => personWrites(session, org, leads[i + 1]?.e164 ?? "", at(1)));
    await Promise.all(sessions.map((session) => session.blocked()));
    await bench.holder.commit();
    const [one, other] = await Promise.all(both);
    await Promise.all(sessions.map((session) => session.end()));
    expect(new Set([await assignee(one ?? ""), await assignee(other ?? "")]).size).toBe(2);
  });
});

describe("a snoozed conversation", () => {
  it("comes back at its time, or when the person writes", async () => {
    const [ana] = people as [Person];
    const id = await writes(0, 0);
    const snooze = (minutes: number, now: number) =>
      ana.session.sql`
        select private.change_conversations(array[${id}]::uuid[],
          ${ana.session.sql.json({ snoozed_until: at(minutes).toISOString() })}, ${at(now)})`;
    await snooze(30, 1);
    expect(await conversationOf(bench, id)).toMatchObject({ status: "snoozed", snoozed_until: at(30) });
    await watch(bench, org.id, at(30));
    expect(await conversationOf(bench, id)).toMatchObject({
      status: "active",
      snoozed_until: null,
      unread_count: 1,
    });
    await snooze(60, 31);
    await writes(0, 40);
    expect(await conversationOf(bench, id)).toMatchObject({ status: "active", unread_count: 2 });
    expect(await eventsOf(bench, id)).toEqual(["snoozed", "woke", "snoozed", "reopened"]);
  });
});
