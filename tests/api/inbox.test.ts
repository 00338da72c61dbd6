// The inbox over HTTP: lists and filters, threads, notes, labels, quick responses, answers, and who hears of it live.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { joinChannel } from "../fixtures/join-channel.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";

const stack = inject("stack");
let org: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 1, roles: ["viewer", "operator", "campaign_manager"] });
  leads = await addLeads(org, 6);
});
afterAll(() => org.close());

type User = "viewer" | "operator" | "campaign_manager" | "admin";
const call = (method: string, path: string, body?: unknown, user: User = "operator") =>
  callFunction(stack, org.users[user], method, `/messages${path}`, body);
const get = async (path: string, user?: User) => (await call("GET", path, undefined, user)).body.data;
const leadAt = (i: number) => leads[i] as TestLead;

async function writes(i: number, body: string): Promise<string> {
  const answer = await postWebhook(org, {
    path: "/twilio/inbound",
    fields: {
      MessageSid: `SM${randomUUID().replaceAll("-", "")}`,
      From: leadAt(i).e164,
      To: org.numbers[0]?.e164 as string,
      Body: body,
      NumMedia: "0",
    },
  });
  expect(answer.status).toBe(200);
  const { body: found } = await call("GET", `/conversations?status=active&lead_id=${leadAt(i).id}`);
  return found.data[0].id;
}
const listed = async (query: string, user?: User): Promise<string[]> => {
  const answer = await call("GET", `/conversations?limit=100&${query}`, undefined, user);
  expect([query, answer.status, answer.body.error]).toEqual([query, 200, undefined]);
  return answer.body.data.map(({ lead_id }: { lead_id: string }) => lead_id);
};

describe("lists", () => {
  const ids: string[] = [];
  beforeAll(async () => {
    ids.push(await writes(0, "Yes, I am interested in selling"));
    ids.push(await writes(1, "Which parcel do you mean, the one near Zapotlan?"));
    ids.push(await writes(2, "No thanks, not interested"));
    ids.push(await writes(3, "ok"));
  });

  it("show what the person said, who they are, and what waits", async () => {
    const [first] = (await call("GET", `/conversations?lead_id=${leadAt(0).id}`)).body.data;
    expect(first).toMatchObject({
      id: ids[0],
      e164: leadAt(0).e164,
      lead_id: leadAt(0).id,
      lead_name: expect.any(String),
      lead_status: "interested",
      from_number: org.numbers[0]?.e164,
      status: "active",
      unread_count: 1,
      version: 1,
      last_message: "Yes, I am interested in selling",
      last_direction: "inbound",
      reply_class: "interested",
      class_source: "rules",
      waiting_since: expect.any(String),
      hot_since: expect.any(String),
      hot_due_at: expect.any(String),
      assignee_id: null,
      label_ids: [],
    });
  });

  it("are filtered by each field, and by several together", async () => {
    const all = [0, 1, 2, 3].map((i) => leadAt(i).id);
    const some = (...which: number[]) => which.map((i) => leadAt(i).id);
    expect(await listed("")).toEqual([...all].reverse());
    expect(await listed("class=interested")).toEqual(some(0));
    expect(await listed("class=interested&class=question")).toEqual(some(1, 0));
    expect(await listed("hot=true")).toEqual(some(0));
    expect(await listed("hot=false&waiting=true")).toEqual(some(3, 2, 1));
    expect(await listed("assignee=none")).toHaveLength(4);
    expect(await listed("assignee=me")).toEqual([]);
    expect(await listed("status=archived")).toEqual([]);
    expect(await listed("unread=false")).toEqual([]);
    expect(await listed("q=zapotl")).toEqual(some(1));
    expect(await listed(`q=${leadAt(2).e164.slice(2)}`)).toEqual(some(2));
    expect(await listed(`phone_number_id=${org.numbers[0]?.id}`)).toHaveLength(4);
    expect(await listed(`phone_number_id=${randomUUID()}`)).toEqual([]);
  });

  it("are paged by cursor, each conversation once", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const answer = await call("GET", `/conversations?limit=3${cursor ? `&cursor=${cursor}` : ""}`);
      seen.push(...answer.body.data.map(({ id }: { id: string }) => id));
      expect(answer.body.pagination).toMatchObject({ total: 4, total_is_estimate: false });
      cursor = answer.body.pagination.next_cursor;
    } while (cursor);
    expect(seen).toEqual([...ids].reverse());
  });

  it("refuse filters that mean nothing, by field", async () => {
    for (const [query, field] of [
      ["status=open", "status.0"],
      ["assignee=somebody", "assignee"],
      ["class=nice", "class.0"],
      ["label=x", "label.0"],
      ["unread=perhaps", "unread"],
      ["campaign_id=1", "campaign_id"],
      ["limit=501", "limit"],
      ["sort=new", "sort"],
    ]) {
      const bad = await call("GET", `/conversations?${query}`);
      expect([query, bad.status, fieldsOf(bad)]).toEqual([query, 422, [field]]);
    }
    expect((await call("GET", "/conversations?cursor=abc")).status).toBe(422);
  });

  it("are counted", async () => {
    expect(await get("/conversations/counts")).toEqual({
      active: 4,
      unread: 4,
      waiting: 4,
      hot: 1,
      mine: 0,
      unassigned: 4,
      starred: 0,
      snoozed: 0,
      archived: 0,
    });
  });
});

