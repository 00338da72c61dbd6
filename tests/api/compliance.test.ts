// GET /compliance/quiet-hours/check: how it explains a decision of planning and claiming, and what it refuses.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Answer, callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { CENTRAL, EASTERN, local } from "../fixtures/read-window.ts";
import { buildCampaign } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
beforeAll(async () => {
  [org, other] = await Promise.all([
    createOrg(stack, { numbers: 1, roles: ["viewer"] }),
    createOrg(stack, { numbers: 1 }),
  ]);
});
afterAll(() => Promise.all([org?.close(), other?.close()]));

const check = (query: Record<string, string>) =>
  callFunction(stack, org.users.viewer, "GET", `/compliance/quiet-hours/check?${new URLSearchParams(query)}`);
const ok = async (query: Record<string, string>) => {
  const answer = await check(query);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body.data;
};
const at = (text: string, zone = EASTERN) => local(text, zone).toISOString();
const same = (given: string | null, text: string, zone = EASTERN) =>
  expect(given === null ? null : new Date(given)).toEqual(local(text, zone));

async function addLead(e164: string, state: string | null): Promise<string> {
  return await org.sql.begin(async (tx) => {
    const [lead] =
      await tx`insert into public.leads (org_id, first_name, state) values (${org.id}, 'Rosa', ${state}) returning id`;
    await tx`insert into public.lead_phones (org_id, lead_id, e164, role) values (${org.id}, ${lead?.id}, ${e164}, 'primary')`;
    return lead?.id as string;
  });
}

