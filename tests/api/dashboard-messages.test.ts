// The existing dashboard's Messages page: every call as its client builds it, and every field that it reads.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";

const stack = inject("stack");
let org: TestOrg;
let stranger: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  [org, stranger] = await Promise.all([
    createOrg(stack, { numbers: 1, roles: ["viewer", "operator", "campaign_manager"] }),
    createOrg(stack),
  ]);
  leads = await addLeads(org, 8);
  await org.sql`update public.orgs set brand = 'Sol Land', language = 'en' where id = ${org.id}`;
});
afterAll(() => Promise.all([org.close(), stranger.close()]));

type User = "viewer" | "operator" | "campaign_manager" | "admin";
const call = (method: string, path: string, body?: unknown, user: User = "operator") =>
  callFunction(stack, org.users[user], method, `/api/v1${path}`, body);
const leadAt = (i: number) => leads[i] as TestLead;
const at = (id: string, action = "") => `/messages/conversations/${id}${action}`;

/** What the person says. @returns the id of the conversation, as the list tells it */
async function writes(from: string, body: string, fields: Record<string, string> = {}): Promise<string> {
  const answer = await postWebhook(org, {
    path: "/twilio/inbound",
    fields: {
      MessageSid: `SM${randomUUID().replaceAll("-", "")}`,
      From: from,
      To: org.numbers[0]?.e164 as string,
      Body: body,
      NumMedia: "0",
      ...fields,
    },
  });
  expect(answer.status).toBe(200);
  const { body: found } = await call("GET", "/messages/conversations/", undefined, "viewer");
  return found.data.find((one: { lead_phone: string }) => one.lead_phone === from).id;
}
async function listed(query = "", user: User = "operator"): Promise<string[]> {
  const answer = await call("GET", `/messages/conversations/${query}`, undefined, user);
  expect([query, answer.status, answer.body.error]).toEqual([query, 200, undefined]);
  return answer.body.data.map(({ id }: { id: string }) => id);
}
const contentsOf = async (id: string): Promise<string[]> =>
  (await call("GET", at(id))).body.messages.map(({ content }: { content: string }) => content);

it("lists conversations with every field of both generations, the newest first", async () => {
  const phone = leadAt(0).e164;
  await org.sql`update public.leads set tags = '{NOV26}' where id = ${leadAt(0).id}`;
  const first = await writes(phone, "Yes, I may sell");
  const second = await writes(leadAt(1).e164, "Who is this?");
  const { body } = await call("GET", "/messages/conversations/");
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual([second, first]);
  expect(body.pagination).toMatchObject({ page: 1, total: 2, totalPages: 1 });
  const name = expect.stringMatching(/^Rosa Owner \d$/);
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  expect(body.data[1]).toMatchObject({
    id: first,
    conversation_id: first,
    lead_id: leadAt(0).id,
    leadId: leadAt(0).id,
    lead_name: name,
    leadName: name,
    lead_phone: phone,
    leadPhone: phone,
    phone_number: phone,
    last_message: "Yes, I may sell",
    lastMessage: "Yes, I may sell",
    last_message_time: time,
    lastMessageAt: time,
    unread_count: 1,
    unreadCount: 1,
    status: "active",
    tags: ["NOV26"],
    campaign_id: null,
    campaign_name: null,
  });
});

it("names a person who is no lead by the phone, because its lists can't show an empty name", async () => {
  const phone = "+13035550199";
  const id = await writes(phone, "Hello");
  const { body } = await call("GET", "/messages/conversations/", undefined, "viewer");
  const one = body.data.find((found: { id: string }) => found.id === id);
  expect(one).toMatchObject({
    lead_id: null,
    lead_name: phone,
    leadName: phone,
    lead_phone: phone,
    tags: [],
  });
});

it("shows the texts of a conversation in their order, and marks it as read, but not for a viewer", async () => {
  const id = await writes(leadAt(2).e164, "First");
  await writes(leadAt(2).e164, "Second");
  expect((await call("GET", at(id), undefined, "viewer")).body.unread_count).toBe(2);
  expect(await listed("?unread_count_gt=0", "viewer")).toContain(id);
  const { body } = await call("GET", at(id));
  expect(body).toMatchObject({ success: true, id, unread_count: 0, unreadCount: 0, data: { id } });
  expect(body.messages.map(({ content }: { content: string }) => content)).toEqual(["First", "Second"]);
  expect(body.messages[0]).toMatchObject({
    id: expect.any(String),
    conversationId: id,
    direction: "inbound",
    status: "delivered",
    fromNumber: leadAt(2).e164,
    toNumber: org.numbers[0]?.e164,
  });
  expect(Math.abs(Date.now() - Date.parse(body.messages[0].timestamp))).toBeLessThan(120_000);
  expect(await listed("?unread_count_gt=0")).not.toContain(id);
});

