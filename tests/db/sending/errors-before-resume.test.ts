// What Twilio says of an attempt that was claimed before a person resumed the campaign is old news: the cause may be mended. It
// pauses nothing; the same error of a later attempt does.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import {
  accepted,
  type Claimed,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  rejected,
  settle,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const UNKNOWN = 39_999;
let org: ArrangedOrg;
let id: string;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 4 });
  await arrangeLeads(bench.db, org.id, 60);
  id = await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${org.id}`;
});
const second = (n: number) => later(AFTERNOON, n);

/** Messages that a pause withdrew come first: a claim that meets only these is empty. */
async function claimSome(limit: number, now: Date): Promise<Claimed[]> {
  const sends: Claimed[] = [];
  for (let round = 0; round < 100 && sends.length < limit; round++) {
    await plan(bench.a.sql, now);
    await makeDue(bench.sql);
    sends.push(...(await claim(bench.a.sql, { now, limit: limit - sends.length, loopback: true })));
  }
  expect(sends).toHaveLength(limit);
  return sends;
}

async function pauseAndResume(now: Date): Promise<void> {
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.pause_campaign(${id}, ${now})`;
  await user.sql`select private.resume_campaign(${id}, ${now})`;
  await user.end();
}

const state = async () => {
  const [row] = await bench.sql`
    select c.status::text, (select count(*)::int from public.alerts a
      where a.campaign_id = c.id and a.kind = 'campaign_paused' and a.resolved_at is null) as alerts
    from public.campaigns c where c.id = ${id}`;
  return row;
};

const refuse = (sends: Claimed[], code: number, now: Date) =>
  settle(
    bench.a.sql,
    sends.map((send) => rejected(send.attempt_id, code)),
    now,
  );
/** Twilio accepts and fails later: in reports of status `failed`. */
async function acceptAll(sends: Claimed[], now: Date) {
  const messages = sends.map((send) => ({
    messageId: send.message_id,
    attemptId: send.attempt_id,
    sid: newSid(),
  }));
  await settle(
    bench.a.sql,
    messages.map(({ attemptId, sid }) => accepted(attemptId, sid)),
    now,
  );
  return messages;
}

test.each([
  ["a wrong token", 20003, 1],
  ["ten codes that are not in the table", UNKNOWN, 10],
])("%s, answered after the resume", async (_what, code, count) => {
  const old = await claimSome(count, AFTERNOON);
  await pauseAndResume(second(1));
  await refuse(old, code, second(2));
  expect(await state()).toEqual({ status: "running", alerts: 0 });
  // Nobody is lost: whoever was refused for the account's sake waits for the next try.
  const waiting =
    await bench.sql`select 1 from public.campaign_targets where campaign_id = ${id} and state = 'waiting'`;
  expect(waiting.length).toBe(code === UNKNOWN ? 60 - count : 60);
  await refuse(await claimSome(count, second(600)), code, second(601));
  expect(await state()).toEqual({ status: "paused", alerts: 1 });
});

test("ten unknown codes in receipts for messages from before the resume", async () => {
  const old = await acceptAll(await claimSome(10, AFTERNOON), AFTERNOON);
  await pauseAndResume(second(1));
  for (const message of old)
    await receipt(bench.b.sql, org.id, { ...message, status: "failed", code: UNKNOWN }, second(2));
  expect(await state()).toEqual({ status: "running", alerts: 0 });
  for (const message of await acceptAll(await claimSome(10, second(600)), second(600)))
    await receipt(bench.b.sql, org.id, { ...message, status: "failed", code: UNKNOWN }, second(601));
  expect(await state()).toEqual({ status: "paused", alerts: 1 });
});
