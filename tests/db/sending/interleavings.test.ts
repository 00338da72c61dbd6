// A claim against an opt-out, a pause and a stop, many rounds each. Barriers stop them at each place where the two can meet:
// one done and not committed, one half-way through its locks, in both orders. No round depends on chance.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { type Claimed, claim, plan, writeStop } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { EVERY_CASE } from "../../fixtures/sample-cases.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const ROUNDS = EVERY_CASE ? 200 : 60;
const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
beforeEach(async () => {
  await bench.clear();
  // So fast that a slot is always near.
  org = await arrangeOrg(bench.db, { mps: 1000, numbers: 1, fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
});
afterEach(() => user.end());

/** Claims due messages, as a worker; messages that are not due have been put off for ever before. */
const claimDue = (session: Session, now: Date): Promise<Claimed[]> => claim(session.sql, { now, limit: 5 });
const due = (messageId: string) => bench.sql`
  update pgmq.q_sends set vt = case when message ->> 'message_id' = ${messageId} then clock_timestamp() - interval '1 second' else 'infinity' end
  where vt <= clock_timestamp() or message ->> 'message_id' = ${messageId}`;
const campaignSends = (sends: Claimed[]) => sends.filter(({ kind }) => kind === "campaign");
/** Locks the number's clock: a claim that waits for it has locked the campaign, and no person yet. */
const holdClocks = async () => {
  await bench.holder.begin();
  await bench.holder.sql`select 1 from private.number_pace for no key update`;
};

interface Round {
  now: Date;
  messageId: string;
  /** The other side's call: after its answer nothing may be claimed. */
  other(): Promise<unknown>;
  /** The connection it is made on. */
  on: Session;
}
/** Each returns what the claim got that ran at the same time as the other call. */
type Meeting = (round: Round) => Promise<Claimed[]>;

/** The claim comes first and has not committed: the other call waits for it. */
const claimFirst: Meeting = async ({ now, other, on }) => {
  await bench.a.begin();
  const got = await claimDue(bench.a, now);
  const answer = other();
  await on.blocked(bench.a);
  await bench.a.commit();
  await answer;
  return got;
};
/** The claim has been rolled back, as by a crash before its commit: the other call finds it queued. */
const claimCrashes: Meeting = async ({ now, other, on }) => {
  await bench.a.begin();
  await claimDue(bench.a, now);
  const answer = other();
  await on.blocked(bench.a);
  await bench.a.rollback();
  await answer;
  return [];
};

describe("a claim and an opt-out", () => {
  const otherFirst: Meeting = async ({ now, other }) => {
    await bench.b.begin();
    await other();
    // It does not wait: the person's row is locked, and is tried again in a second.
    const got = await claimDue(bench.a, now);
    await bench.b.commit();
    return got;
  };
  /** The claim has read the queue and waits; the opt-out is answered; only then does the claim look at the person. */
  const otherInBetween: Meeting = async ({ now, other }) => {
    await holdClocks();
    const claiming = claimDue(bench.a, now);
    await bench.a.blocked(bench.holder);
    await other();
    await bench.holder.commit();
    return await claiming;
  };
  const MEETINGS: [Meeting, claims: boolean][] = [
    [claimFirst, true],
    [otherFirst, false],
    [otherInBetween, false],
    [claimCrashes, false],
  ];

  test(`${ROUNDS} rounds: what was not claimed before its answer is never claimed`, async () => {
    await arrangeLeads(bench.db, org.id, ROUNDS);
    const campaign = await arrangeCampaign(bench.db, org);
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(ROUNDS);
    const messages =
      await bench.sql`select id, to_number from public.messages where campaign_id = ${campaign} order by id`;
    for (const [i, { id, to_number }] of messages.entries()) {
      const [meet, claims] = MEETINGS[i % MEETINGS.length] as (typeof MEETINGS)[0];
      const now = later(AFTERNOON, i * 2);
      const number = org.numbers[0]?.e164 as string;
      const other = () => writeStop(bench.b.sql, org.accountSid, to_number, number, now);
      await due(id);
      const got = campaignSends(await meet({ now, messageId: id, other, on: bench.b }));
      expect([i, got.map((send) => send.message_id)]).toEqual([i, claims ? [id] : []]);
      // Rows that are left in the queue, or read again, have no effect.
      await bench.sql`select pgmq.send('sends', jsonb_build_object('message_id', ${id}::text))`;
      await due(id);
      expect(campaignSends(await claimDue(bench.a, later(now, 1)))).toEqual([]);
    }
    const states = await bench.sql`
      select state::text, count(*)::int from public.campaign_targets where campaign_id = ${campaign} group by 1 order by 1`;
    expect(states).toEqual([
      { state: "canceled", count: (ROUNDS * 3) / 4 },
      { state: "sending", count: ROUNDS / 4 },
    ]);
  });
});

describe.each([
  ["pause", "waiting"],
  ["stop", "canceled"],
] as const)("a claim and a %s", (verb, rest) => {
  const control = (id: string, now: Date) => async () =>
    verb === "pause"
      ? await user.sql`select private.pause_campaign(${id}, ${now})`
      : await user.sql`select private.stop_campaign(${id}, ${now})`;

  /** The other call is done and has not committed: the claim waits for the campaign, and then gets nothing of it. */
  const otherFirst: Meeting = async ({ now, other }) => {
    await user.begin();
    await other();
    const claiming = claimDue(bench.a, now);
    await bench.a.blocked(user);
    await user.commit();
    return await claiming;
  };
  /** The claim holds the campaign and waits for the number's clock: the other call waits for the claim. */
  const claimHalfWay: Meeting = async ({ now, other }) => {
    await holdClocks();
    const claiming = claimDue(bench.a, now);
    await bench.a.blocked(bench.holder);
    const answer = other();
    await user.blocked(bench.a);
    await bench.holder.commit();
    await answer;
    return await claiming;
  };
  const MEETINGS: [Meeting, claims: boolean][] = [
    [claimFirst, true],
    [otherFirst, false],
    [claimHalfWay, true],
    [claimCrashes, false],
  ];

  test(`${ROUNDS} rounds: what was not claimed before its answer is not claimed after it`, async () => {
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    for (let i = 0; i < ROUNDS; i++) {
      const [meet, claims] = MEETINGS[i % MEETINGS.length] as (typeof MEETINGS)[0];
      const now = later(AFTERNOON, i * 2);
      const campaign = await arrangeCampaign(bench.db, org, {}, { now });
      await plan(bench.a.sql, now);
      const [message] = await bench.sql`select id from public.messages where campaign_id = ${campaign}`;
      const id: string = message?.id;
      await due(id);
      const got = await meet({ now, messageId: id, other: control(campaign, now), on: user });
      expect([i, got.map((send) => send.message_id)]).toEqual([i, claims ? [id] : []]);
      await bench.sql`select pgmq.send('sends', jsonb_build_object('message_id', ${id}::text))`;
      await due(id);
      expect(await claimDue(bench.a, later(now, 1))).toEqual([]);
      expect(await plan(bench.a.sql, later(now, 1))).toBe(0);
      const [target] =
        await bench.sql`select e164, state::text from public.campaign_targets where campaign_id = ${campaign}`;
      expect(target).toEqual({ e164: lead?.e164, state: claims ? "sending" : rest });
    }
  });
});
