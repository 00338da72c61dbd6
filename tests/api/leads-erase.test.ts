// Erasing people over HTTP.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { mixedPhoneAt } from "../fixtures/list-phones.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack, { roles: ["campaign_manager"], numbers: 0 });
});
afterAll(() => org?.close());

const call = (method: string, path: string, body?: unknown, user = org.admin) =>
  callFunction(stack, user, method, `/leads${path}`, body);
const create = async (body: Record<string, unknown>) => (await call("POST", "", body)).body.data;

it("erases a lead that is confirmed by name or by phone in any format, and answers what stays", async () => {
  const lead = await create({
    first_name: "Rosa",
    last_name: "Mora",
    primary_phone: "+15125550177",
    email: "rosa@example.com",
  });
  const path = `/${lead.id}/erase`;
  expect((await call("POST", path, { confirm: "rosa mora" }, org.users.campaign_manager)).status).toBe(403);
  expect(fieldsOf(await call("POST", path, { confirm: "Rosa Moro" }))).toEqual(["confirm"]);
  expect(fieldsOf(await call("POST", path, {}))).toEqual(["confirm"]);
  expect(await call("POST", path, { confirm: "(512) 555-0177" })).toMatchObject({
    status: 200,
    body: { success: true, data: { erased: { leads: 1, phones: 1 }, suppressed: ["+15125550177"] } },
  });
  expect((await call("GET", `/${lead.id}`)).status).toBe(404);
  expect((await call("POST", path, { confirm: "rosa mora" })).body.data).toEqual({
    erased: {},
    targets_canceled: 0,
    suppressed: [],
  });
  const [row] = await org.sql`select first_name, email, search_text from public.leads where id = ${lead.id}`;
  expect(row).toEqual({ first_name: null, email: null, search_text: expect.not.stringMatching(/[a-z0-9]/) });
});

it("erases a phone that no lead has, given twice, and names the lead if one has it", async () => {
  const phone = "+447700900123";
  expect(fieldsOf(await call("POST", "/erase", { phone, confirm: "+447700900124" }))).toEqual(["confirm"]);
  expect(fieldsOf(await call("POST", "/erase", { phone: "x", confirm: "x" }))).toEqual(["phone"]);
  expect((await call("POST", "/erase", { phone, confirm: "+44 7700 900123" })).body.data).toMatchObject({
    suppressed: [phone],
  });
  const lead = await create({ primary_phone: mixedPhoneAt(0) });
  const answer = await call("POST", "/erase", { phone: lead.primary_phone, confirm: lead.primary_phone });
  expect(answer).toMatchObject({
    status: 409,
    body: { error: { code: "conflict", details: { lead_ids: [lead.id] } } },
  });
});
