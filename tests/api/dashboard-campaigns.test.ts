// The existing dashboard's Campaigns pages: the wizard's requests as its client builds them, Start and Pause, and the lists.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const stack = inject("stack");
let org: TestOrg;
let stranger: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  [org, stranger] = await Promise.all([
    createOrg(stack, { numbers: 1, roles: ["viewer", "operator", "campaign_manager"] }),
    createOrg(stack),
  ]);
  leads = await addLeads(org, 4);
  await org.sql`update public.orgs set brand = 'Sol Land', cooldown_days = 0 where id = ${org.id}`;
  await org.sql`update public.leads set tags = '{VIP}' where id = any(${leads.slice(0, 2).map(({ id }) => id)})`;
});
afterAll(() => Promise.all([org.close(), stranger.close()]));

type Who = "viewer" | "operator" | "campaign_manager" | "admin";
const call = (method: string, path: string, body?: unknown, who: Who = "campaign_manager") =>
  callFunction(stack, org.users[who], method, `/api/v1${path}`, body);

const TEXT = "Hi {{firstName}}, this is {{companyName}}. Would you sell your land? Reply STOP to end.";
let names = 0;
/** What the wizard posts. */
const wizard = (fields: Record<string, unknown> = {}) => ({
  name: `Campaign ${++names}`,
  description: "",
  type: "broadcast",
  status: "draft",
  targetAudience: { leadListIds: [], tags: [], filters: { useIndividualSelection: false } },
  messages: [{ id: "1", content: TEXT, order: 1 }],
  schedule: {
    startDate: new Date(Date.now() - 30_000).toISOString(),
    sendTimes: ["09:00"],
    timezone: "America/Chicago",
    rateLimiting: 3,
  },
  metrics: { totalSent: 0, delivered: 0, failed: 0, replies: 0, optOuts: 0, conversions: 0 },
  ...fields,
});
async function create(fields: Record<string, unknown> = {}) {
  const answer = await call("POST", "/campaigns", wizard(fields));
  expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  return answer.body.data;
}
const statusIn = async (id: string) => (await call("GET", `/campaigns/${id}`)).body.status;

