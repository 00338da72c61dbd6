// Phone numbers over HTTP: the list with health and today's room, one number with the outcomes behind its score, and stopping
// one.
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { type Answer, callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, callApi, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 3, roles: ["viewer", "campaign_manager"] });
});
afterAll(() => org.close());
beforeEach(async () => {
  await org.sql`
    update public.phone_numbers set status = 'active', status_reason = null, daily_cap = null, quiet_starts = '03:00',
      quiet_ends = '03:01', health_score = null, reactivated_at = null where org_id = ${org.id}`;
  await org.sql`
    update private.number_pace p set resting_until = '-infinity' from public.phone_numbers n
    where n.id = p.phone_number_id and n.org_id = ${org.id}`;
});

const call = (
  method: string,
  path: string,
  body?: unknown,
  who: "viewer" | "campaign_manager" | "admin" = "admin",
): Promise<Answer> => callFunction(stack, org.users[who], method, `/phone-numbers${path}`, body);
const numberAt = (n: number) => org.numbers[n]?.id ?? "";
const set = (n: number, fields: Record<string, unknown>) =>
  org.sql`update public.phone_numbers set ${org.sql(fields)} where id = ${numberAt(n)}`;
const score = () => org.sql`select private.score_numbers(${org.id})`;
const addMessages = (n: number, count: number, fields: Record<string, unknown>) => {
  const rows = Array.from({ length: count }, (_, i) => ({
    org_id: org.id,
    kind: "campaign",
    step: 1,
    phone_number_id: numberAt(n),
    from_number: org.numbers[n]?.e164,
    to_number: `+1512555${String(1000 + i)}`,
    status: "delivered",
    error_code: null,
    provider_sid: `SM${crypto.randomUUID().replaceAll("-", "")}`,
    ...fields,
  }));
  return org.sql`insert into public.messages ${org.sql(rows)}`;
};

