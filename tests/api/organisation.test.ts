// Settings of an organisation and its alerts over HTTP: what can be changed, by whom, and what is refused with which words.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "operator", "campaign_manager"], numbers: 1 });
});
afterAll(() => org?.close());

const call = (method: string, path: string, body?: unknown, who: keyof TestOrg["users"] = "admin") =>
  callFunction(stack, org.users[who], method, `/settings${path}`, body);

describe("GET /settings/organisation", () => {
  it("shows all members the settings with their defaults, today's spending and registrations", async () => {
    const { status, body } = await call("GET", "/organisation", undefined, "viewer");
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      id: org.id,
      language: "es",
      time_zone: "America/Chicago",
      quiet_starts: "20:00:00",
      mps: null,
      opt_out_rate: 0.03,
      opt_out_volume: 100,
      filtered_rate: 0.03,
      filtered_volume: 50,
      unknown_rate: 0.02,
      unknown_volume: 100,
      failed_rate: 0.15,
      failed_volume: 100,
      segment_price: 0.0083,
      carrier_fee: 0.0045,
      mms_price: 0.022,
      daily_spending_limit: null,
      min_balance: 10,
      a2p_required: false,
      spent_today: 0,
      a2p_registrations: [],
    });
  });

  it("shows today's spending and no other day's", async () => {
    const day = (offset: number) => org.sql`
      insert into public.daily_spending (org_id, day, cost)
      values (${org.id}, (now() at time zone 'America/Chicago')::date + ${offset}::integer, 1.5)`;
    await day(-1);
    expect((await call("GET", "/organisation")).body.data.spent_today).toBe(0);
    await day(0);
    expect((await call("GET", "/organisation")).body.data.spent_today).toBe(1.5);
  });
});

describe("PATCH /settings/organisation", () => {
  it("changes settings of both tables at once, says so in the audit trail, and answers with all of them", async () => {
    const changes = {
      brand: "Tierra",
      failed_rate: 0.2,
      daily_spending_limit: 25.5,
      min_balance: null,
      mps: 12.5,
    };
    const { status, body } = await call("PATCH", "/organisation", changes);
    expect([status, body.data]).toEqual([200, expect.objectContaining({ ...changes, opt_out_rate: 0.03 })]);
    const events = await org.sql`
      select user_id, details -> 'new' as changed from public.audit_events
      where org_id = ${org.id} and event_type = 'settings_changed' order by details ->> 'table'`;
    const { brand, mps, ...limits } = changes;
    expect(events).toEqual([
      { user_id: org.admin.id, changed: { brand, mps } },
      { user_id: org.admin.id, changed: limits },
    ]);
  });

  it("is allowed to admins only", async () => {
    for (const who of ["viewer", "operator", "campaign_manager"] as const) {
      const { status, body } = await call("PATCH", "/organisation", { failed_rate: 1 }, who);
      expect([status, body.error.code]).toEqual([403, "forbidden"]);
    }
  });

  it.each<[Record<string, unknown>, string, string]>([
    [{ opt_out_rate: 1.5 }, "opt_out_rate", "must be at most 1"],
    [{ opt_out_rate: -0.1 }, "opt_out_rate", "must be at least 0"],
    [{ filtered_volume: 0 }, "filtered_volume", "must be at least 1"],
    [{ failed_volume: 1.5 }, "failed_volume", "must be"],
    [{ daily_spending_limit: -1 }, "daily_spending_limit", "must be at least 0"],
    [{ segment_price: "cheap" }, "segment_price", "must be a number"],
    [{ time_zone: "Texas" }, "time_zone", "name of a time zone, like America/Chicago"],
    [{ quiet_starts: "8 pm" }, "quiet_starts", "must be a time of day such as 20:00"],
    [{ quiet_ends: "20:00" }, "quiet_ends", "must differ from quiet_starts"],
    [{ brand: "x".repeat(26) }, "brand", "at most 25 characters"],
    [{ brand: "WeBuyLand.com" }, "brand", "brand is a link (WeBuyLand.com)"],
    [{ brand: "acme.farm" }, "brand", "Write the name without the dot or with a space, for example acme."],
    [{ brand: "203.0.113.7" }, "brand", "brand is a link"],
    [{ mps: 0 }, "mps", "must be at least 0.001"],
    [{ balance: 100, mps: 5 }, "balance", "not a field of this request"],
  ])("refuses %o and names %s", async (changes, field, words) => {
    const answer = await call("PATCH", "/organisation", changes);
    expect([answer.status, answer.body.error.code, fieldsOf(answer)]).toEqual([
      422,
      "invalid_input",
      [field],
    ]);
    expect(answer.body.error.details.errors[0].message).toContain(words);
  });

  it("refuses a brand that is a link directly at the table, too", async () => {
    const { error, status } = await org.admin.client
      .from("orgs")
      .update({ brand: "acme.estate" })
      .eq("id", org.id);
    expect([status, error?.message]).toEqual([422, expect.stringContaining("brand is a link (acme.estate)")]);
    const [row] = await org.sql`select brand from public.orgs where id = ${org.id}`;
    expect(row?.brand).not.toContain("acme");
  });

  it("refuses an empty change and one with an unknown setting, also directly at the database", async () => {
    expect((await call("PATCH", "/organisation", {})).status).toBe(422);
    const { error } = await org.admin.client.rpc("update_organisation", {
      p_changes: { failed_rate: 0.9, id: org.id },
    });
    expect(error).toMatchObject({ code: "PT422", hint: "invalid_input" });
    expect((await call("GET", "/organisation")).body.data.failed_rate).toBe(0.2);
  });

  it("changes all or nothing", async () => {
    const { error } = await org.admin.client.rpc("update_organisation", {
      p_changes: { support_contact: "half", failed_rate: 7 },
    });
    expect(error).toMatchObject({ code: "PT422", details: expect.stringContaining("failed_rate") });
    expect((await call("GET", "/organisation")).body.data.support_contact).toBeNull();
  });
});