describe("the wizard", () => {
  it("creates a draft with its own text; the answer has what the list shows", async () => {
    const campaign = await create();
    expect(campaign).toMatchObject({
      status: "draft",
      state: "draft",
      mps: 0.05,
      scheduled_at: null,
      targetAudience: { leadCount: 4, tags: [], leadListIds: [] },
      metrics: { totalSent: 0, delivered: 0, failed: 0, replies: 0, optOuts: 0, conversions: 0 },
      schedule: { startDate: null },
      createdAt: expect.any(String),
    });
    const [text] =
      await org.sql`select name, category, language, content from public.templates where id = ${campaign.template_ids[0]}`;
    expect(text).toEqual({
      name: `${campaign.name}: text 1`,
      category: "initial",
      language: "en",
      content: TEXT.replace("{{firstName}}", "{first_name}").replace("{{companyName}}", "{brand}"),
    });
  });

  it("takes a chosen template by its number, and makes a new one of a text that was changed", async () => {
    const { body } = await call("POST", "/templates", {
      name: `Chosen ${++names}`,
      content: TEXT,
      category: "initial_outreach",
    });
    const chosen = await create({ messages: [{ id: "1", content: TEXT, order: 1, templateId: body.id }] });
    expect(chosen.template_ids).toEqual([body.uuid]);
    const changed = await create({
      messages: [{ id: "1", content: `${TEXT} Thanks!`, order: 1, templateId: body.id }],
    });
    expect(changed.template_ids).not.toEqual([body.uuid]);
    expect(changed.template_ids).toHaveLength(1);
    const gone = await call("POST", "/campaigns", wizard({ messages: [{ templateId: 999_999_999 }] }));
    expect(gone.status).toBe(404);
  });

  it("takes the audience as the wizard names it: chosen leads, tags, and leads without tags", async () => {
    const ids = leads.slice(0, 1).map(({ id }) => id);
    const chosen = await create({
      targetAudience: {
        leadListIds: ids,
        tags: [],
        filters: { useIndividualSelection: true, selectedLeadIds: ids },
      },
    });
    expect(chosen.targetAudience).toMatchObject({ leadCount: 1, leadListIds: ids });
    const tagged = (tags: string[]) => create({ targetAudience: { leadListIds: [], tags, filters: {} } });
    expect((await tagged(["VIP"])).targetAudience).toMatchObject({ leadCount: 2, tags: ["VIP"] });
    expect((await tagged(["UNTAGGED"])).targetAudience).toMatchObject({ leadCount: 2, tags: ["UNTAGGED"] });
    expect((await tagged(["VIP", "UNTAGGED"])).targetAudience).toMatchObject({
      leadCount: 4,
      tags: ["VIP", "UNTAGGED"],
    });
  });

  it("makes steps of a drip's texts, and a test of two texts with abTest", async () => {
    const second = "Hi {{firstName}}, did you get my text about your land?";
    const drip = await create({
      type: "drip",
      messages: [
        { id: "2", content: second, order: 2, delay: 24 },
        { id: "1", content: TEXT, order: 1 },
      ],
    });
    expect(drip).toMatchObject({ type: "drip", steps: [{ step: 2, wait_hours: 24 }] });
    const test = await create({
      messages: [
        { id: "1", content: TEXT, order: 1 },
        { id: "2", content: TEXT.replace("Hi", "Hello"), order: 2 },
      ],
      abTest: {
        enabled: true,
        variants: [],
        splitPercentage: 30,
        winnerCriteria: "replies",
        testDuration: 24,
        autoPromote: true,
      },
    });
    expect(test.variants).toMatchObject([
      { name: "A", share: 30 },
      { name: "B", share: 70 },
    ]);
    const { body } = await call("GET", `/campaigns/${test.id}/test`);
    expect(body.data).toMatchObject({ metric: "replied", decides: "auto" });
  });

  it("refuses what can't be done by the wizard's own names, and then leaves no text behind", async () => {
    const count = async () =>
      (await org.sql`select count(*)::int as n from public.templates where org_id = ${org.id}`)[0]?.n;
    const before = await count();
    const noOptOut = await call(
      "POST",
      "/campaigns",
      wizard({
        messages: [
          { id: "1", content: TEXT, order: 1 },
          { id: "2", content: "Sell me your land", order: 2 },
        ],
      }),
    );
    expect([noOptOut.status, fieldsOf(noOptOut)[0]]).toEqual([422, "messages.1.content"]);
    for (const messages of [[], [{ id: "1", content: " ", order: 1 }]]) {
      const none = await call("POST", "/campaigns", wizard({ messages }));
      expect([none.status, fieldsOf(none)]).toEqual([422, ["messages"]]);
    }
    const trigger = await call("POST", "/campaigns", wizard({ type: "trigger" }));
    expect([trigger.status, fieldsOf(trigger)]).toEqual([422, ["type"]]);
    const lead = await call("POST", "/campaigns", wizard({ targetAudience: { leadListIds: ["7"] } }));
    expect([lead.status, fieldsOf(lead)[0]]).toEqual([422, "targetAudience.leadListIds.0"]);
    const texts = (n: number) =>
      Array.from({ length: n }, (_, i) => ({ content: TEXT.replace("Hi", `Hi ${i}`) }));
    const one = await call("POST", "/campaigns", wizard({ messages: texts(1), abTest: { enabled: true } }));
    expect([one.status, fieldsOf(one)]).toEqual([422, ["messages"]]);
    const many = await call("POST", "/campaigns", wizard({ messages: texts(11), abTest: { enabled: true } }));
    expect([many.status, fieldsOf(many)]).toEqual([422, ["messages"]]);
    const drip = await call(
      "POST",
      "/campaigns",
      wizard({ type: "drip", messages: texts(2), abTest: { enabled: true } }),
    );
    expect([drip.status, fieldsOf(drip)]).toEqual([422, ["abTest"]]);
    for (const startDate of [
      "tomorrow",
      "31/12/2026",
      "2026-13-45T00:00:00Z",
      "2027-01-15",
      "2027-01-15T09:00",
    ]) {
      const wrong = await call("POST", "/campaigns", wizard({ schedule: { startDate } }));
      expect([startDate, wrong.status, fieldsOf(wrong)]).toEqual([startDate, 422, ["schedule.startDate"]]);
    }
    for (const templateId of ["abc", "9".repeat(30), -1]) {
      const wrong = await call("POST", "/campaigns", wizard({ messages: [{ templateId }] }));
      expect([templateId, wrong.status, fieldsOf(wrong)]).toEqual([
        templateId,
        422,
        ["messages.0.templateId"],
      ]);
    }
    const name = await call("POST", "/campaigns", wizard({ name: " " }));
    expect([name.status, fieldsOf(name)]).toEqual([422, ["name"]]);
    expect(await count()).toBe(before);
    expect((await call("POST", "/campaigns", wizard(), "operator")).status).toBe(403);
  });

  it("that is posted twice at once, or again a second later, makes one campaign with one text", async () => {
    const body = wizard();
    const answers = await Promise.all([1, 2, 3].map(() => call("POST", "/campaigns", body)));
    answers.push(await call("POST", "/campaigns/", body));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.data.id)).size).toBe(1);
    const texts =
      await org.sql`select 1 from public.templates where org_id = ${org.id} and name like ${`${body.name}: text%`}`;
    expect(texts).toHaveLength(1);
  });
});