it("sends one text of an answer that is posted four times at once and twice later", async () => {
  const id = await writes(leadAt(3).e164, "What do you pay?");
  const post = () => call("POST", at(id, "/messages"), { content: "40,000 dollars" });
  const answers = await Promise.all([post(), post(), post(), post()]);
  answers.push(await post(), await post());
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(202));
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  expect(answers[0]?.body).toMatchObject({
    success: true,
    id: expect.any(String),
    message: expect.any(String),
  });
  expect(await contentsOf(id)).toEqual(["What do you pay?", "40,000 dollars"]);
  const { messages } = (await call("GET", at(id))).body;
  expect(messages[1]).toMatchObject({
    direction: "outbound",
    status: expect.stringMatching(/^(sent|delivered)$/),
    toNumber: leadAt(3).e164,
    fromNumber: org.numbers[0]?.e164,
  });
  const [row] = await org.sql`
    select count(*)::int as n from public.messages
    where org_id = ${org.id} and to_number = ${leadAt(3).e164} and direction = 'outbound'`;
  expect(row?.n).toBe(1);
});

it("shows an answer that waits for its time, and a text of pictures alone", async () => {
  const id = await writes(leadAt(4).e164, "", {
    NumMedia: "1",
    MediaUrl0: "http://127.0.0.1:9/none",
    MediaContentType0: "image/jpeg",
  });
  const send_at = new Date(Date.now() + 3_600_000).toISOString();
  const waiting = await callFunction(
    stack,
    org.users.operator,
    "POST",
    `/messages/conversations/${id}/messages`,
    { content: "In an hour", send_at },
  );
  expect(waiting.status).toBe(202);
  const { messages } = (await call("GET", at(id))).body;
  expect(messages).toMatchObject([
    { content: "[picture or file]", direction: "inbound" },
    { id: waiting.body.data.id, content: "In an hour", direction: "outbound", status: "sent" },
  ]);
  expect(Date.parse(messages[1].timestamp)).toBe(Date.parse(send_at));
});

it("archives, stars and hides a conversation; each counts as done when it comes again", async () => {
  const id = await writes(leadAt(5).e164, "Hello");
  const put = async (action: string) => {
    const [once, again] = [await call("PUT", at(id, action)), await call("PUT", at(id, action))];
    expect([action, once.status, again.status, again.body.id]).toEqual([action, 200, 200, id]);
    return again.body.status;
  };
  expect(await put("/star")).toBe("starred");
  expect(await listed("?starred=true")).toEqual([id]);
  expect(await listed("?status=starred")).toEqual([id]);
  expect(await put("/archive")).toBe("starred");
  expect(await listed("?status=archived")).toEqual([id]);
  expect(await listed("?starred=true")).toEqual([id]);
  expect(await listed()).not.toContain(id);
  expect(await put("/unstar")).toBe("archived");
  expect(await put("/unarchive")).toBe("active");
  expect(await put("/read")).toBe("active");
  expect(await listed()).toContain(id);
  expect((await call("DELETE", at(id))).status).toBe(204);
  expect((await call("DELETE", at(id))).status).toBe(204);
  expect(await listed()).not.toContain(id);
  await writes(leadAt(5).e164, "Hello again");
  expect(await listed()).toContain(id);
});

it("does not find the conversation 1 that the page invents, whatever it does with it", async () => {
  for (const [method, path, body] of [
    ["GET", at("1")],
    ["PUT", at("1", "/star")],
    ["PUT", at("1", "/archive")],
    ["DELETE", at("1")],
    ["POST", at("1", "/messages"), { content: "Hello" }],
  ] as const) {
    const { status, body: answer } = await call(method, path, body);
    expect([method, path, status]).toEqual([method, path, 404]);
    expect(answer.error).toMatchObject({ type: "http_error", code: 404, name: "not_found" });
    expect(answer.detail).toBe(answer.error.message);
    expect(answer.detail).toMatch(/not found.*id must be a uuid/);
  }
  expect((await call("PUT", at(randomUUID(), "/star"))).status).toBe(404);
});

