// Messages sent at night: an answer within 24 hours to the person who wrote, and the one confirmation of an opt-out. No others.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, newSid, plan, writeStop } from "../../fixtures/drive-sending.ts";
import { CENTRAL, local } from "../../fixtures/read-window.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
/** All of the mainland is quiet. */
const NIGHT = local("2026-06-10T23:30", CENTRAL);
const DAY = 86_400;
let org: ArrangedOrg;
let lead: ArrangedLead;
let other: ArrangedLead;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, {
    fields: { cooldown_days: 0, quiet_starts: "03:00", quiet_ends: "03:01" },
  });
  [lead, other] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
});

const number = () => org.numbers[0] as { id: string; e164: string };
const writes = (from: string, at: Date) => bench.b.sql`
  select private.receive_inbound(${org.accountSid}, ${newSid()}, ${from}, ${number().e164}, 'Si, cuanto', '{}', 'reply',
    'exact', false, 'es', false, null, ${at})`;
/** A reply that a person of the organisation writes. */
async function answer(to: string, at: Date): Promise<void> {
  const [message] = await bench.sql`
    insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, content, status, queued_at, created_at)
    values (${org.id}, 'reply', ${number().id}, ${number().e164}, ${to}, 'Gracias', 'queued', ${at}, ${at}) returning id`;
  await bench.sql`insert into private.contacts (org_id, e164) values (${org.id}, ${to}) on conflict do nothing`;
  await bench.sql`select private.put_back('replies', ${[message?.id]}::uuid[], 0)`;
  await makeDue(bench.sql);
}
const claimed = async (now: Date) =>
  (await claim(bench.a.sql, { now })).map((send) => [send.kind, send.to_number]);

describe("an answer at night", () => {
  test.each([
    ["a minute", 60, true],
    ["a day less a second", DAY - 1, true],
    ["a day", DAY, false],
    ["two days", 2 * DAY, false],
  ])("to one who wrote %s ago", async (_name, seconds, goes) => {
    await writes(lead.e164, later(NIGHT, -seconds));
    await answer(lead.e164, NIGHT);
    expect(await claimed(NIGHT)).toEqual(goes ? [["reply", lead.e164]] : []);
  });
  test("is valid at Twilio for no longer than a day from the message it answers", async () => {
    await writes(lead.e164, later(NIGHT, 600 - DAY));
    await answer(lead.e164, NIGHT);
    expect(await claim(bench.a.sql, { now: NIGHT })).toMatchObject([{ validity_seconds: 600 }]);
  });
  test("to a person who never wrote waits, even if others wrote", async () => {
    await writes(other.e164, later(NIGHT, -60));
    await answer(lead.e164, NIGHT);
    expect(await claimed(NIGHT)).toEqual([]);
    const [queued] = await bench.sql`select count(*)::int as n from pgmq.q_replies`;
    expect(queued?.n).toBe(1);
    await makeDue(bench.sql);
    expect(await claimed(local("2026-06-11T12:00", CENTRAL))).toEqual([["reply", lead.e164]]);
  });
  test("to a person who wrote to another organisation waits", async () => {
    const elsewhere = await arrangeOrg(bench.db);
    await bench.b.sql`
      select private.receive_inbound(${elsewhere.accountSid}, ${newSid()}, ${lead.e164}, ${elsewhere.numbers[0]?.e164 ?? ""}, 'Si', '{}', 'reply',
        'exact', false, 'es', false, null, ${later(NIGHT, -60)})`;
    await answer(lead.e164, NIGHT);
    expect(await claimed(NIGHT)).toEqual([]);
  });
  test("to a person who has opted out since is never sent", async () => {
    await writes(lead.e164, later(NIGHT, -120));
    await answer(lead.e164, NIGHT);
    await writeStop(bench.b.sql, org.accountSid, lead.e164, number().e164, later(NIGHT, -60));
    await makeDue(bench.sql);
    expect(await claimed(NIGHT)).toEqual([["auto_reply", lead.e164]]);
  });
});

test("a campaign's message waits for the morning, though the person wrote a minute ago", async () => {
  await arrangeCampaign(bench.db, org, {}, { now: local("2026-06-10T15:00", CENTRAL) });
  await writes(lead.e164, later(NIGHT, -60));
  expect(await plan(bench.a.sql, NIGHT)).toBe(0);
  // One that was queued before the window closed is put off as well.
  expect(await plan(bench.a.sql, local("2026-06-10T15:00", CENTRAL))).toBe(2);
  await makeDue(bench.sql);
  await bench.sql`update public.messages set charged_day = '2026-06-10' where org_id = ${org.id} and status = 'queued'`;
  expect(await claimed(NIGHT)).toEqual([]);
});

test("an answer within 24 hours is exempt from the limit per 24 hours", async () => {
  const phone = "+13055550144";
  for (const hours of [1, 2, 3]) {
    await bench.sql`
      insert into public.messages (org_id, kind, step, from_number, to_number, status, created_at)
      values (${org.id}, 'campaign', 1, ${number().e164}, ${phone}, 'delivered', ${later(NIGHT, -hours * 3600)})`;
  }
  await writes(phone, later(NIGHT, -60));
  await answer(phone, NIGHT);
  expect(await claimed(NIGHT)).toEqual([["reply", phone]]);
});
