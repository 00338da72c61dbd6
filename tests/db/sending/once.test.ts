// At most one live message per campaign, phone and step, for any number of plans and claims at the same time.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createLog } from "../../../supabase/functions/_shared/http/log.ts";
import { claimSends } from "../../../supabase/functions/worker/claim-sends.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import {
  accepted,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  rejected,
  sendAll,
  settle,
} from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

let db: BareDatabase;
let a: Session;
let b: Session;
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  [a, b] = [await db.worker(), await db.worker()];
});
afterAll(() => db.close());
beforeEach(async () => {
  await db.sql`update public.campaigns set status = 'paused' where status = 'running'`;
  await db.sql`delete from pgmq.q_sends`;
  org = await arrangeOrg(db);
});

// A test that failed may still have locks for which the next would wait.
afterEach(() => Promise.all([a.rollback(), b.rollback()]));

const messagesOf = (campaignId: string) =>
  db.sql`select to_number, status::text, attempt_id from public.messages where campaign_id = ${campaignId} order by id`;
const targetsOf = (campaignId: string) =>
  db.sql`select e164, state::text, reason, attempts from public.campaign_targets where campaign_id = ${campaignId} order by ordinal`;

test("of two plans at the same time one does all and the other nothing", async () => {
  await arrangeLeads(db, org.id, 20);
  const id = await arrangeCampaign(db, org);
  await a.begin();
  expect(await plan(a.sql, AFTERNOON)).toBe(20);
  // The first has not committed, so the second still sees all targets waiting.
  expect(await plan(b.sql, AFTERNOON)).toBe(0);
  await a.commit();
  expect(await plan(b.sql, AFTERNOON)).toBe(0);
  expect(await messagesOf(id)).toHaveLength(20);
});

test("two plans that slip past the planner's lock still write one message a person", async () => {
  const leads = await arrangeLeads(db, org.id, 5);
  const id = await arrangeCampaign(db, org);
  await a.begin();
  await plan(a.sql, AFTERNOON);
  // The second works on rows that the first has locked, as it would without an advisory lock.
  const second = await db.admin();
  const claimed = await second.sql`
    select id from public.campaign_targets where campaign_id = ${id} and state = 'waiting' for no key update skip locked`;
  expect(claimed).toEqual([]);
  const insert = second.sql`
    insert into public.messages (org_id, kind, campaign_id, step, from_number, to_number, status)
    values (${org.id}, 'campaign', ${id}, 1, ${org.numbers[0]?.e164 ?? ""}, ${leads[0]?.e164 ?? ""}, 'queued')`.catch(
    (error) => error.code,
  );
  await second.blocked(a);
  await a.commit();
  expect(await insert).toBe("23505");
  await second.end();
  expect(await messagesOf(id)).toHaveLength(5);
});

test("a person in two campaigns is written to by the first to claim and excluded from the other", async () => {
  await arrangeLeads(db, org.id, 4);
  const first = await arrangeCampaign(db, org);
  const second = await arrangeCampaign(db, org);
  // Numbers of their own, so that only the people are shared.
  for (const [i, campaign] of [first, second].entries()) {
    const number = org.numbers[i]?.id ?? "";
    await db.sql`insert into public.campaign_phone_numbers values (${org.id}, ${campaign}, ${number})`;
  }
  expect(await plan(a.sql, AFTERNOON)).toBe(8);
  await makeDue(db.sql);
  await a.begin();
  const one = await claim(a.sql, { now: AFTERNOON, limit: 4 });
  // The other worker finds people whom the first has locked: it must neither wait for them nor claim them.
  expect(await claim(b.sql, { now: AFTERNOON, limit: 4 })).toEqual([]);
  await a.commit();
  expect(one).toHaveLength(4);
  await makeDue(db.sql);
  expect(await claim(b.sql, { now: AFTERNOON })).toEqual([]);
  const states = [...(await targetsOf(first)), ...(await targetsOf(second))].map(
    ({ state, reason }) => `${state} ${reason ?? ""}`,
  );
  expect(states.sort()).toEqual([
    ...Array(4).fill("excluded recently_contacted"),
    ...Array(4).fill("sending "),
  ]);
});