describe("the list", () => {
  it("shows for every number its health, what it has used and left today, and why it is not sending", async () => {
    await addMessages(0, 60, {});
    await score();
    await set(1, { daily_cap: 100 });
    await org.sql`
      insert into private.daily_usage select 'number', id, (now() at time zone time_zone)::date, 3, 5 from public.phone_numbers where id = ${numberAt(1)}`;
    await org.sql`update private.number_pace set resting_until = now() + interval '1 hour', resting_reason = 'queue_full' where phone_number_id = ${numberAt(1)}`;
    await set(2, { status: "quarantined", status_reason: "Twilio error 30034" });
    const { status, body } = await call("GET", "", undefined, "viewer");
    expect(status).toBe(200);
    expect(body.pagination).toMatchObject({ total: 3, page: 1 });
    const of = (n: number) => body.data.find((one: { id: string }) => one.id === numberAt(n));
    expect(of(0)).toMatchObject({
      e164: org.numbers[0]?.e164,
      status: "active",
      health_score: 100,
      mps: 50,
      daily_cap: null,
      segments_today: 0,
      segments_left: null,
      resting_until: null,
      resting_reason: null,
    });
    expect(of(1)).toMatchObject({
      health_score: null,
      daily_cap: 100,
      segments_today: 5,
      segments_left: 95,
      resting_reason: "queue_full",
      resting_until: expect.any(String),
    });
    expect(of(2)).toMatchObject({ status: "quarantined", status_reason: "Twilio error 30034" });
    expect(body.data.map((one: { e164: string }) => one.e164)).toEqual(
      org.numbers.map((one) => one.e164).sort(),
    );
  });

  it("leaves out released numbers unless they are asked for, and has pages", async () => {
    await set(2, { status: "released" });
    expect((await call("GET", "")).body.data).toHaveLength(2);
    const released = (await call("GET", "?status=released")).body;
    expect(released.data.map((one: { id: string }) => one.id)).toEqual([numberAt(2)]);
    const second = (await call("GET", "?limit=1&page=2")).body;
    expect([second.data.length, second.pagination.totalPages]).toEqual([1, 2]);
    expect(fieldsOf(await call("GET", "?status=sleeping"))).toEqual(["status.0"]);
  });

  it("says when a number's own hours open", async () => {
    const [now] = await org.sql`select to_char(now() at time zone 'America/Chicago', 'HH24:MI') as time,
      to_char(now() at time zone 'America/Chicago' + interval '90 minutes', 'HH24:MI') as ends`;
    await set(0, { quiet_starts: now?.time, quiet_ends: now?.ends });
    const { data } = (await call("GET", `/${numberAt(0)}`)).body;
    expect(data.is_open).toBe(false);
    const minutes = (Date.parse(data.opens_at) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(87);
    expect(minutes).toBeLessThan(91);
  });
});

describe("one number", () => {
  it("comes with the outcomes behind its score, by carrier", async () => {
    const leads = await addLeads(org, 2);
    const [one, two] = leads;
    await org.sql`update public.lead_phones set carrier = 'Verizon' where lead_id = ${one?.id ?? ""}`;
    await addMessages(1, 70, { lead_id: one?.id, to_number: one?.e164 });
    await addMessages(1, 5, {
      lead_id: one?.id,
      to_number: one?.e164,
      status: "undelivered",
      error_code: 30007,
    });
    await addMessages(1, 5, {
      lead_id: two?.id,
      to_number: two?.e164,
      status: "undelivered",
      error_code: 30005,
    });
    await score();
    const { data } = (await call("GET", `/${numberAt(1)}`, undefined, "viewer")).body;
    const nothing = { failed: 0, unconfirmed: 0, unknown: 0, opt_outs: 0 };
    expect(data.health_score).toBe(74);
    expect(data.health).toEqual({
      outcomes: { delivered: 70, filtered: 5, unreachable: 5, ...nothing },
      carriers: [{ carrier: "Verizon", score: 73, delivered: 70, filtered: 5, unreachable: 0, ...nothing }],
    });
    expect((await call("GET", `/${numberAt(2)}`)).body.data.health).toBeNull();
  });

  it("is not there where it is nobody's", async () => {
    const answer = await call("GET", "/00000000-0000-4000-8000-000000000000");
    expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
  });
});

describe("changing its status", () => {
  const ALLOWED: Record<string, string[]> = {
    active: ["paused", "quarantined"],
    paused: ["active", "quarantined"],
    quarantined: ["active"],
    released: [],
  };
  it.each(
    Object.keys(ALLOWED).flatMap((from) =>
      ["active", "paused", "quarantined"].map((to) => [from, to] as const),
    ),
  )("from %s to %s: allowed where it makes sense, refused with what would be", async (from, to) => {
    await set(0, { status: from, status_reason: "before" });
    // Every two minutes all numbers are scored again, so the answer has the score from before or after.
    const scoreOf = async () =>
      (await org.sql`select health_score from public.phone_numbers where id = ${numberAt(0)}`)[0]
        ?.health_score;
    const before = await scoreOf();
    const answer = await call("POST", `/${numberAt(0)}/status`, { status: to, reason: "costs too much" });
    const scores = [before, await scoreOf()];
    if (!ALLOWED[from]?.includes(to)) {
      expect([answer.status, answer.body.error.code]).toEqual([409, "invalid_state"]);
      return;
    }
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    const anew = from === "quarantined";
    expect(answer.body.data).toMatchObject({
      status: to,
      status_reason: to === "active" ? null : "costs too much",
      reactivated_at: anew ? expect.any(String) : null,
    });
    expect(anew ? [null] : scores).toContain(answer.body.data.health_score);
    const [event] = await org.sql`
        select event_type, user_id, phone_number, details from public.audit_events where org_id = ${org.id} order by id desc limit 1`;
    expect(event).toEqual({
      event_type: {
        active: "number_reactivated",
        paused: "number_paused",
        quarantined: "number_quarantined",
      }[to],
      user_id: org.admin.id,
      phone_number: org.numbers[0]?.e164,
      details: { was: from, reason: "costs too much" },
    });
  });

  it("is for admins only, and accepts known statuses only", async () => {
    const manager = await call("POST", `/${numberAt(0)}/status`, { status: "paused" }, "campaign_manager");
    expect([manager.status, manager.body.error.code]).toEqual([403, "forbidden"]);
    const released = await call("POST", `/${numberAt(0)}/status`, { status: "released" });
    expect([released.status, fieldsOf(released)]).toEqual([422, ["status"]]);
    expect((await call("GET", `/${numberAt(0)}`)).body.data.status).toBe("active");
  });
});

it("a campaign whose numbers are all stopped says so in its outlook, and goes on when one is back", async () => {
  const leads = await addLeads(org, 3);
  // None of its messages is sent before its numbers stop.
  const target_criteria = { lead_ids: leads.map((lead) => lead.id) };
  const id = await buildCampaign(org, { daily_cap: 0, target_criteria });
  await startCampaign(org, id, ["finishes_late"]);
  const outlook = async () =>
    (await callApi<{ outlook: { reasons: unknown[] } | null }>(org, "GET", `/campaigns/${id}/stats`)).outlook;
  const capped = { reason: "campaign_daily_cap", count: null, until: null, time_zone: "America/Chicago" };
  expect(await outlook()).toEqual({ can_send: false, next_at: null, in_flight: 0, reasons: [capped] });
  for (const n of [0, 1, 2]) await call("POST", `/${numberAt(n)}/status`, { status: "paused" });
  expect((await outlook())?.reasons).toEqual([
    { reason: "no_active_number", count: 3, until: null, time_zone: null },
    capped,
  ]);
  await callApi(org, "PATCH", `/campaigns/${id}`, { daily_cap: null });
  await call("POST", `/${numberAt(1)}/status`, { status: "active" });
  await waitForStatus(org, id, "completed");
  expect(await outlook()).toBeNull();
});

describe("a number's settings", () => {
  it("are changed one by one, kept in the audit trail, and answered", async () => {
    const path = `/${numberAt(0)}`;
    const input = {
      mps: 2.5,
      daily_cap: 800,
      time_zone: "America/Denver",
      quiet_starts: "19:30",
      quiet_ends: "09:00",
      warmup_started_on: "2031-01-01",
    };
    const changed = await call("PATCH", path, input);
    expect(changed.body.data).toMatchObject({ ...input, quiet_starts: "19:30:00", quiet_ends: "09:00:00" });
    // Warming up begins on a day that is yet to come: until then it has nothing to send.
    expect(changed.body.data.segments_left).toBe(0);
    const cleared = await call("PATCH", path, { warmup_started_on: null, daily_cap: null });
    expect(cleared.body.data).toMatchObject({ warmup_started_on: null, daily_cap: null, mps: 2.5 });
    const events = await org.sql`
      select details from public.audit_events where org_id = ${org.id} and event_type = 'number_changed' order by id`;
    expect(events.map((event) => event.details)).toEqual([
      input,
      { warmup_started_on: null, daily_cap: null },
    ]);
    await set(0, { mps: 10, time_zone: "America/Chicago" });
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{ mps: 0 }, ["mps"]],
    [{ mps: 101 }, ["mps"]],
    [{ daily_cap: 1.5 }, ["daily_cap"]],
    [{ time_zone: "Texas" }, ["time_zone"]],
    [{ quiet_starts: "8pm" }, ["quiet_starts"]],
    [{ quiet_starts: "08:00", quiet_ends: "08:00" }, ["quiet_ends"]],
    [{ warmup_started_on: "today" }, ["warmup_started_on"]],
    [{ status: "paused", mps: 1 }, ["status"]],
  ])("refuse %j, naming the field, and change nothing", async (input, fields) => {
    const read = async () => (await call("GET", `/${numberAt(0)}`)).body.data;
    const before = await read();
    const answer = await call("PATCH", `/${numberAt(0)}`, input);
    expect([answer.status, fieldsOf(answer)]).toEqual([422, fields]);
    expect(await read()).toEqual(before);
  });

  it("of a number that is released can't be changed", async () => {
    await set(0, { status: "released" });
    expect((await call("PATCH", `/${numberAt(0)}`, { mps: 1 })).status).toBe(409);
  });
});
