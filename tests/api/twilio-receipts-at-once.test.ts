// Many receipts at the same moment: each is applied before it is answered, and a bad one does not affect the others.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { postWebhook } from "../fixtures/post-webhook.ts";
import { buildCampaign, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

const stack = inject("stack");
const COUNT = 60;
let org: TestOrg;
let messages: { id: string; attempt_id: string; provider_sid: string }[];

beforeAll(async () => {
  org = await createOrg(stack, { mps: 100, behaviour: { delivery: { manual: true } } });
  await addLeads(org, COUNT);
  const campaign = await buildCampaign(org);
  await startCampaign(org, campaign);
  await waitForStatus(org, campaign, "completed", 60);
  messages =
    await org.sql`select id, attempt_id, provider_sid from public.messages where campaign_id = ${campaign}`;
});
afterAll(() => org.close());

const post = async (message: (typeof messages)[number], status: string, more: Record<string, string> = {}) =>
  (
    await postWebhook(org, {
      path: "/twilio/status",
      query: `mid=${message.id}&a=${message.attempt_id}`,
      fields: { MessageSid: message.provider_sid, MessageStatus: status, ...more },
    })
  ).status;

it("every one is applied by the time it is answered", async () => {
  expect(messages).toHaveLength(COUNT);
  const ends = messages.map((message, i) => ({ message, isDelivered: i % 5 !== 0 }));
  const answers = await Promise.all(
    ends.flatMap(({ message, isDelivered }) => [
      post(message, "sent"),
      isDelivered ? post(message, "delivered") : post(message, "undelivered", { ErrorCode: "30003" }),
      post(message, "queued"),
      post(message, "sent"),
    ]),
  );
  expect(answers.filter((answer) => answer !== 204)).toEqual([]);
  const rows = await org.sql`
    select m.id, m.status::text, t.delivery,
      (select count(*)::int from public.message_status_events e where e.message_id = m.id) as kept
    from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id where m.org_id = ${org.id}`;
  const found = new Map(rows.map((row) => [row.id, row]));
  for (const { message, isDelivered } of ends) {
    const status = isDelivered ? "delivered" : "undelivered";
    expect(found.get(message.id)).toMatchObject({ status, delivery: status, kept: 3 });
  }
});

it("one with characters that Postgres can't store is stored without them", async () => {
  const answers = await Promise.all(
    messages.map((message) => post(message, "read", { ProfileName: "a\u0000b" })),
  );
  expect(answers.filter((answer) => answer !== 204)).toEqual([]);
  const rows = await org.sql`
    select distinct raw_data ->> 'ProfileName' as name from public.message_status_events where org_id = ${org.id} and status = 'read'`;
  expect(rows).toEqual([{ name: "ab" }]);
});

it("one that the database refuses does not affect the others", async () => {
  await org.sql`delete from public.message_status_events where org_id = ${org.id} and status = 'read'`;
  const refused = messages[7]?.id;
  await org.sql.unsafe(
    `alter table public.message_status_events add constraint spoiled check (message_id <> '${refused}') not valid`,
  );
  const answers = await Promise.all(messages.map((message) => post(message, "read"))).finally(() =>
    org.sql.unsafe("alter table public.message_status_events drop constraint spoiled"),
  );
  expect(answers.filter((answer) => answer === 204)).toHaveLength(COUNT - 1);
  expect(answers[7]).toBeGreaterThanOrEqual(400);
});