describe("alerts", () => {
  const raise = (kind: string, at: string, resolved: string | null = null, severity = "warning") => org.sql`
    insert into public.alerts (org_id, kind, severity, message, created_at, resolved_at)
    values (${org.id}, ${kind}, ${severity}, 'why', ${at}, ${resolved})`;
  beforeAll(async () => {
    await raise("double_send", "2026-01-01T00:00:00Z", null, "critical");
    await raise("message_refused", "2026-01-03T00:00:00Z");
    await raise("send_unanswered", "2026-01-02T00:00:00Z", "2026-01-05T00:00:00Z");
    await raise("reply_not_sent", "2026-01-04T00:00:00Z", "2026-01-04T12:00:00Z");
  });
  const kinds = async (query: string) =>
    (await call("GET", `/alerts${query}`, undefined, "viewer")).body.data.map(
      (a: { kind: string }) => a.kind,
    );

  it("are listed with the open ones first, each part newest first", async () => {
    expect(await kinds("")).toEqual(["message_refused", "double_send", "send_unanswered", "reply_not_sent"]);
  });

  it("can be asked for by state, kind and severity, in pages", async () => {
    expect(await kinds("?status=open")).toEqual(["message_refused", "double_send"]);
    expect(await kinds("?status=resolved")).toEqual(["send_unanswered", "reply_not_sent"]);
    expect(await kinds("?severity=critical")).toEqual(["double_send"]);
    expect(await kinds("?kind=reply_not_sent&kind=double_send")).toEqual(["double_send", "reply_not_sent"]);
    const { body } = await call("GET", "/alerts?page=2&limit=3");
    expect(body.data.map((a: { kind: string }) => a.kind)).toEqual(["reply_not_sent"]);
    expect(body.pagination).toMatchObject({ page: 2, pageSize: 3, total: 4, totalPages: 2 });
  });

  it("are resolved by operators, once, in their name; not by viewers", async () => {
    const [alert] =
      await org.sql`select id from public.alerts where org_id = ${org.id} and kind = 'double_send'`;
    const resolve = (who: keyof TestOrg["users"]) =>
      call("POST", `/alerts/${alert?.id}/resolve`, undefined, who);
    expect((await resolve("viewer")).status).toBe(403);
    const first = await resolve("operator");
    expect([first.status, first.body.data]).toEqual([
      200,
      expect.objectContaining({
        id: alert?.id,
        resolved_by: org.users.operator?.id,
        resolved_at: expect.any(String),
      }),
    ]);
    const second = await resolve("admin");
    expect([second.status, second.body.data]).toEqual([200, first.body.data]);
    const events = await org.sql`
      select user_id, details from public.audit_events where org_id = ${org.id} and event_type = 'alert_resolved'`;
    expect(events).toEqual([
      {
        user_id: org.users.operator?.id,
        details: { alert_id: alert?.id, kind: "double_send", message: "why" },
      },
    ]);
    expect(await kinds("?status=open")).toEqual(["message_refused"]);
  });

  it("that don't exist or belong to others give 404", async () => {
    const answer = await call("POST", `/alerts/${crypto.randomUUID()}/resolve`);
    expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
  });
});