it("of a campaign for thousands of chosen leads stays small in lists", async () => {
  const ids = Array.from({ length: 5_000 }, () => randomUUID());
  const chosen = await create({
    targetAudience: { leadListIds: ids, filters: { useIndividualSelection: true } },
  });
  expect(chosen.targetAudience.leadListIds).toHaveLength(5_000);
  const { body } = await call("GET", "/campaigns/");
  const listed = body.data.find((one: { id: string }) => one.id === chosen.id);
  expect(listed.target_criteria).toEqual({ left_out: ["lead_ids"] });
  expect(listed.targetAudience.filters).toEqual({ useIndividualSelection: true });
  expect(JSON.stringify(listed).length).toBeLessThan(4_000);
});

it("that was archived and is made again within a minute is a new one", async () => {
  const body = wizard();
  const first = await call("POST", "/campaigns", body);
  await call("POST", `/campaigns/${first.body.id}/archive`);
  const again = await call("POST", "/campaigns", body);
  expect([again.status, again.body.id === first.body.id]).toEqual([201, false]);
});

describe("Start and Pause", () => {
  it("builds and starts a draft, tells it as active at once, pauses and resumes; repeats change nothing", async () => {
    const { id } = await create({ schedule: { rateLimiting: 0.06 } });
    const starts = await Promise.all([1, 2, 3, 4].map(() => call("POST", `/campaigns/${id}/start`)));
    expect(starts.map(({ status, body }) => [status, body.error])).toEqual(
      starts.map(() => [200, undefined]),
    );
    expect(starts[0]?.body.data).toMatchObject({ status: "active", targetAudience: { leadCount: 4 } });
    await waitFor(async () => (await call("GET", `/campaigns/${id}`)).body.state === "running");
    expect((await call("POST", `/campaigns/${id}/start`)).status).toBe(200);
    for (const [verb, status] of [
      ["pause", "paused"],
      ["start", "active"],
    ]) {
      const twice = await Promise.all([1, 2, 3].map(() => call("POST", `/campaigns/${id}/${verb}`)));
      twice.push(await call("POST", `/campaigns/${id}/${verb}`));
      expect(twice.map((answer) => [answer.status, answer.body.status])).toEqual(
        twice.map(() => [200, status]),
      );
    }
    const stats = await call("GET", `/campaigns/${id}/stats`);
    expect(stats.body).toMatchObject({ total_targets: 4, sent_count: stats.body.sent, opt_outs: 0 });
    expect((await call("GET", `/campaigns/${id}/metrics`)).status).toBe(200);
    const stopped = await call("POST", `/campaigns/${id}/stop`);
    expect([stopped.body.status, stopped.body.state]).toEqual(["completed", "stopped"]);
    const over = await call("POST", `/campaigns/${id}/start`);
    expect([over.status, over.body.error.name]).toEqual([409, "invalid_state"]);
  });

  it("schedules a campaign that has a time, and starts it before that only if somebody presses Start a minute later", async () => {
    const startDate = new Date(Date.now() + 86_400_000).toISOString();
    const { id } = await create({ schedule: { startDate, rateLimiting: 0.06 } });
    const starts = await Promise.all([1, 2, 3].map(() => call("POST", `/campaigns/${id}/start`)));
    await waitFor(async () => (await call("GET", `/campaigns/${id}`)).body.state === "scheduled");
    starts.push(await call("POST", `/campaigns/${id}/start`));
    expect(starts.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await call("GET", `/campaigns/${id}`)).body).toMatchObject({
      status: "scheduled",
      started_at: null,
    });
    // Two at once on a campaign that was built before.
    await callFunction(stack, org.users.campaign_manager, "POST", `/campaigns/${id}/schedule`, {
      scheduled_at: null,
    });
    await callFunction(stack, org.users.campaign_manager, "PATCH", `/campaigns/${id}`, {
      scheduled_at: startDate,
    });
    await Promise.all([1, 2, 3].map(() => call("POST", `/campaigns/${id}/start`)));
    expect((await call("GET", `/campaigns/${id}`)).body).toMatchObject({
      status: "scheduled",
      started_at: null,
    });
    // Without the trigger that would set it to now.
    await org.sql.begin(async (sql) => {
      await sql`set local session_replication_role = replica`;
      await sql`update public.campaigns set updated_at = now() - interval '2 minutes' where id = ${id}`;
    });
    expect((await call("POST", `/campaigns/${id}/start`)).body.state).toBe("running");
  });

  it("takes Start back while the audience is being built", async () => {
    const { id } = await create();
    await org.sql`update public.campaigns set status = 'building', starts_when_built = true where id = ${id}`;
    const paused = await call("POST", `/campaigns/${id}/pause`);
    expect(paused.status).toBe(200);
    const [row] = await org.sql`select starts_when_built from public.campaigns where id = ${id}`;
    expect(row).toEqual({ starts_when_built: false });
  });

  it("says why a campaign could not start", async () => {
    const { id } = await create({ targetAudience: { tags: ["NOBODY"] } });
    const answer = await call("POST", `/campaigns/${id}/start`);
    expect([answer.status, answer.body.detail]).toEqual([
      409,
      expect.stringMatching(/^The campaign could not start\. ./),
    ]);
  });

  it("keeps another organisation's campaigns out, and answers 422 to an id that is none", async () => {
    const { id } = await create();
    for (const verb of ["start", "pause", "stop"]) {
      const answer = await callFunction(stack, stranger.admin, "POST", `/api/v1/campaigns/${id}/${verb}`);
      expect(answer.status).toBe(404);
    }
    expect((await call("GET", "/campaigns/7")).status).toBe(422);
    expect((await call("GET", `/campaigns/${randomUUID()}`)).status).toBe(404);
  });
});