test("a plan leaves out people whom another campaign wrote to after the plan had begun", async () => {
  const [lead] = await arrangeLeads(db, org.id, 1);
  const id = await arrangeCampaign(db, org);
  const other = await arrangeCampaign(db, org, { status: "ready" });
  const holder = await db.admin();
  await holder.begin();
  await holder.sql`select 1 from private.contacts where e164 = ${lead?.e164 ?? ""} for no key update`;
  expect(await plan(a.sql, AFTERNOON)).toBe(0);
  await holder.sql`update private.contacts set last_sent_at = ${AFTERNOON}, last_campaign_id = ${other} where e164 = ${lead?.e164 ?? ""}`;
  await holder.commit();
  expect(await plan(a.sql, later(AFTERNOON, 1))).toBe(0);
  expect(await targetsOf(id)).toMatchObject([{ state: "excluded", reason: "recently_contacted" }]);
  await holder.end();
});

test("two workers that claim at once share the queue and never a message", async () => {
  await arrangeLeads(db, org.id, 40);
  const id = await arrangeCampaign(db, org);
  await plan(a.sql, AFTERNOON);
  await makeDue(db.sql);
  await a.begin();
  const mine = await claim(a.sql, { now: AFTERNOON, limit: 20 });
  // The second takes other queue rows, then waits for the numbers' clocks.
  const theirs = claim(b.sql, { now: AFTERNOON, limit: 20 });
  await b.blocked(a);
  await a.commit();
  const all = [...mine, ...(await theirs)].map((send) => send.message_id);
  expect(all).toHaveLength(40);
  expect(new Set(all).size).toBe(40);
  expect(
    await db.sql`select 1 from public.send_attempts t join public.messages m on m.id = t.message_id where m.campaign_id = ${id}`,
  ).toHaveLength(40);
});

test("a queue row that exists twice, or three times, is one claim: in one batch, in two at once, and later", async () => {
  await arrangeLeads(db, org.id, 3);
  const id = await arrangeCampaign(db, org);
  await plan(a.sql, AFTERNOON);
  const twice = () =>
    db.sql`select pgmq.send('sends', jsonb_build_object('message_id', id)) from public.messages where campaign_id = ${id}`;
  await twice();
  await makeDue(db.sql);
  await a.begin();
  expect(await claim(a.sql, { now: AFTERNOON, limit: 6 })).toHaveLength(3);
  await twice();
  await makeDue(db.sql);
  // The numbers' clocks are held by the first; the second must find its people taken once it gets on.
  const second = claim(b.sql, { now: AFTERNOON });
  await b.blocked(a);
  await a.commit();
  expect(await second).toEqual([]);
  await twice();
  await makeDue(db.sql);
  expect(await claim(b.sql, { now: later(AFTERNOON, 2) })).toEqual([]);
  expect(
    await db.sql`select 1 from public.send_attempts t join public.messages m on m.id = t.message_id where m.campaign_id = ${id}`,
  ).toHaveLength(3);
  // The messages of the other rows were being sent by then, and still are.
  expect(await messagesOf(id)).toMatchObject(Array(3).fill({ status: "sending" }));
  expect(await targetsOf(id)).toMatchObject(Array(3).fill({ state: "sending" }));
});

test("an answer whose queue row exists twice goes to one of two workers that claim at once", async () => {
  const [lead] = await arrangeLeads(db, org.id, 1);
  await b.sql`
    select private.receive_inbound(${org.accountSid}, ${newSid()}, ${lead?.e164 ?? ""}, ${org.numbers[0]?.e164 ?? ""}, 'ayuda', '{}',
      'help', 'exact', false, 'es', false, 'ayuda', ${AFTERNOON})`;
  await db.sql`select pgmq.send('replies', jsonb_build_object('message_id', id)) from public.messages where org_id = ${org.id} and kind = 'auto_reply'`;
  await makeDue(db.sql);
  await a.begin();
  expect(await claim(a.sql, { now: AFTERNOON, limit: 1 })).toHaveLength(1);
  const second = claim(b.sql, { now: AFTERNOON, limit: 1 });
  await b.blocked(a);
  await a.commit();
  expect(await second).toEqual([]);
});