describe("one conversation", () => {
  it("is read, starred, assigned, snoozed, archived and hidden, each told in its events", async () => {
    const id = await writes(3, "Are you there?");
    const act = async (method: string, action: string, body?: unknown) =>
      (await call(method, `/conversations/${id}/${action}`, body)).body.data;
    expect(await get(`/conversations/${id}`, "viewer")).toMatchObject({ unread_count: 2 });
    expect(await act("POST", "read")).toMatchObject({ unread_count: 0 });
    expect(await act("POST", "unread")).toMatchObject({ unread_count: 1 });
    expect(await act("PUT", "star", { is_starred: true })).toMatchObject({ is_starred: true });
    const me = org.users.operator?.id;
    expect(await act("PUT", "assignee", { assignee_id: me })).toMatchObject({ assignee_id: me });
    expect(await listed("assignee=me&starred=true")).toEqual([leadAt(3).id]);
    const until = new Date(Date.now() + 86_400_000).toISOString();
    expect(await act("POST", "snooze", { until })).toMatchObject({ status: "snoozed" });
    expect(await act("POST", "reopen")).toMatchObject({ status: "active", snoozed_until: null });
    expect(await act("POST", "dismiss")).toMatchObject({ waiting_since: null });
    expect(await act("POST", "archive")).toMatchObject({ status: "archived" });
    const { events } = await get(`/conversations/${id}/events`, "viewer");
    expect(events.map(({ event }: { event: string }) => event)).toEqual([
      "archived",
      "dismissed",
      "reopened",
      "snoozed",
      "assigned",
    ]);
    expect(events[0].actor_id).toBe(me);
    expect((await call("DELETE", `/conversations/${id}`)).status).toBe(204);
    for (const status of ["active", "archived", "snoozed"])
      expect(await listed(`status=${status}`)).not.toContain(leadAt(3).id);
    await writes(3, "Hello again");
    expect(await listed("")).toContain(leadAt(3).id);
  });

  it("refuses an assignee who may not answer, another time, unknown labels", async () => {
    const id = await writes(3, "Still there?");
    for (const [action, body, field] of [
      ["assignee", { assignee_id: org.users.viewer?.id }, "assignee_id"],
      ["assignee", { assignee_id: randomUUID() }, "assignee_id"],
      ["labels", { label_ids: [randomUUID()] }, "label_ids"],
    ] as const) {
      const bad = await call("PUT", `/conversations/${id}/${action}`, body);
      expect([body, bad.status, fieldsOf(bad)]).toEqual([body, 422, [field]]);
    }
    const late = await call("POST", `/conversations/${id}/snooze`, { until: "2001-01-01T00:00:00Z" });
    expect([late.status, fieldsOf(late)]).toEqual([422, ["until"]]);
    expect((await call("POST", `/conversations/${randomUUID()}/read`)).status).toBe(404);
  });

  it("says what the person meant, which moves the lead", async () => {
    const id = await writes(3, "hmm");
    const { body } = await call("PUT", `/conversations/${id}/class`, { class: "interested" });
    expect(body.data).toMatchObject({
      reply_class: "interested",
      class_source: "person",
      lead_status: "interested",
    });
  });

  it("changes with many others at once, and says how many there are not", async () => {
    const gone = randomUUID();
    const all = (await call("GET", "/conversations")).body.data.map(({ id }: { id: string }) => id);
    const { body } = await call("POST", "/conversations/bulk", {
      ids: [...all, gone],
      change: { is_read: true, is_starred: false },
    });
    expect(body.data).toEqual({
      matched: all.length,
      matched_is_estimate: false,
      changed: all.length,
      not_found: 1,
      job: null,
    });
    expect(await listed("unread=true")).toEqual([]);
    const bad = await call("POST", "/conversations/bulk", { ids: all, change: {} });
    expect([bad.status, fieldsOf(bad)]).toEqual([422, ["change"]]);
  });

  it("changes with all others that a filter finds, counted first if asked", async () => {
    const bulk = (body: object, user?: User) => call("POST", "/conversations/bulk", body, user);
    await call("PUT", `/conversations/${await writes(0, "Still there?")}/star`, { is_starred: true });
    const filter = { starred: true };
    const change = { is_starred: false };
    const counted = await bulk({ filter, change, dry_run: true });
    expect(counted.body.data).toEqual({
      matched: 1,
      matched_is_estimate: false,
      changed: 0,
      not_found: 0,
      job: null,
    });
    expect(await listed("starred=true")).toEqual([leadAt(0).id]);
    expect((await bulk({ filter, change })).body.data).toMatchObject({ matched: 1, changed: 1, job: null });
    expect(await listed("starred=true")).toEqual([]);
    for (const [body, field] of [
      [{ change }, "ids"],
      [{ ids: [randomUUID()], filter, change }, "ids"],
      [{ ids: [randomUUID()], change, dry_run: true }, "dry_run"],
      [{ filter: { assignee: "somebody" }, change }, "filter.assignee"],
      [{ filter, change: { label_ids: [randomUUID()] } }, "change.label_ids"],
      [{ ids: [randomUUID()], change: { assignee_id: randomUUID() } }, "change.assignee_id"],
    ] as const) {
      const bad = await bulk(body);
      expect([body, bad.status, fieldsOf(bad)]).toEqual([body, 422, [field]]);
    }
    expect((await bulk({ filter, change }, "viewer")).status).toBe(403);
  });
});