describe("the lists", () => {
  it("are enveloped, but a bare array of running ones for exactly status=running", async () => {
    const { id } = await create({ schedule: { rateLimiting: 0.06 } });
    await call("POST", `/campaigns/${id}/start`);
    await waitFor(async () => (await call("GET", `/campaigns/${id}`)).body.state === "running");
    const running = await call("GET", "/campaigns/?status=running", undefined, "viewer");
    expect(running.body.map((one: { id: string }) => one.id)).toContain(id);
    expect(running.body[0]).toMatchObject({
      status: "running",
      stats: {
        messages_sent: expect.any(Number),
        messages_delivered: expect.any(Number),
        replies_received: expect.any(Number),
      },
    });
    const active = await call("GET", "/campaigns/?status[]=active&limit=100");
    expect(active.body).toMatchObject({ success: true, pagination: { pageSize: 100 } });
    expect(active.body.data.find((one: { id: string }) => one.id === id)).toMatchObject({ status: "active" });
    const all = await call("GET", "/campaigns/");
    for (const one of all.body.data)
      for (const name of ["totalSent", "delivered", "failed", "replies", "optOuts", "conversions"])
        expect([name, typeof one.metrics[name]]).toEqual([name, "number"]);
    await call("POST", `/campaigns/${id}/pause`);
    expect(
      (await call("GET", "/campaigns/?status=running")).body.map((one: { id: string }) => one.id),
    ).not.toContain(id);
    expect(await statusIn(id)).toBe("paused");
  });

  it("shows archived ones only if asked", async () => {
    const { id } = await create();
    expect((await call("POST", `/campaigns/${id}/archive`)).status).toBe(200);
    const ids = async (query: string) =>
      (await call("GET", `/campaigns?${query}`)).body.data.map((one: { id: string }) => one.id);
    expect(await ids("")).not.toContain(id);
    expect(await ids("status=archived")).toContain(id);
    expect(await statusIn(id)).toBe("archived");
  });

  it("builds by the older path, with the campaign in the body", async () => {
    const { id } = await create();
    const counted = await call("POST", "/campaigns/build-targets", { campaign_id: id, dry_run: true });
    expect(counted.body.counts).toMatchObject({ audience: 4 });
    const missing = await call("POST", "/campaigns/build-targets", {});
    expect([missing.status, fieldsOf(missing)]).toEqual([422, ["campaign_id"]]);
  });
});