test("a claim whose commit fails gives the worker nothing to post, and all is claimed again", async () => {
  await arrangeLeads(db, org.id, 2);
  const id = await arrangeCampaign(db, org, { quiet_hours_override: true });
  await db.sql`select private.plan_sends(${org.id}, now())`;
  await makeDue(db.sql);
  // The failure occurs at the commit, after the claim itself has answered.
  await db.sql.unsafe(`
    create function private.refuse_commit() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
    create constraint trigger refuse_commit after insert on public.send_attempts deferrable initially deferred
      for each row execute function private.refuse_commit()`);
  const request = { limit: 2, freeInMs: 0, spacingMs: 0 };
  const claiming = () => claimSends(a.sql, randomUUID(), request, true, createLog({}));
  await expect(claiming()).rejects.toThrow("refused");
  await db.sql.unsafe("drop function private.refuse_commit() cascade");
  expect(await messagesOf(id)).toMatchObject(Array(2).fill({ status: "queued", attempt_id: null }));
  expect((await claiming()).sends).toHaveLength(2);
});

test("a retry is a new message, made only when the old one is dead, and the dead one stays", async () => {
  await arrangeLeads(db, org.id, 1);
  const id = await arrangeCampaign(db, org);
  await plan(a.sql, AFTERNOON);
  await makeDue(db.sql);
  const [send] = await claim(a.sql, { now: AFTERNOON });
  await a.begin();
  await settle(a.sql, [rejected(send?.attempt_id ?? "", 20429)], AFTERNOON);
  // Not committed: to everybody else the target is still being sent.
  expect(await plan(b.sql, later(AFTERNOON, 3600))).toBe(0);
  await a.commit();
  expect(await plan(b.sql, AFTERNOON)).toBe(0);
  expect(await plan(b.sql, later(AFTERNOON, 60))).toBe(1);
  expect((await messagesOf(id)).map((m) => m.status)).toEqual(["failed", "queued"]);
  const revive = db.sql`update public.messages set status = 'sent' where campaign_id = ${id} and status = 'failed'`;
  await expect(revive).rejects.toMatchObject({ code: "23505", constraint_name: "messages_live_key" });
});

test("a repeated result, and a late one for a message that was given back, change nothing", async () => {
  await arrangeLeads(db, org.id, 1);
  const id = await arrangeCampaign(db, org);
  const [send] = await sendAll(a.sql, db.sql, AFTERNOON);
  const attempt = send?.attempt_id ?? "";
  expect(await settle(b.sql, [accepted(attempt)], AFTERNOON)).toBe(0);
  expect(await settle(b.sql, [rejected(attempt, 20429)], AFTERNOON)).toBe(0);
  expect(await settle(b.sql, [{ attempt_id: attempt, outcome: "not_posted" }], AFTERNOON)).toBe(0);
  expect(await targetsOf(id)).toMatchObject([{ state: "sent", attempts: 1 }]);
  expect(await messagesOf(id)).toMatchObject([{ status: "sent" }]);
});

test("a message that failed after Twilio accepted it is retried by one message, however often the receipt is sent", async () => {
  await arrangeLeads(db, org.id, 1);
  const id = await arrangeCampaign(db, org);
  const [send] = await sendAll(a.sql, db.sql, AFTERNOON);
  const failed = {
    messageId: send?.message_id ?? "",
    attemptId: send?.attempt_id ?? "",
    sid: send?.sid ?? "",
    status: "failed",
    code: 30001,
  };
  await a.begin();
  expect(await receipt(a.sql, org.id, failed, AFTERNOON)).toBe("applied");
  const second = receipt(b.sql, org.id, failed, AFTERNOON);
  await b.blocked(a);
  await a.commit();
  expect(await second).toBe("repeated");
  await db.sql`update private.number_pace set resting_until = '-infinity'`;
  expect(await plan(a.sql, later(AFTERNOON, 8 * 3600))).toBe(0);
  expect(await plan(a.sql, later(AFTERNOON, 24 * 3600))).toBe(1);
  expect((await messagesOf(id)).map((m) => m.status)).toEqual(["failed", "queued"]);
});