it("lists quick responses with the variables that the page fills in", async () => {
  const make = (body: object) => call("POST", "/quick-responses", body, "campaign_manager");
  const fields = { title: "Thanks", is_shared: true, content: "Hi {first_name} in {city}, {brand} here" };
  expect((await make({ ...fields, shortcut: "thanks" })).status).toBe(201);
  await make({ title: "Later", is_shared: true, content: "When may we call?" });
  const { status, body } = await call("GET", "/quick-responses");
  expect([status, body.success, body.pagination.total]).toEqual([200, true, 2]);
  expect(body.data).toMatchObject([
    { id: expect.any(String), category: "general", title: "Later", shortcut: "" },
    { title: "Thanks", shortcut: "thanks", content: "Hi {{firstName}} in {{city}}, {{companyName}} here" },
  ]);
});

it("fills in the variables that the page sends as they are, and leaves other braces alone", async () => {
  const id = await writes(leadAt(6).e164, "What do you offer?");
  const say = (content: string) => call("POST", at(id, "/messages"), { content });
  const answers = await Promise.all([
    say("Hi {{firstName}}, {{companyName}} here"),
    say("Hi {{firstName}}, {{companyName}} here"),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  await say("A {smile} for you");
  expect(await contentsOf(id)).toEqual(["What do you offer?", "Hi Rosa, Sol Land here", "A {smile} for you"]);
  const bad = await say("Your land in {{county}}?");
  expect([bad.status, fieldsOf(bad)]).toEqual([422, ["content"]]);
  expect(bad.body.detail).toContain("county");

  // Who wrote within a day may be written to at any hour, so the test does not depend on it.
  await org.sql`insert into private.contacts (org_id, e164, last_inbound_at) values (${org.id}, ${leadAt(7).e164}, now())
    on conflict (org_id, e164) do update set last_inbound_at = now()`;
  const body = { to: leadAt(7).e164, body: "Hi {{firstName}}, {{companyName}} here" };
  const sent = [await call("POST", "/messages/send", body), await call("POST", "/messages/send", body)];
  expect(sent.map((answer) => [answer.status, answer.body.content])).toEqual(
    Array(2).fill([202, "Hi Rosa, Sol Land here"]),
  );
  expect(sent[1]?.body).toMatchObject({ id: sent[0]?.body.id, deduplicated: true });
  const empty = await call("POST", "/messages/send", { to: leadAt(7).e164, body: "In {{city}}?" });
  expect([empty.status, fieldsOf(empty)]).toEqual([422, ["body"]]);
  const nobody = await call("POST", "/messages/send", { to: "+13035550198", body: "Hi {{firstName}}" });
  expect([nobody.status, fieldsOf(nobody)]).toEqual([422, ["to"]]);
  const noId = await call("POST", "/messages/send", { ...body, lead_id: "5" });
  expect([noId.status, fieldsOf(noId)]).toEqual([422, ["lead_id"]]);
});

it("refuses texts to many, and says that a campaign is the way", async () => {
  const bad = await call("POST", "/messages/broadcast", { content: "Hello all", leadIds: [leadAt(0).id] });
  expect([bad.status, bad.body.error.name]).toEqual([409, "invalid_state"]);
  expect(bad.body.detail).toContain("campaign");
  expect(bad.body.error.details).toEqual({ instead: "POST /campaigns" });
});

it("keeps viewers from changing, and other organisations from everything", async () => {
  const [id] = (await listed()) as [string];
  for (const [method, action, body] of [
    ["PUT", "/star"],
    ["PUT", "/archive"],
    ["DELETE", ""],
    ["POST", "/messages", { content: "Hello" }],
  ] as const) {
    const path = at(id, action);
    expect([path, (await call(method, path, body, "viewer")).status]).toEqual([path, 403]);
    const theirs = await callFunction(stack, stranger.admin, method, `/api/v1${path}`, body);
    expect([path, theirs.status]).toEqual([path, 404]);
  }
  expect((await callFunction(stack, stranger.admin, "GET", `/api/v1${at(id)}`)).status).toBe(404);
  const empty = await callFunction(stack, stranger.admin, "GET", "/api/v1/messages/conversations/");
  expect([empty.status, empty.body.data]).toEqual([200, []]);
});
