// Texts to one person by HTTP, through the worker to the simulated Twilio; also if the worker is killed with a POST under way.
import { randomUUID } from "node:crypto";
import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { type Answer, callFunction, fieldsOf } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";

let own: OwnStack;
let org: TestOrg;
let leads: TestLead[];
// A stack of its own, because other files' messages would lose their worker with ours.
beforeAll(async () => {
  own = await startOwnStack();
  // Slow answers, so that a POST is accepted but not answered when the worker dies.
  org = await createOrg(own.stack, {
    numbers: 1,
    roles: ["viewer", "operator"],
    behaviour: { timeFactor: 1, delays: { answer: 500, queued: 0, sent: 0, final: 1500 } },
  });
  leads = await addLeads(org, 3);
  // Who wrote within a day may be written to at any hour, so the test does not depend on it.
  await org.sql`insert into private.contacts (org_id, e164, last_inbound_at)
    select ${org.id}, e164, now() from public.lead_phones where org_id = ${org.id}
    on conflict (org_id, e164) do update set last_inbound_at = now()`;
});
afterAll(async () => {
  await org?.close();
  await own?.stop();
});

const call = (user: "viewer" | "operator", method: string, path: string, body?: unknown) =>
  callFunction(own.stack, org.users[user], method, `/messages${path}`, body);
async function sendWithKey(key: string, body: unknown): Promise<Pick<Answer, "status" | "body">> {
  const response = await fetch(`${own.stack.FUNCTIONS_URL}/messages/send`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${org.users.operator?.token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
const postsTo = async (e164: string) =>
  (await org.simulator.readRecord({ kind: "post", to: e164 })) as PostEntry[];
/** (512) 555-0100, as people write phones. */
const asWritten = (e164: string) => e164.replace(/^\+1(\d{3})(\d{3})/, "($1) $2-");
const delivered = (id: string) =>
  waitFor(async () => {
    const { data } = (await call("viewer", "GET", `/${id}`)).body;
    return data.status === "delivered" && data;
  });

test("a text asked for four times at once is posted once, as it was written, and delivered", async () => {
  const [lead] = leads as [TestLead];
  const request = { to: asWritten(lead.e164), body: "Hola {first_name}, ¿le llamo a las 5? {{ok}}" };
  const answers = await Promise.all([1, 2, 3, 4].map(() => call("operator", "POST", "/send", request)));
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  const [first] = answers as [Answer];
  expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
  expect(answers.filter(({ body }) => !body.data.deduplicated)).toHaveLength(1);
  expect(first.body.data).toMatchObject({
    kind: "direct",
    direction: "outbound",
    to_number: lead.e164,
    from_number: org.numbers[0]?.e164,
    lead_id: lead.id,
    content: request.body,
  });
  const shown = await delivered(first.body.data.id);
  expect(shown).toMatchObject({ error_code: null, segments: 1, cost: expect.any(Number) });
  expect((await postsTo(lead.e164)).map(({ body }) => body)).toEqual([request.body]);

  const refused = await call("viewer", "POST", "/send", { ...request, body: "No" });
  expect([refused.status, refused.body.error.code]).toEqual([403, "forbidden"]);
  for (const [body, field] of [
    [{ body: "x" }, "to"],
    [{ to: "555", body: "x" }, "to"],
    [{ to: "+15125550199", body: "x" }, "to"],
    [{ to: lead.e164 }, "body"],
    [{ to: lead.e164, body: " " }, "body"],
    [{ to: lead.e164, body: "x", lead_id: "1" }, "lead_id"],
    [{ to: lead.e164, body: "x", from: "+15125550100" }, "from"],
  ] as const) {
    const bad = await call("operator", "POST", "/send", body);
    expect([body, bad.status, fieldsOf(bad)]).toEqual([body, 422, [field]]);
  }
  const missing = await call("viewer", "GET", `/${randomUUID()}`);
  expect(missing.status).toBe(404);

  await org.simulator.sendInbound({ from: lead.e164, to: org.numbers[0]?.e164 as string, body: "STOP" });
  await waitFor(async () => {
    const answer = await call("operator", "POST", "/send", { to: lead.e164, body: "Too late" });
    return answer.body.error?.code === "opted_out";
  });
});

test("a worker that is killed with the POST under way does not make it two", async () => {
  const lead = leads[1] as TestLead;
  const key = randomUUID();
  const request = { lead_id: lead.id, body: "Mañana a las nueve" };
  const sent = await sendWithKey(key, request);
  expect([sent.status, sent.body.data.deduplicated]).toEqual([202, false]);
  const { id } = sent.body.data;
  await waitFor(async () => (await postsTo(lead.e164)).length === 1);
  expect(await own.running.killFunction("worker")).not.toEqual([]);
  // Rescue takes an attempt for dead after 60 s; for this test they have passed.
  await org.sql`
    update public.send_attempts set claimed_at = claimed_at - interval '61 seconds' where message_id = ${id} and outcome = 'open'`;
  await org.sql`select private.rescue_sends()`;
  const again = await sendWithKey(key, request);
  expect([again.status, again.body.data.id, again.body.data.deduplicated]).toEqual([202, id, true]);
  const other = await sendWithKey(key, { ...request, body: "Otra" });
  expect([other.status, fieldsOf(other as Answer)]).toEqual([422, ["Idempotency-Key"]]);
  await delivered(id);
  expect(await postsTo(lead.e164)).toHaveLength(1);
  const [row] = await org.sql`
    select count(*)::int as attempts from public.send_attempts where message_id = ${id} and outcome <> 'not_posted'`;
  expect(row?.attempts).toBe(1);
});
