// Which campaign message an inbound text answers, and what it says about selling: written once, when it arrives.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { DAY } from "../../fixtures/arrange-steps.ts";
import { newSid, sendAll } from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let lead: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, fields: { cooldown_days: 0 } });
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
});

/** The person writes. @returns the row of what they wrote */
async function write(now: Date, { interest = null as string | null, to = org } = {}) {
  const sid = newSid();
  await bench.a.sql`
    select private.receive_inbound(${to.accountSid}, ${sid}, ${lead.e164}, ${to.numbers[0]?.e164 ?? ""}, 'Text', '{}', 'reply',
      'exact', false, 'en', false, null, ${now}, ${interest})`;
  const [row] = await bench.sql`
    select id, campaign_id, answers_message_id, interest from public.messages where provider_sid = ${sid}`;
  return row;
}
/** A campaign that sends its text to the person. @returns the message's id */
async function send(now: Date): Promise<string> {
  await arrangeCampaign(bench.db, org, {}, { now });
  const [sent] = await sendAll(bench.a.sql, bench.sql, now);
  return sent?.message_id as string;
}

test("a text belongs to the newest campaign message that was sent to its phone", async () => {
  const first = await send(AFTERNOON);
  expect((await write(later(AFTERNOON, 60)))?.answers_message_id).toBe(first);
  const second = await send(later(AFTERNOON, 2 * DAY));
  expect((await write(later(AFTERNOON, 3 * DAY)))?.answers_message_id).toBe(second);
});

test("for 14 days from the sending, and not a second longer", async () => {
  const message = await send(AFTERNOON);
  expect((await write(later(AFTERNOON, 14 * DAY - 1)))?.answers_message_id).toBe(message);
  const late = await write(later(AFTERNOON, 14 * DAY));
  // It is still of the campaign's conversation, as before.
  expect(late).toMatchObject({ answers_message_id: null, campaign_id: expect.any(String) });
});

test("not to a message that was never sent: queued, failed or canceled", async () => {
  const first = await send(AFTERNOON);
  for (const status of ["queued", "failed", "canceled"]) {
    await bench.sql`
      insert into public.messages (org_id, kind, step, from_number, to_number, status, created_at, queued_at)
      values (${org.id}, 'campaign', 1, ${org.numbers[0]?.e164 ?? ""}, ${lead.e164}, ${status}, ${later(AFTERNOON, 60)}, ${later(AFTERNOON, 60)})`;
    expect([status, (await write(later(AFTERNOON, 90)))?.answers_message_id]).toEqual([status, first]);
  }
});

test("nor to a reply of ours, nor to a message of another organisation", async () => {
  const other = await arrangeOrg(bench.db);
  for (const [kind, id] of [
    ["reply", org.id],
    ["auto_reply", org.id],
    ["test", org.id],
    ["campaign", other.id],
  ] as const) {
    await bench.sql`
      insert into public.messages (org_id, kind, step, from_number, to_number, status, created_at, sent_at)
      values (${id}, ${kind}, ${kind === "campaign" ? 1 : null}, '+12065550100', ${lead.e164}, 'delivered', ${AFTERNOON}, ${AFTERNOON})`;
  }
  expect((await write(later(AFTERNOON, 60)))?.answers_message_id).toBeNull();
  expect((await write(later(AFTERNOON, 61), { to: other }))?.answers_message_id).not.toBeNull();
});

test("to one that is being posted: the person may be quicker than the worker's report", async () => {
  const message = await send(AFTERNOON);
  await bench.sql`update public.messages set status = 'sending', sent_at = null where id = ${message}`;
  expect((await write(later(AFTERNOON, 1)))?.answers_message_id).toBe(message);
});

test("what it says about selling is kept as it was judged, whatever a person says later", async () => {
  await send(AFTERNOON);
  expect((await write(later(AFTERNOON, 60)))?.interest).toBeNull();
  for (const interest of ["interested", "not_interested"]) {
    const row = await write(later(AFTERNOON, 61), { interest });
    expect(row?.interest).toBe(interest);
    const user = await signedIn(bench.db, org.adminId);
    await user.sql`select private.review_answer(${row?.id}, 'reply', ${later(AFTERNOON, 90)})`;
    await user.end();
    const [reviewed] =
      await bench.sql`select interest, reviewed_as from public.messages where id = ${row?.id}`;
    expect(reviewed).toEqual({ interest, reviewed_as: "reply" });
  }
});

test("erasing the person empties the text, and figures keep what it belonged to", async () => {
  const message = await send(AFTERNOON);
  const { id } = (await write(later(AFTERNOON, 60), { interest: "interested" })) as { id: string };
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.erase_lead(${lead.id}, ${lead.e164}, '{}', ${later(AFTERNOON, 3600)})`;
  await user.end();
  const [row] = await bench.sql`
    select content, answers_message_id, interest from public.messages where id = ${id}`;
  expect(row).toEqual({ content: null, answers_message_id: message, interest: "interested" });
});
