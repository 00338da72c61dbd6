// Single leads over HTTP: create, read, change, delete, and what is refused.
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
let other: TestOrg;
let next = 0;
const phone = () => fictionalPhoneAt(next++);

beforeAll(async () => {
  org = await createOrg(stack, { roles: ["viewer", "operator"], numbers: 0 });
  other = await createOrg(stack, { numbers: 0 });
});
afterAll(() => Promise.all([org.close(), other.close()]));

const call = (method: string, path: string, body?: unknown, user = org.users.operator) =>
  callFunction(stack, user, method, `/leads${path}`, body);
const create = async (body: Record<string, unknown>) => {
  const answer = await call("POST", "", body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.data;
};

describe("creating a lead", () => {
  it("keeps every field, with phones of any format as E.164", async () => {
    const lead = await create({
      first_name: " José ",
      last_name: "García",
      primary_phone: "(512) 555-0190",
      secondary_phone: "1-713-555-0191",
      alternate_phone: "+1 210 555 0192",
      email: "jose@example.com",
      address1: "12 Elm St",
      city: "Austin",
      state: "texas",
      postal_code: "78701",
      county: "Travis",
      language: "es",
      tags: ["vip", "SEP25", "VIP"],
      custom_fields: { "Lot depth": 120 },
      properties: [{ apn: "0123-45", acreage: 12.5, estimated_value: 40000, state: "TX" }],
    });
    expect(lead).toMatchObject({
      full_name: "José García",
      primary_phone: "+15125550190",
      secondary_phone: "+17135550191",
      alternate_phone: "+12105550192",
      state: "TX",
      status: "new",
      tags: ["VIP", "SEP25"],
      custom_fields: { "Lot depth": 120 },
      properties: [{ apn: "0123-45", acreage: 12.5, estimated_value: 40000 }],
    });
    expect(lead.phones.map((one: { role: string }) => one.role)).toEqual([
      "primary",
      "secondary",
      "alternate",
    ]);
    expect(await call("GET", `/${lead.id}`)).toMatchObject({
      status: 200,
      body: { success: true, data: lead },
    });
    const contacts = await org.sql`
      select e164 from private.contacts where org_id = ${org.id} and e164 in ('+15125550190', '+17135550191', '+12105550192')`;
    expect(contacts).toHaveLength(3);
  });

  it.each([
    [{ first_name: "A" }, ["primary_phone"]],
    [{ primary_phone: "" }, ["primary_phone"]],
    [{ primary_phone: "12" }, ["primary_phone"]],
    [{ primary_phone: "512 555 0100", secondary_phone: "+44 20 7946 0958" }, ["secondary_phone"]],
    [{ primary_phone: "512 555 0100", secondary_phone: "(512) 555-0100" }, ["secondary_phone"]],
    [{ primary_phone: "512 555 0100", tags: ["no spaces"] }, ["tags.0"]],
    [{ primary_phone: "512 555 0100", state: "ZZ", email: "nobody" }, ["email", "state"]],
    [{ primary_phone: "512 555 0100", status: "sold" }, ["status"]],
    [{ primary_phone: "512 555 0100", shoe_size: 9 }, ["shoe_size"]],
    [{ primary_phone: "512 555 0100", properties: [{ acreage: -1 }] }, ["properties.0.acreage"]],
  ])("refuses %j and names what is wrong", async (body, fields) => {
    const answer = await call("POST", "", body);
    expect(answer).toMatchObject({ status: 422, body: { success: false, error: { code: "invalid_input" } } });
    expect(fieldsOf(answer).sort()).toEqual(fields);
  });

  it("refuses a phone another lead has in any role, naming that lead, unless told that it may be", async () => {
    const [a, b] = [phone(), phone()];
    const lead = await create({ primary_phone: a, alternate_phone: b });
    const answer = await call("POST", "", { primary_phone: phone(), secondary_phone: b });
    expect(answer).toMatchObject({
      status: 409,
      body: { error: { code: "duplicate", details: { field: "secondary_phone", lead_id: lead.id } } },
    });
    await create({ primary_phone: b, allow_duplicate_phone: true });
  });

  it("makes one lead of ten requests with the same phone at the same moment", async () => {
    const primary_phone = phone();
    const answers = await Promise.all(Array.from({ length: 10 }, () => call("POST", "", { primary_phone })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(9).fill(409)]);
  });

  it("lets another organisation have the same phone", async () => {
    const primary_phone = phone();
    await create({ primary_phone });
    expect((await call("POST", "", { primary_phone }, other.admin)).status).toBe(201);
  });
});

describe("changing a lead", () => {
  it("changes the fields given, empties those that are null, and leaves the rest", async () => {
    const lead = await create({ primary_phone: phone(), first_name: "Ana", city: "Waco", notes: "x" });
    const answer = await call("PATCH", `/${lead.id}`, { city: "Tyler", notes: null, status: "interested" });
    expect(answer.body.data).toMatchObject({
      first_name: "Ana",
      city: "Tyler",
      notes: null,
      status: "interested",
    });
    expect(answer.body.data.phones).toEqual(lead.phones);
  });

  it("lets phones be swapped, removed and added, and finds the lead by the new ones only", async () => {
    const [a, b, c] = [phone(), phone(), phone()];
    const lead = await create({ primary_phone: a, secondary_phone: b });
    const swapped = await call("PATCH", `/${lead.id}`, { primary_phone: b, secondary_phone: a });
    expect(swapped.body.data).toMatchObject({ primary_phone: b, secondary_phone: a });
    const ids = (phones: { e164: string; id: string }[]) =>
      Object.fromEntries(phones.map((one) => [one.e164, one.id]));
    expect(ids(swapped.body.data.phones)).toEqual(ids(lead.phones));
    const changed = await call("PATCH", `/${lead.id}`, { secondary_phone: null, alternate_phone: c });
    expect(changed.body.data).toMatchObject({ primary_phone: b, secondary_phone: null, alternate_phone: c });
    const found = async (text: string) =>
      (await call("GET", `?search=${encodeURIComponent(text)}`)).body.data.length;
    expect([await found(a), await found(b), await found(c)]).toEqual([0, 1, 1]);
  });

  it("refuses to take the primary phone away, to take another lead's, or to change nothing", async () => {
    const taken = await create({ primary_phone: phone() });
    const lead = await create({ primary_phone: phone() });
    expect(fieldsOf(await call("PATCH", `/${lead.id}`, { primary_phone: null }))).toEqual(["primary_phone"]);
    expect(await call("PATCH", `/${lead.id}`, { secondary_phone: taken.primary_phone })).toMatchObject({
      status: 409,
      body: { error: { details: { lead_id: taken.id } } },
    });
    expect((await call("PATCH", `/${lead.id}`, {})).status).toBe(422);
    expect((await call("GET", `/${lead.id}`)).body.data).toEqual(lead);
  });

  it("records who granted consent by hand, for every phone", async () => {
    const lead = await create({ primary_phone: phone(), secondary_phone: phone() });
    await call("PATCH", `/${lead.id}`, { consent_status: "granted" });
    const records = await org.sql`
      select status, method, recorded_by from public.consent_records where lead_id = ${lead.id}`;
    expect(records).toHaveLength(2);
    expect(records[0]).toEqual({ status: "granted", method: "manual", recorded_by: org.users.operator?.id });
  });
});

describe("deleting a lead", () => {
  it("hides it everywhere, keeps its history, and frees its phone", async () => {
    const primary_phone = phone();
    const lead = await create({ primary_phone, last_name: "Quisenberry" });
    expect((await call("DELETE", `/${lead.id}`)).status).toBe(204);
    expect((await call("GET", `/${lead.id}`)).status).toBe(404);
    expect((await call("PATCH", `/${lead.id}`, { city: "Waco" })).status).toBe(404);
    expect((await call("DELETE", `/${lead.id}`)).status).toBe(404);
    expect((await call("GET", "?search=quisenberry")).body.pagination.total).toBe(0);
    const [row] = await org.sql`select deleted_at from public.leads where id = ${lead.id}`;
    expect(row?.deleted_at).toBeInstanceOf(Date);
    await create({ primary_phone });
  });

  it("cancels what a campaign has not sent to it yet", async () => {
    const lead = await create({ primary_phone: phone() });
    const [campaign] =
      await org.sql`insert into public.campaigns (org_id, name) values (${org.id}, 'Spring') returning id`;
    await org.sql`
      insert into public.campaign_targets (org_id, campaign_id, lead_id, e164, ordinal, window_key)
      values (${org.id}, ${campaign?.id}, ${lead.id}, ${lead.primary_phone}, 1, 'x')`;
    await call("DELETE", `/${lead.id}`);
    const targets =
      await org.sql`select state, reason from public.campaign_targets where lead_id = ${lead.id}`;
    expect(targets).toEqual([{ state: "canceled", reason: "lead_deleted" }]);
  });
});

describe("who may", () => {
  it("lets a viewer read and nothing else, through the API and around it", async () => {
    const { viewer } = org.users;
    const lead = await create({ primary_phone: phone() });
    expect((await call("GET", `/${lead.id}`, undefined, viewer)).status).toBe(200);
    for (const [method, path, body] of [
      ["POST", "", { primary_phone: phone() }],
      ["PATCH", `/${lead.id}`, { city: "Waco" }],
      ["DELETE", `/${lead.id}`, undefined],
    ] as const) {
      expect(await call(method, path, body, viewer), method).toMatchObject({
        status: 403,
        body: { error: { code: "forbidden" } },
      });
    }
    const client = viewer?.client;
    expect(
      (await client?.rpc("create_lead", { p_lead: { primary_phone: phone() } }))?.error?.message,
    ).toContain("operator");
    expect((await client?.rpc("delete_lead", { p_lead_id: lead.id }))?.error?.message).toContain("operator");
    for (const user of [viewer, org.users.operator, org.admin]) {
      expect((await user?.client.from("leads").update({ city: "X" }).eq("id", lead.id))?.error?.code).toBe(
        "42501",
      );
      expect((await user?.client.from("leads").delete().eq("id", lead.id))?.error?.code).toBe("42501");
      expect((await user?.client.from("lead_phones").delete().eq("lead_id", lead.id))?.error?.code).toBe(
        "42501",
      );
    }
    expect((await call("GET", `/${lead.id}`)).body.data).toEqual(lead);
  });

  it("treats another organisation's lead as one that does not exist", async () => {
    const lead = await create({ primary_phone: phone() });
    for (const [method, body] of [["GET"], ["PATCH", { city: "Waco" }], ["DELETE"]] as const) {
      expect((await call(method, `/${lead.id}`, body, other.admin)).status, method).toBe(404);
      expect((await call(method, `/${randomUUID()}`, body)).status, method).toBe(404);
    }
    expect((await call("GET", "/not-a-uuid")).status).toBe(400);
    expect((await other.admin.client.rpc("get_lead", { p_lead_id: lead.id })).error?.message).toContain(
      "no lead",
    );
    expect((await other.admin.client.from("leads").select("id").eq("id", lead.id)).data).toEqual([]);
  });
});