describe("notes and labels", () => {
  it("a note has its author and mentions, and only its author or an admin changes it", async () => {
    const id = await writes(3, "One more");
    const made = await call("POST", `/conversations/${id}/notes`, {
      content: "Wants 40,000. @boss",
      mentions: [org.admin.id],
    });
    expect(made.status).toBe(201);
    const note = made.body.data;
    expect(note).toMatchObject({ author_id: org.users.operator?.id, mentions: [org.admin.id] });
    const change = (user: User) => call("PATCH", `/notes/${note.id}`, { content: "Wants 45,000." }, user);
    expect((await change("campaign_manager")).status).toBe(403);
    expect((await change("operator")).body.data.content).toBe("Wants 45,000.");
    expect((await call("DELETE", `/notes/${note.id}`, undefined, "admin")).status).toBe(204);
    expect(await get(`/conversations/${id}/notes`, "viewer")).toMatchObject([
      { id: note.id, content: "[deleted]", deleted_at: expect.any(String) },
    ]);
    expect((await change("operator")).status).toBe(404);
    // Notes make nothing unread, and belong to no version.
    expect(await get(`/conversations/${id}`)).toMatchObject({ unread_count: 1 });
    const bad = await call("POST", `/conversations/${id}/notes`, { content: "x", mentions: [randomUUID()] });
    expect([bad.status, fieldsOf(bad)]).toEqual([422, ["mentions"]]);
  });

  it("a label has one name whatever its case, brings its tag to the lead, and filters lists", async () => {
    const id = await writes(3, "Call me");
    const made = await call(
      "POST",
      "/labels",
      { name: "Price talk", color: "#AA00ff", lead_tag: "PRICE" },
      "campaign_manager",
    );
    const label = made.body.data;
    expect([made.status, label.color]).toEqual([201, "#aa00ff"]);
    const again = await call("POST", "/labels", { name: "PRICE TALK" }, "campaign_manager");
    expect([again.status, again.body.error.code]).toEqual([409, "duplicate"]);
    expect((await call("POST", "/labels", { name: "Mine" })).status).toBe(403);
    const labeled = await call("PUT", `/conversations/${id}/labels`, { label_ids: [label.id] });
    expect(labeled.body.data).toMatchObject({ label_ids: [label.id], lead_tags: ["PRICE"] });
    expect(await listed(`label=${label.id}`)).toEqual([leadAt(3).id]);
    expect((await call("DELETE", `/labels/${label.id}`, undefined, "campaign_manager")).status).toBe(204);
    expect(await get(`/conversations/${id}`)).toMatchObject({ label_ids: [], lead_tags: ["PRICE"] });
  });
});

