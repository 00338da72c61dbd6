// A test phone and a test send by HTTP, through the worker to the simulated Twilio.
import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { addTemplate } from "../fixtures/add-templates.ts";
import { callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
let org: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  org = await createOrg(stack, { numbers: 1, roles: ["viewer"] });
  leads = await addLeads(org, 2);
  // Who wrote within a day may be written to at any hour, so the test does not depend on it.
  await org.sql`insert into private.contacts (org_id, e164, last_inbound_at)
    select ${org.id}, e164, now() from public.lead_phones where org_id = ${org.id}
    on conflict (org_id, e164) do update set last_inbound_at = now()`;
});
afterAll(() => org.close());

const call = (method: string, path: string, body?: unknown) =>
  callFunction(stack, org.admin, method, `/templates${path}`, body);
const textsTo = async (e164: string) =>
  ((await org.simulator.readRecord({ kind: "post", to: e164 })) as PostEntry[]).map(({ body }) => body);
/** (512) 555-0100, as people write phones. */
const asWritten = (e164: string) => e164.replace(/^\+1(\d{3})(\d{3})/, "($1) $2-");

it("a code confirms the phone, and the text arrives as it was shown", async () => {
  const [lead, person] = leads as [TestLead, TestLead];
  const added = await call("POST", "/test-phones", { phone: asWritten(person.e164), label: "Desk" });
  expect([added.status, added.body.data.e164, added.body.data.confirmed_at]).toEqual([
    201,
    person.e164,
    null,
  ]);
  const { id } = added.body.data;
  const [code] = await waitFor(async () => {
    const texts = await textsTo(person.e164);
    return texts.length > 0 && texts.map((text) => /\b\d{6}\b/.exec(text)?.[0] as string);
  });
  const wrong = await call("POST", `/test-phones/${id}/confirm`, {
    code: code === "000000" ? "000001" : "000000",
  });
  expect([wrong.status, fieldsOf(wrong), wrong.body.error.message]).toEqual([
    422,
    ["code"],
    expect.stringContaining("Tries left: 4"),
  ]);
  const early = await call("POST", `/${org.templates.initial}/test-send`, { to: person.e164 });
  expect([early.status, early.body.error.code]).toEqual([409, "invalid_state"]);
  expect((await call("POST", `/test-phones/${id}/confirm`, { code })).body.data.confirmed_at).not.toBeNull();
  expect((await call("POST", `/test-phones/${id}/resend`)).status).toBe(409);
  const seen = await callFunction(stack, org.users.viewer, "GET", "/messages");
  expect(JSON.stringify(seen.body)).not.toContain(code);

  const request = { to: person.e164, lead_id: lead.id, values: { firstName: "Zoé" } };
  const shown = await call("POST", `/${org.templates.initial}/preview`, {
    lead_id: lead.id,
    values: request.values,
  });
  const sent = await call("POST", `/${org.templates.initial}/test-send`, request);
  expect([sent.status, sent.body.data]).toEqual([
    202,
    { message_id: expect.any(String), to: person.e164, from: org.numbers[0]?.e164, deduplicated: false },
  ]);
  const again = await call("POST", `/${org.templates.initial}/test-send`, request);
  expect(again.body.data).toEqual({ ...sent.body.data, deduplicated: true });
  const texts = await waitFor(async () => {
    const found = await textsTo(person.e164);
    return found.length > 1 && found;
  });
  expect(texts.slice(1)).toEqual([shown.body.data.text]);
  expect(await org.sql`select 1 from public.campaign_stats where org_id = ${org.id} and sent > 0`).toEqual(
    [],
  );

  await org.simulator.sendInbound({ from: person.e164, to: org.numbers[0]?.e164 as string, body: "ALTO" });
  await waitFor(async () => {
    const refused = await call("POST", `/${org.templates.initial}/test-send`, { to: person.e164 });
    return refused.body.error?.code === "opted_out";
  });
  expect((await call("DELETE", `/test-phones/${id}`)).status).toBe(204);
  expect((await call("GET", "/test-phones")).body.data).toEqual([]);
});

it("sends each text of a campaign with the values of somebody who waits, or none of them", async () => {
  const other = await createOrg(stack, { numbers: 1 });
  try {
    const [waiting, desk] = (await addLeads(other, 2)) as [TestLead, TestLead];
    await other.sql`update public.leads set first_name = 'Lupe' where id = ${waiting.id}`;
    await other.sql`
      insert into private.contacts (org_id, e164, last_inbound_at) values (${other.id}, ${desk.e164}, now())
      on conflict (org_id, e164) do update set last_inbound_at = now()`;
    await other.sql`
      insert into public.test_phones (org_id, e164, confirmed_at) values (${other.id}, ${desk.e164}, now())`;
    const second = await addTemplate(other.sql, other.id, {
      category: "initial",
      language: "es",
      content: "Buenas, {first_name|vecino}, le escribe {brand}. Responda ALTO para no recibir mas.",
    });
    const campaign = await buildCampaign(other, {
      target_criteria: { lead_ids: [waiting.id] },
      template_ids: [other.templates.initial, second],
    });
    const send = (body: Record<string, unknown>) =>
      callFunction(stack, other.admin, "POST", `/campaigns/${campaign}/test-send`, body);
    const sent = await send({ to: asWritten(desk.e164) });
    expect(sent.status).toBe(202);
    expect(sent.body.data.map((each: { template_id: string }) => each.template_id).sort()).toEqual(
      [other.templates.initial, second].sort(),
    );
    const texts = await waitFor(async () => {
      const posts = (await other.simulator.readRecord({ kind: "post", to: desk.e164 })) as PostEntry[];
      return posts.length === 2 && posts.map(({ body }) => body);
    });
    for (const text of texts) expect(text).toContain("Lupe");
    // Nine tests were sent today: there is room for one, not for both.
    await other.sql`
      update public.messages set created_at = created_at - interval '2 minutes' where org_id = ${other.id} and kind = 'test'`;
    await other.sql`
      insert into public.messages (org_id, kind, to_number, from_number, status, language, content)
      select org_id, kind, to_number, from_number, 'sent', language, 'Test' from public.messages,
        generate_series(1, 7) where org_id = ${other.id} and id = ${sent.body.data[0].message_id}`;
    const full = await send({ to: desk.e164 });
    expect([full.status, full.body.error.code]).toEqual([429, "rate_limited"]);
    const [count] = await other.sql`
      select count(*)::int as n from public.messages where org_id = ${other.id} and kind = 'test'`;
    expect(count?.n).toBe(9);
    const wrong = await send({ to: waiting.e164 });
    expect([wrong.status, fieldsOf(wrong)]).toEqual([422, ["to"]]);
  } finally {
    await other.close();
  }
});