describe("what it says", () => {
  it("of an Oregonian: three texts in 24 hours, from 8 to 20 on each day", async () => {
    const data = await ok({ phone: "5035550142", at: at("2026-06-14T08:00", "America/Los_Angeles") });
    expect(data).toMatchObject({ may_send: true, limit: { max_per_24h: 3, used: 0, room_at: null } });
    const rule = data.rules.find((one: { rule: string }) => one.rule === "OR");
    expect(rule).toMatchObject({
      is_open: true,
      open_today: [{ opens: "08:00", closes: "20:00" }],
      max_per_24h: 3,
      is_default: false,
    });
    expect(rule.source).toContain("HB 3865");
    const used = { org_id: org.id, kind: "campaign", step: 1, from_number: "+12065550100", status: "sent" };
    for (const hours of [1, 2, 3]) {
      const created_at = new Date(local("2026-06-14T15:00", EASTERN).getTime() - hours * 3_600_000);
      await org.sql`insert into public.messages ${org.sql({ ...used, to_number: "+15035550143", created_at })}`;
    }
    const full = await ok({ phone: "5035550143", at: at("2026-06-14T15:00") });
    expect(full).toMatchObject({
      may_send: false,
      is_open: true,
      blocked_by: ["daily_limit"],
      limit: { max_per_24h: 3, used: 3 },
    });
    same(full.limit.room_at, "2026-06-15T12:00");
  });

  it.each([
    ["8015550142", "2027-01-18T18:00:00Z", "UT", "Birthday of Martin Luther King, Jr."],
    ["6015550142", "2027-01-18T18:00:00Z", "MS", "Birthday of Martin Luther King, Jr."],
    ["4015550142", "2027-01-18T18:00:00Z", "RI", "Birthday of Martin Luther King, Jr."],
    ["8015550142", "2027-07-24T18:00:00Z", "UT", "Pioneer Day"],
    ["8015550142", "2028-07-24T18:00:00Z", "UT", "Pioneer Day"],
    ["5045550142", "2027-02-09T18:00:00Z", "LA", "Mardi Gras"],
  ])("of %s at %s: closed, as %s keeps %s", async (phone, when, state, holiday) => {
    const data = await ok({ phone, at: when });
    expect(data).toMatchObject({ may_send: false, is_open: false, blocked_by: ["quiet_hours"] });
    expect(data.rules.find((one: { rule: string }) => one.rule === state)).toMatchObject({
      is_open: false,
      open_today: [],
      closed_by_holiday: holiday,
    });
  });

  it("of a Floridian with an address in California, on a Wednesday morning", async () => {
    const data = await ok({ phone: "(305) 555-0142", state: "california", at: at("2026-06-10T10:30") });
    expect(data).toMatchObject({
      phone: "+13055550142",
      may_send: false,
      is_open: false,
      blocked_by: ["quiet_hours"],
      open_until: null,
      area_code: { area_code: "305", state: "FL", time_zones: [EASTERN], overlay_of: null },
      address: { state: "CA", from: "request" },
      time_zones: [
        {
          time_zone: "America/Los_Angeles",
          local_time: "2026-06-10T07:30:00",
          because: ["address"],
          holiday: null,
        },
        { time_zone: EASTERN, local_time: "2026-06-10T10:30:00", because: ["area_code"], holiday: null },
      ],
      states: [
        { state: "CA", because: ["address"] },
        { state: "FL", because: ["area_code"] },
      ],
      limit: { max_per_24h: 3, used: 0, room_at: null },
      reply: { is_exempt: false, last_inbound_at: null, exempt_until: null },
      override: null,
    });
    same(data.next_open_at, "2026-06-10T12:00");
    const rules = data.rules.map(
      (rule: { rule: string; time_zone: string; is_open: boolean; open_today: unknown }) => [
        rule.rule,
        rule.time_zone,
        rule.is_open,
        rule.open_today,
      ],
    );
    const PACIFIC = "America/Los_Angeles";
    expect(rules).toEqual([
      ["org", CENTRAL, true, [{ opens: "08:00", closes: "20:00" }]],
      ["federal", PACIFIC, false, [{ opens: "08:00", closes: "21:00" }]],
      ["federal", EASTERN, true, [{ opens: "08:00", closes: "21:00" }]],
      ["CA", PACIFIC, false, [{ opens: "09:00", closes: "20:00" }]],
      ["CA", EASTERN, true, [{ opens: "09:00", closes: "20:00" }]],
      ["FL", PACIFIC, false, [{ opens: "08:00", closes: "20:00" }]],
      ["FL", EASTERN, true, [{ opens: "08:00", closes: "20:00" }]],
    ]);
    const florida = data.rules.find((rule: { rule: string }) => rule.rule === "FL");
    expect(florida).toMatchObject({
      max_per_24h: 3,
      is_own: false,
      is_default: false,
      source: expect.stringContaining("501.059"),
    });
    expect(florida.reviewed_at).toMatch(/^\d{4}-\d\d-\d\d$/);
  });

  it("of an hour that is open: until when", async () => {
    const data = await ok({ phone: "214-555-0142", at: at("2026-06-10T15:00", CENTRAL) });
    expect(data).toMatchObject({ may_send: true, is_open: true, blocked_by: [], next_open_at: null });
    // The organisation's own hours end before Texas does.
    same(data.open_until, "2026-06-10T20:00", CENTRAL);
  });

  it("of the last minute: open, and yet nothing is sent", async () => {
    const data = await ok({ phone: "2145550142", at: at("2026-06-10T19:59:01", CENTRAL) });
    expect(data).toMatchObject({ may_send: false, is_open: true, blocked_by: ["last_minute"] });
  });

  it("of a state without a rule, and of a holiday", async () => {
    const georgia = await ok({ phone: "4045550142", at: at("2026-06-10T12:00") });
    expect(georgia.rules.at(-1)).toMatchObject({
      rule: "GA",
      is_default: true,
      source: expect.stringContaining("default"),
    });
    const alabama = await ok({ phone: "2055550142", at: at("2026-11-26T12:00", CENTRAL) });
    expect(alabama.rules.at(-1)).toMatchObject({
      rule: "AL",
      is_open: false,
      open_today: [],
      closed_by_holiday: "Thanksgiving Day",
    });
    expect(alabama.time_zones[0].holiday).toBe("Thanksgiving Day");
    same(alabama.next_open_at, "2026-11-27T08:00", CENTRAL);
  });

  it("of a rule of the organisation's own", async () => {
    const row = {
      org_id: org.id,
      state: "WY",
      dow: 3,
      opens: "13:00",
      closes: "14:00",
      source: "our counsel",
      effective_from: "2026-01-01",
      reviewed_at: "2026-05-05",
    };
    expect((await org.admin.client.from("quiet_hour_rules").insert(row)).error).toBeNull();
    const data = await ok({ phone: "3075550142", at: at("2026-06-10T12:00", "America/Denver") });
    expect(data.rules.at(-1)).toMatchObject({
      rule: "WY",
      is_own: true,
      is_default: false,
      source: "our counsel",
      reviewed_at: "2026-05-05",
      open_today: [{ opens: "13:00", closes: "14:00" }],
    });
    same(data.next_open_at, "2026-06-10T13:00", "America/Denver");
  });

  it("of a number's own hours, and of the time when both are open", async () => {
    const [number] = await org.sql`
      update public.phone_numbers set quiet_starts = '12:00', quiet_ends = '10:00', time_zone = ${EASTERN} where org_id = ${org.id} returning id, e164`;
    const ask = (time: string) => ok({ phone: "2145550142", phone_number_id: number?.id, at: at(time) });
    const open = await ask("2026-06-10T11:30");
    expect(open).toMatchObject({ may_send: true, is_open: true });
    same(open.open_until, "2026-06-10T12:00");
    const shut = await ask("2026-06-10T12:00");
    expect(shut).toMatchObject({ may_send: false, is_open: false, blocked_by: ["number_quiet_hours"] });
    expect(shut.rules[1]).toMatchObject({
      rule: "number",
      is_open: false,
      open_today: [{ opens: "10:00", closes: "12:00" }],
    });
    // Its 10:00 is 9:00 in Texas, on Sundays three hours too early: and then it is shut already.
    same(shut.next_open_at, "2026-06-11T10:00");
    same((await ask("2026-06-13T12:00")).next_open_at, "2026-06-15T10:00");
  });

  it("of a lead: its own address, for any caller; of a phone alone: the address of the lead that has it", async () => {
    const leadId = await addLead("+13055550166", "HI");
    const byLead = await ok({ phone: "3055550166", lead_id: leadId, at: at("2026-06-10T10:30") });
    expect(byLead).toMatchObject({ is_open: false, address: { state: "HI", from: "lead" } });
    same(byLead.next_open_at, "2026-06-10T15:00");
    const byPhone = await ok({ phone: "3055550166", at: at("2026-06-10T10:30") });
    expect(byPhone).toMatchObject({
      is_open: false,
      address: { state: "HI", from: "phone" },
      next_open_at: byLead.next_open_at,
    });
    const elsewhere = await ok({ phone: "3055550166", state: "NY", at: at("2026-06-10T10:30") });
    expect(elsewhere).toMatchObject({ is_open: true, address: { state: "NY", from: "request" } });
    const nowhere = await ok({ phone: "3055550167", at: at("2026-06-10T10:30") });
    expect(nowhere.address).toEqual({ state: null, from: null });
  });

  it("of the limit in 24 hours, and when there is room again", async () => {
    const sent = [1, 2, 23].map((hours) => ({
      org_id: org.id,
      kind: "campaign",
      step: 1,
      from_number: "+12065550100",
      to_number: "+13055550155",
      status: "delivered",
      created_at: new Date(local("2026-06-10T15:00", EASTERN).getTime() - hours * 3_600_000),
    }));
    await org.sql`insert into public.messages ${org.sql(sent)}`;
    const data = await ok({ phone: "3055550155", at: at("2026-06-10T15:00") });
    expect(data).toMatchObject({
      may_send: false,
      is_open: true,
      blocked_by: ["daily_limit"],
      limit: { max_per_24h: 3, used: 3 },
    });
    same(data.limit.room_at, "2026-06-10T16:00");
    const later = await ok({ phone: "3055550155", at: at("2026-06-10T16:00") });
    expect(later).toMatchObject({ may_send: true, limit: { used: 2, room_at: null } });
  });

  it("of a person who wrote within 24 hours: answers are exempt, campaigns are not", async () => {
    const wrote = local("2026-06-10T15:00", EASTERN);
    await org.sql`insert into private.contacts (org_id, e164, last_inbound_at) values (${org.id}, '+13055550177', ${wrote})`;
    const night = await ok({ phone: "3055550177", at: at("2026-06-11T02:00") });
    expect(night).toMatchObject({ may_send: false, reply: { is_exempt: true } });
    same(night.reply.exempt_until, "2026-06-11T15:00");
    expect((await ok({ phone: "3055550177", at: at("2026-06-11T15:00") })).reply.is_exempt).toBe(false);
    expect((await ok({ phone: "3055550177", at: at("2026-06-10T14:00") })).reply).toMatchObject({
      is_exempt: false,
      last_inbound_at: null,
    });
  });

  it("of a campaign's override, which is honoured against a simulator", async () => {
    await addLead("+13055550188", null);
    const asking = await buildCampaign(org);
    const quiet = await buildCampaign(org, { quiet_hours_override: false });
    const night = { phone: "3055550188", at: at("2026-06-11T02:00") };
    expect(await ok({ ...night, campaign_id: asking })).toMatchObject({
      may_send: true,
      is_open: false,
      blocked_by: ["quiet_hours"],
      override: { campaign_id: asking, is_asked: true, is_honoured: true },
    });
    expect(await ok({ ...night, campaign_id: quiet })).toMatchObject({
      may_send: false,
      override: { campaign_id: quiet, is_asked: false, is_honoured: false },
    });
  });

  it("of now, where no moment is given", async () => {
    const before = Date.now();
    const data = await ok({ phone: "2145550142" });
    expect(Date.parse(data.at)).toBeGreaterThanOrEqual(before - 1_000);
    expect(Date.parse(data.at)).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(data.is_open).toBe(data.open_until !== null);
  });
});