describe("answers", () => {
  it("go to the person, are in the thread, and others hear of them at once", async () => {
    const id = await writes(4, "What do you pay?");
    const inbox = await joinChannel(org.users.viewer as never, `inbox:${org.id}`);
    const open = await joinChannel(org.users.viewer as never, `conversation:${id}`);
    const { version } = await get(`/conversations/${id}/messages`);
    const sent = await call("POST", `/conversations/${id}/messages`, {
      content: "40,000 dollars",
      seen_version: version,
    });
    expect(sent.status).toBe(202);
    expect(sent.body.data).toMatchObject({
      deduplicated: false,
      not_before: null,
      scheduled: null,
      message: { kind: "direct", content: "40,000 dollars", author_id: org.users.operator?.id },
    });
    await waitFor(async () => {
      const { messages } = await get(`/conversations/${id}/messages`, "viewer");
      return messages[0].status === "delivered" && messages.length === 2;
    });
    await waitFor(async () => (await get(`/conversations/${id}`)).waiting_since === null);
    await waitFor(() => inbox.some(({ payload }) => payload.record?.last_message === "40,000 dollars"));
    await waitFor(() => open.some(({ payload }) => payload.record?.status === "delivered"));
    const stale = await call("POST", `/conversations/${id}/messages`, {
      content: "Or 30,000",
      seen_version: version,
    });
    expect([stale.status, stale.body.error.code]).toEqual([409, "conversation_moved"]);
    expect(stale.body.error.details.missed).toMatchObject([{ content: "40,000 dollars" }]);
    const times = await get(
      `/reply-times?from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 3_600_000).toISOString()}&group_by=assignee`,
      "viewer",
    );
    expect(times.find(({ group }: { group: string }) => group === org.users.operator?.id)).toMatchObject({
      answered: 1,
      within_five_minutes: 1,
    });
  });

  it("wait for their time, and can be canceled", async () => {
    const id = await writes(4, "Tomorrow?");
    const send_at = new Date(Date.now() + 3_600_000).toISOString();
    const sent = await call("POST", `/conversations/${id}/messages`, { content: "Yes, tomorrow", send_at });
    expect(sent.body.data).toMatchObject({
      message: null,
      scheduled: { state: "waiting", content: "Yes, tomorrow" },
    });
    const { scheduled } = await get(`/conversations/${id}/messages`);
    expect(scheduled).toMatchObject([{ id: sent.body.data.id }]);
    const canceled = await call("DELETE", `/scheduled/${sent.body.data.id}`);
    expect(canceled.body.data).toMatchObject({ state: "canceled" });
    const soon = new Date(Date.now() + 2_000).toISOString();
    const second = await call("POST", `/conversations/${id}/messages`, { content: "See you", send_at: soon });
    await waitFor(
      async () => (await call("GET", `/${second.body.data.id}`)).body.data?.status === "delivered",
    );
  });

  it("come from quick responses, with the lead's values, labels and status", async () => {
    const id = await writes(5, "Info please");
    await org.sql`update public.leads set first_name = 'Rosa', city = null where id = ${leadAt(5).id}`;
    const label = (await call("POST", "/labels", { name: "Informed" }, "campaign_manager")).body.data;
    const make = (body: object, user: User = "operator") => call("POST", "/quick-responses", body, user);
    const made = await make({
      title: "Info",
      shortcut: "info",
      language: "en",
      content: "Hi {first_name}, we buy for cash.",
      label_ids: [label.id],
      set_status: "qualified",
    });
    expect([made.status, made.body.error]).toEqual([201, undefined]);
    expect(made.body.data.owner_id).toBe(org.users.operator?.id);
    expect((await make({ title: "Info 2", shortcut: "info", content: "x" })).body.error.code).toBe(
      "duplicate",
    );
    expect((await make({ title: "All", content: "x", is_shared: true })).status).toBe(403);
    expect((await make({ title: "All", content: "x", is_shared: true }, "campaign_manager")).status).toBe(
      201,
    );
    expect(fieldsOf(await make({ title: "Bad", content: "Hi {nobody}" }))).toEqual(["content"]);
    const own = (await get("/quick-responses")).map(({ title }: { title: string }) => title);
    expect(own.sort()).toEqual(["All", "Info"]);
    expect((await get("/quick-responses", "viewer")).map(({ title }: { title: string }) => title)).toEqual([
      "All",
    ]);

    const sent = await call("POST", `/conversations/${id}/messages`, {
      quick_response_id: made.body.data.id,
    });
    expect(sent.body.data?.message).toMatchObject({ content: "Hi Rosa, we buy for cash." });
    expect(await get(`/conversations/${id}`)).toMatchObject({
      label_ids: [label.id],
      lead_status: "qualified",
    });
    const missing = (await make({ title: "City", content: "In {city}?" })).body.data;
    const bad = await call("POST", `/conversations/${id}/messages`, { quick_response_id: missing.id });
    expect([bad.status, fieldsOf(bad)]).toEqual([422, ["quick_response_id"]]);
    const both = await call("POST", `/conversations/${id}/messages`, {
      quick_response_id: missing.id,
      content: "x",
    });
    expect([both.status, fieldsOf(both)]).toEqual([422, ["content"]]);
    const another = await call(
      "POST",
      `/conversations/${id}/messages`,
      { quick_response_id: missing.id },
      "admin",
    );
    expect([another.status, fieldsOf(another)]).toEqual([422, ["quick_response_id"]]);
  });

  it("are not refused for an answer that waited and was canceled", async () => {
    const id = await writes(5, "Tell me more");
    const { version } = await get(`/conversations/${id}`);
    const say = (body: object) =>
      call("POST", `/conversations/${id}/messages`, { seen_version: version, ...body });
    const later = new Date(Date.now() + 3_600_000).toISOString();
    const waits = await say({ content: "Later", send_at: later });
    expect(waits.status).toBe(202);
    const early = await say({ content: "Now" });
    expect([early.status, early.body.error.code]).toEqual([409, "conversation_moved"]);
    expect(early.body.error.details).toMatchObject({ missed: [], scheduled: [{ content: "Later" }] });
    expect((await call("DELETE", `/scheduled/${waits.body.data.id}`)).status).toBe(200);
    expect((await say({ content: "Now" })).status).toBe(202);
  });

  it("may go to somebody whose text was misread as that of a wrong number", async () => {
    const id = await writes(4, "Wrong number");
    const say = () => call("POST", `/conversations/${id}/messages`, { content: "Sorry, whose is it?" });
    const refused = await say();
    expect([refused.status, refused.body.error.code]).toEqual([409, "invalid_state"]);
    expect(refused.body.error.message).toContain("wrong number");
    expect((await call("PUT", `/conversations/${id}/class`, { class: "question" })).status).toBe(200);
    expect((await say()).status).toBe(202);
  });

  it("to somebody whose text must be read first are refused, with the text to review", async () => {
    const id = await writes(2, "My lawyer will hear about this");
    const say = () => call("POST", `/conversations/${id}/messages`, { content: "About what?" });
    const refused = await say();
    expect([refused.status, refused.body.error.code]).toEqual([409, "invalid_state"]);
    const { review } = refused.body.error.details;
    expect((await call("POST", `/${review}/review`, { class: "reply" })).status).toBe(200);
    expect((await say()).status).toBe(202);
  });

  it("are refused while somebody else writes one", async () => {
    const id = await writes(5, "And?");
    expect((await call("POST", `/conversations/${id}/claim`)).body.data.claimed_by).toBe(
      org.users.operator?.id,
    );
    const refused = await call(
      "POST",
      `/conversations/${id}/messages`,
      { content: "Mine" },
      "campaign_manager",
    );
    expect([refused.status, refused.body.error.code]).toEqual([409, "conversation_claimed"]);
    expect((await call("DELETE", `/conversations/${id}/claim`)).body.data.claimed_by).toBeNull();
    expect(
      (await call("POST", `/conversations/${id}/messages`, { content: "Mine" }, "campaign_manager")).status,
    ).toBe(202);
  });
});
