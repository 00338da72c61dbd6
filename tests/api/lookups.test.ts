// Phones looked up at Twilio, over the whole stack: from a new lead to what is known of its phone, with a Twilio that fails.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { readLookups } from "../fixtures/read-lookups.ts";

const stack = inject("stack");
const orgs: TestOrg[] = [];
const addOrg = async (behaviour = {}) => {
  const org = await createOrg(stack, {
    roles: ["viewer", "operator", "campaign_manager"],
    numbers: 0,
    behaviour,
  });
  orgs.push(org);
  return org;
};
afterAll(() => Promise.all(orgs.map((org) => org.close())));

const call = (
  org: TestOrg,
  method: string,
  path: string,
  body?: unknown,
  who: keyof TestOrg["users"] = "admin",
) => callFunction(stack, org.users[who], method, path, body);
const turnOn = (org: TestOrg, more = {}) =>
  call(org, "PATCH", "/settings/organisation", { lookup_enabled: true, ...more });
const status = async (org: TestOrg) =>
  (await call(org, "GET", "/leads/lookups", undefined, "viewer")).body.data;

describe("lookups", () => {
  let org: TestOrg;
  beforeAll(async () => {
    org = await addOrg();
  });

  it("are off until an admin turns them on", async () => {
    await addLeads(org, 3);
    expect(await status(org)).toMatchObject({
      is_enabled: false,
      queued: 0,
      state: "idle",
      daily_budget: 1000,
    });
    const refused = await call(org, "POST", "/leads/lookups", { all: true }, "campaign_manager");
    expect([refused.status, refused.body.error.code]).toEqual([409, "invalid_state"]);
    const counted = await call(
      org,
      "POST",
      "/leads/lookups",
      { all: true, dry_run: true },
      "campaign_manager",
    );
    expect([counted.status, counted.body.data]).toMatchObject([
      202,
      { phones: 3, queued: 0, estimated_cost: 0.024 },
    ]);
    for (const who of ["viewer", "operator"] as const) {
      expect((await call(org, "POST", "/leads/lookups", { all: true }, who)).status).toBe(403);
    }
    expect((await readLookups(org)).answered).toEqual([]);
  });

  it("are made for new leads automatically, and for existing ones on request", async () => {
    await turnOn(org);
    const [landline, gone] = [fictionalPhoneAt(1000), fictionalPhoneAt(1001)];
    await org.simulator.setLines({ [landline]: "landline" });
    const { body } = await call(
      org,
      "POST",
      "/leads",
      { primary_phone: landline, secondary_phone: gone },
      "operator",
    );
    const phones = async () => (await call(org, "GET", `/leads/${body.data.id}`)).body.data.phones;
    await waitFor(async () =>
      (await phones()).every((phone: { looked_up_at: string }) => phone.looked_up_at),
    );
    expect(await phones()).toMatchObject([
      {
        e164: landline,
        line_type: "landline",
        line_type_source: "lookup",
        carrier: "Regional Telephone Company",
      },
      { e164: gone, line_type: "mobile", line_type_source: "lookup", is_valid: true },
    ]);
    expect((await readLookups(org)).answered.sort()).toEqual([landline, gone].sort());
    const asked = await call(org, "POST", "/leads/lookups", { all: true }, "campaign_manager");
    expect([asked.status, asked.body.data.queued]).toEqual([202, 3]);
    await waitFor(async () => (await status(org)).done_today === 5);
    expect(await status(org)).toMatchObject({
      queued: 0,
      charged_today: 5,
      budget_left: 995,
      state: "idle",
      failures: 0,
    });
    const figures = (await call(org, "GET", "/leads/phones/figures", undefined, "viewer")).body.data;
    expect(figures).toMatchObject({
      phones: 5,
      looked_up: 5,
      not_looked_up: 0,
      valid: 5,
      line_type: { mobile: 4, landline: 1, not_known: 0 },
    });
  });

  it.each([[{}], [{ all: false }], [{ all: true, lead_ids: ["00000000-0000-4000-8000-000000000000"] }]])(
    "are asked for by leads or by all, not %o",
    async (body) => {
      const answer = await call(org, "POST", "/leads/lookups", body, "campaign_manager");
      expect(answer.status).toBe(422);
      expect(fieldsOf(answer).length).toBeGreaterThan(0);
    },
  );
});

it("no phone is lost to a Twilio that throttles, fails and hangs, none is asked about twice after an answer, and the budget holds", async () => {
  const org = await addOrg({
    lookups: { throttled: 0.03, failed: 0.1, held: 0.02, invalid: 0.1 },
    answers: { holdMs: 300 },
  });
  await turnOn(org, { lookup_daily_budget: 200 });
  await addLeads(org, 100);
  const known = async () =>
    (
      await org.sql`select count(*)::int as n from public.lead_phones where org_id = ${org.id} and looked_up_at is not null`
    )[0]?.n;
  await waitFor(
    async () => {
      // Failed lookups are retried after half a minute or more: time is moved on, but not for those under way.
      await org.sql`
        with idle as (
          update private.call_lanes l set rests_until = null
          where l.org_id = ${org.id} and not exists (select 1 from pgmq.q_lookups m where m.message ->> 'lane_id' = l.id::text)
          returning l.id
        )
        update private.outside_calls c set due_at = now() from idle where c.lane_id = idle.id and c.attempts > 0`;
      await org.sql`select private.wake_call_lanes()`;
      return (await known()) === 100;
    },
    { seconds: 90, every: 500 },
  );
  const { answered, failed } = await readLookups(org);
  expect(new Set(answered).size).toBe(100);
  expect(answered).toHaveLength(100);
  expect(failed).toBeGreaterThan(5);
  const [lane] = await org.sql`select charged, answered from private.call_lanes where org_id = ${org.id}`;
  expect(lane?.answered).toBe(100);
  expect(lane?.charged).toBeGreaterThan(100);
  expect(lane?.charged).toBeLessThanOrEqual(200);
  const [invalid] = await org.sql`
    select count(*)::int as n from public.lead_phones where org_id = ${org.id} and invalid_reason = 'lookup_invalid_but_possible'`;
  expect(invalid?.n).toBeGreaterThan(0);
});