describe("what it refuses, naming the field", () => {
  it.each<[string, Record<string, string>, string]>([
    ["no phone", {}, "phone"],
    ["an empty phone", { phone: " " }, "phone"],
    ["a phone that is too short", { phone: "555-0142" }, "phone"],
    ["a toll-free number", { phone: "800-555-0142" }, "phone"],
    ["a number of another country", { phone: "+52 55 5555 0142" }, "phone"],
    ["a state that is none", { phone: "2145550142", state: "Ontario" }, "state"],
    ["a lead's id that is none", { phone: "2145550142", lead_id: "7" }, "lead_id"],
    ["a lead that is not there", { phone: "2145550142", lead_id: randomUUID() }, "lead_id"],
    ["a number that is not there", { phone: "2145550142", phone_number_id: randomUUID() }, "phone_number_id"],
    ["a campaign that is not there", { phone: "2145550142", campaign_id: randomUUID() }, "campaign_id"],
    ["a moment that is none", { phone: "2145550142", at: "tomorrow" }, "at"],
    ["a moment without an offset", { phone: "2145550142", at: "2026-06-10T12:00:00" }, "at"],
    ["a moment in another century", { phone: "2145550142", at: "2126-06-10T12:00:00Z" }, "at"],
    ["a word it does not know", { phone: "2145550142", stat: "TX" }, "stat"],
  ])("%s", async (_what, query, field) => {
    const answer = await check(query);
    expect([answer.status, answer.body.error.code, fieldsOf(answer)]).toEqual([
      422,
      "invalid_input",
      [field],
    ]);
  });

  it("state and lead_id at once", async () => {
    const answer = await check({
      phone: "2145550142",
      state: "TX",
      lead_id: await addLead("+12145550199", "TX"),
    });
    expect([answer.status, fieldsOf(answer)]).toEqual([422, ["state"]]);
  });

  it("another organisation's rows, in the same words as rows that don't exist", async () => {
    const [lead] = await other.sql.begin(async (tx) => {
      const rows =
        await tx`insert into public.leads (org_id, first_name) values (${other.id}, 'Rosa') returning id`;
      await tx`insert into public.lead_phones (org_id, lead_id, e164, role) values (${other.id}, ${rows[0]?.id}, '+12145550142', 'primary')`;
      return rows;
    });
    const [campaign] =
      await other.sql`insert into public.campaigns (org_id, name) values (${other.id}, 'Theirs') returning id`;
    const theirs = {
      lead_id: lead?.id,
      phone_number_id: other.numbers[0]?.id as string,
      campaign_id: campaign?.id,
    };
    const words = ({ status, body }: Answer) => [
      status,
      body.error.code,
      body.error.message,
      body.error.details,
    ];
    for (const [field, id] of Object.entries(theirs)) {
      const answer = await check({ phone: "2145550142", [field]: id });
      expect(words(answer)).toEqual(words(await check({ phone: "2145550142", [field]: randomUUID() })));
    }
    // Their lead's address, their count and their people's messages don't count for us either.
    expect((await ok({ phone: "2145550142" })).address).toEqual({ state: null, from: null });
  });

  it("anybody who is not signed in", async () => {
    const answer = await callFunction(
      stack,
      undefined,
      "GET",
      "/compliance/quiet-hours/check?phone=2145550142",
    );
    expect(answer.status).toBe(401);
  });
});

it("uses the same function as sending: its answer equals window_state's for many phones, places and moments", async () => {
  const asked = ["2145550142", "3055550142", "9285550142", "9075550142", "8085550142", "2055550142"].flatMap(
    (phone) =>
      [
        "2026-03-08T15:30:00Z",
        "2026-06-14T18:00:00Z",
        "2026-11-26T18:00:00Z",
        "2027-01-02T02:00:00Z",
      ].flatMap((moment) =>
        [undefined, "AL", "GU"].map((state) => ({ phone, at: moment, ...(state && { state }) })),
      ),
  );
  const answers = await Promise.all(asked.map((query) => ok(query)));
  for (const [n, query] of asked.entries()) {
    const [w] = await org.sql`
      select w.* from private.window_state(${org.id}, private.window_key(${`+1${query.phone}`}, ${query.state ?? null}), ${query.at}) w`;
    const { is_open, open_until, next_open_at } = answers[n];
    const change = is_open ? open_until : next_open_at;
    expect([is_open, new Date(change)]).toEqual([w?.is_open, w?.is_open ? w?.valid_to : w?.next_open_at]);
  }
});
