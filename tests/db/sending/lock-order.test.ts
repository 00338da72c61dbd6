// All calls lock in one order: each test locks one row so that two calls meet in the middle, where another order would end
// in a deadlock (40P01, half a second of waiting and a lost batch).
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
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
  writeStop,
} from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { type BareDatabase, startBareDatabase } from "../../fixtures/start-bare-database.ts";

let db: BareDatabase;
let holder: Session;
let a: Session;
let b: Session;
let org: ArrangedOrg;
beforeAll(async () => {
  db = await startBareDatabase();
  [holder, a, b] = [await db.admin(), await db.worker(), await db.worker()];
});
afterAll(() => db.close());
afterEach(() => Promise.all([holder.rollback(), a.rollback(), b.rollback()]));
beforeEach(async () => {
  await db.sql`update public.campaigns set status = 'paused' where status = 'running'`;
  await db.sql`delete from pgmq.q_sends`;
  org = await arrangeOrg(db, { fields: { cooldown_days: 0 } });
});

/** The result of a call: its value, or the SQLSTATE it failed with. */
const outcome = <T>(call: Promise<T>) => call.catch((error) => error.code as string);

async function claimAll(now = AFTERNOON): Promise<Claimed[]> {
  await plan(a.sql, now);
  await makeDue(db.sql);
  return await claim(a.sql, { now });
}

/** A message that Twilio did not answer for, given up after two looks; its replacement is queued. */
async function giveUpOne(): Promise<{ lost: Claimed; replacement: string }> {
  const [lost] = (await claimAll()) as [Claimed];
  await settle(a.sql, [{ attempt_id: lost.attempt_id, outcome: "unknown", content: "Hola" }], AFTERNOON);
  for (const minutes of [3, 14]) {
    const now = later(AFTERNOON, minutes * 60);
    await a.sql`select * from private.due_looks(20, ${now})`;
    await a.sql`select private.record_look(${lost.attempt_id}, null, null, null, null, ${now})`;
  }
  expect(await plan(a.sql, later(AFTERNOON, 900))).toBe(1);
  await makeDue(db.sql);
  const [row] =
    await db.sql`select message_id from public.campaign_targets where campaign_id in (select id from public.campaigns where org_id = ${org.id})`;
  return { lost, replacement: row?.message_id };
}

test("a pause that waits for a target holds no cap: another campaign is planned meanwhile", async () => {
  await arrangeLeads(db, org.id, 4);
  const id = await arrangeCampaign(db, org, { mps: 0.4 });
  expect(await plan(a.sql, AFTERNOON)).toBe(2);
  const user = await signedIn(db, org.adminId);
  await holder.begin();
  await holder.sql`select 1 from public.campaign_targets where campaign_id = ${id} for no key update`;
  const pausing = outcome(user.sql`select private.pause_campaign(${id}, ${AFTERNOON})`.then(() => "paused"));
  await user.blocked(holder);
  await arrangeLeads(db, org.id, 1);
  await arrangeCampaign(db, org);
  await a.sql`set lock_timeout = '5s'`;
  const planned = outcome(plan(a.sql, later(AFTERNOON, 10))).finally(() => a.sql`set lock_timeout = 0`);
  expect(await planned).toBeGreaterThan(0);
  await holder.commit();
  expect(await pausing).toBe("paused");
  await user.end();
});

test("planning holds daily caps and waits for no clock: a claim that holds the clocks may wait for a cap", async () => {
  await arrangeLeads(db, org.id, 4);
  const id = await arrangeCampaign(db, org, { mps: 50 });
  await db.sql`update public.orgs set mps = 50 where id = ${org.id}`;
  await holder.begin();
  await holder.sql`select 1 from private.campaign_pace where campaign_id = ${id} for no key update`;
  await holder.sql`select 1 from private.org_pace where org_id = ${org.id} for no key update`;
  const numbers = org.numbers.map((number) => number.id);
  await holder.sql`select 1 from private.number_pace where phone_number_id = any (${numbers}::uuid[]) for no key update`;
  await a.sql`set lock_timeout = '5s'`;
  expect(await outcome(plan(a.sql, AFTERNOON)).finally(() => a.sql`set lock_timeout = 0`)).toBe(4);
  await holder.commit();
});

test.each(["org", "campaign"])(
  "a refund that waits for the %s's cap holds no cap that comes after it",
  async (scope) => {
    await arrangeLeads(db, org.id, 6);
    const id = await arrangeCampaign(db, org);
    await plan(a.sql, AFTERNOON);
    await makeDue(db.sql);
    await db.sql`update public.phone_numbers set status = 'paused' where org_id = ${org.id}`;
    const scopeId = scope === "org" ? org.id : id;
    await holder.begin();
    await holder.sql`select 1 from private.daily_usage where scope = ${scope} and scope_id = ${scopeId} for no key update`;
    const claiming = outcome(claim(a.sql, { now: AFTERNOON }));
    await a.blocked(holder);
    const later = scope === "org" ? [id, ...org.numbers.map((n) => n.id)] : org.numbers.map((n) => n.id);
    const free =
      await db.sql`select scope_id from private.daily_usage where scope_id = any (${later}::uuid[]) for no key update skip locked`;
    expect(free.map((row) => row.scope_id).sort()).toEqual(later.sort());
    await holder.commit();
    expect(await claiming).toEqual([]);
    expect(
      await db.sql`select 1 from private.daily_usage where messages <> 0 and scope_id in (${org.id}, ${id})`,
    ).toEqual([]);
  },
);

test("the late receipt of a message that was given up, and the claim of its replacement", async () => {
  await arrangeLeads(db, org.id, 1);
  await arrangeCampaign(db, org);
  const { lost, replacement } = await giveUpOne();
  await holder.begin();
  await holder.sql`select 1 from public.messages where id = ${lost.message_id} for no key update`;
  const now = later(AFTERNOON, 900);
  const late = { messageId: lost.message_id, attemptId: lost.attempt_id, sid: newSid(), status: "sent" };
  const receiving = outcome(receipt(a.sql, org.id, late, now));
  await a.blocked(holder);
  // The receipt has locked the target: the claim skips the replacement.
  expect(await claim(b.sql, { now })).toEqual([]);
  await holder.commit();
  expect(await receiving).toBe("late_success");
  await makeDue(db.sql);
  expect(await claim(b.sql, { now })).toEqual([]);
  const [message] = await db.sql`select status::text from public.messages where id = ${replacement}`;
  expect(message?.status).toBe("canceled");
});

test("the late receipt of a message that was given up, and a pause that withdraws its replacement", async () => {
  await arrangeLeads(db, org.id, 1);
  const id = await arrangeCampaign(db, org);
  const { lost, replacement } = await giveUpOne();
  await holder.begin();
  await holder.sql`select 1 from public.messages where id = ${lost.message_id} for no key update`;
  const now = later(AFTERNOON, 900);
  const late = { messageId: lost.message_id, attemptId: lost.attempt_id, sid: newSid(), status: "sent" };
  const receiving = outcome(receipt(a.sql, org.id, late, now));
  await a.blocked(holder);
  // The receipt has locked the target, and comes to the daily caps last.
  const user = await signedIn(db, org.adminId);
  const pausing = outcome(user.sql`select private.pause_campaign(${id}, ${now})`.then(() => "paused"));
  await user.blocked(a);
  await holder.commit();
  expect([await receiving, await pausing]).toEqual(["late_success", "paused"]);
  const states = await db.sql`
    select id, status::text from public.messages where org_id = ${org.id} order by created_at`;
  expect(states).toEqual([
    { id: lost.message_id, status: "sent" },
    { id: replacement, status: "canceled" },
  ]);
  const used =
    await db.sql`select distinct messages from private.daily_usage where scope_id in (${org.id}, ${id})`;
  expect(used).toEqual([{ messages: 1 }]);
  await user.end();
});

test("rescue, and a worker that settles late", async () => {
  await arrangeLeads(db, org.id, 2);
  const id = await arrangeCampaign(db, org);
  const sends = await claimAll();
  const targets = await db.sql`select id from public.campaign_targets where campaign_id = ${id} order by id`;
  await holder.begin();
  await holder.sql`select 1 from public.campaign_targets where id = ${targets[1]?.id} for no key update`;
  const now = later(AFTERNOON, 61);
  const settling = outcome(
    settle(
      a.sql,
      sends.map((send) => accepted(send.attempt_id)),
      now,
    ),
  );
  await a.blocked(holder);
  const cron = await db.admin();
  await cron.sql`select private.rescue_sends(${now})`;
  await holder.commit();
  expect(await settling).toBe(2);
  await cron.end();
  const states =
    await db.sql`select state::text, count(*)::int from public.campaign_targets where campaign_id = ${id} group by 1`;
  expect(states).toEqual([{ state: "sent", count: 2 }]);
});

test.each([
  ["30005", "permanent: the person's phone"],
  ["30001", "transient: the campaign"],
])("a look that finds a message failed (%s), and the receipt that says so (%s)", async (code) => {
  await arrangeLeads(db, org.id, 1);
  await arrangeCampaign(db, org);
  const [send] = (await claimAll()) as [Claimed];
  await settle(a.sql, [{ attempt_id: send.attempt_id, outcome: "unknown", content: "Hola" }], AFTERNOON);
  const now = later(AFTERNOON, 300);
  const sid = newSid();
  await holder.begin();
  await holder.sql`select 1 from public.messages where id = ${send.message_id} for no key update`;
  const looking = outcome(
    a.sql`select private.record_look(${send.attempt_id}, ${sid}, 'failed', ${Number(code)}, 'Hola', ${now}) as r`.then(
      ([row]) => row?.r,
    ),
  );
  await a.blocked(holder);
  const failed = {
    messageId: send.message_id,
    attemptId: send.attempt_id,
    sid,
    status: "failed",
    code: Number(code),
  };
  const receiving = outcome(receipt(b.sql, org.id, failed, now));
  await b.blocked(a);
  await holder.commit();
  expect(await looking).toBe("found");
  expect(await receiving).toBe("repeated");
});

test("a look that gives a message up, and its receipt, when its campaign has completed meanwhile", async () => {
  await arrangeLeads(db, org.id, 1);
  const id = await arrangeCampaign(db, org);
  const [send] = (await claimAll()) as [Claimed];
  await settle(a.sql, [{ attempt_id: send.attempt_id, outcome: "unknown", content: "Hola" }], AFTERNOON);
  await db.sql`select private.finish_campaigns(${AFTERNOON})`;
  await a.sql`select * from private.due_looks(20, ${later(AFTERNOON, 130)})`;
  await a.sql`select private.record_look(${send.attempt_id}, null, null, null, null, ${later(AFTERNOON, 130)})`;
  const now = later(AFTERNOON, 800);
  await a.sql`select * from private.due_looks(20, ${now})`;
  await holder.begin();
  await holder.sql`select 1 from public.messages where id = ${send.message_id} for no key update`;
  const looking = outcome(
    a.sql`select private.record_look(${send.attempt_id}, null, null, null, null, ${now}) as r`.then(
      ([row]) => row?.r,
    ),
  );
  await a.blocked(holder);
  const failed = {
    messageId: send.message_id,
    attemptId: send.attempt_id,
    sid: newSid(),
    status: "failed",
    code: 30001,
  };
  const receiving = outcome(receipt(b.sql, org.id, failed, now));
  await b.blocked(a);
  await holder.commit();
  expect(await looking).toBe("safe_to_retry");
  expect(await receiving).not.toBe("40P01");
  const [campaign] = await db.sql`select status::text from public.campaigns where id = ${id}`;
  expect(campaign?.status).toBe("running");
});

test("an error that pauses two campaigns, and a STOP of somebody who is in both", async () => {
  const leads = await arrangeLeads(db, org.id, 2);
  const [first, second] = leads.sort((x, y) => (x.e164 < y.e164 ? -1 : 1)) as [
    (typeof leads)[0],
    (typeof leads)[0],
  ];
  // Second is being sent in one campaign and queued in the other; first is being sent in the other.
  const one = await arrangeCampaign(db, org, { target_criteria: { lead_ids: [second.id] } });
  const [sending] = (await claimAll()) as [Claimed];
  const two = await arrangeCampaign(db, org, {});
  await plan(a.sql, AFTERNOON);
  const [message] =
    await db.sql`select id from public.messages where campaign_id = ${two} and to_number = ${first.e164}`;
  await db.sql`delete from pgmq.q_sends where message ->> 'message_id' <> ${message?.id}`;
  await makeDue(db.sql);
  const [other] = (await claim(a.sql, { now: AFTERNOON })) as [Claimed];
  expect([sending.to_number, other.to_number]).toEqual([second.e164, first.e164]);

  await holder.begin();
  await holder.sql`select 1 from private.contacts where org_id = ${org.id} and e164 = ${first.e164} for no key update`;
  const results = [rejected(sending.attempt_id, 20003), rejected(other.attempt_id, 20003)];
  const settling = outcome(settle(a.sql, results, AFTERNOON));
  await a.blocked(holder);
  const stopping = outcome(
    writeStop(b.sql, org.accountSid, second.e164, org.numbers[0]?.e164 ?? "", AFTERNOON),
  );
  // It waits for the settling, or the settling has ended already.
  await Promise.race([b.blocked(a).catch(() => {}), stopping]);
  await holder.commit();
  expect([await settling, await stopping]).toEqual([2, "stop"]);
  const campaigns = await db.sql`select status::text from public.campaigns where id in (${one}, ${two})`;
  expect(campaigns.map((row) => row.status)).toEqual(["paused", "paused"]);
});

test("an error that rests one number and shuts another, and a claim of both", async () => {
  await arrangeLeads(db, org.id, 8);
  await arrangeCampaign(db, org);
  await plan(a.sql, AFTERNOON);
  await makeDue(db.sql);
  const sends = await claim(a.sql, { now: AFTERNOON, limit: 4 });
  const [low, high] = org.numbers.map((n) => n).sort((x, y) => (x.id < y.id ? -1 : 1));
  const from = (e164?: string) => sends.find((send) => send.from_number === e164)?.attempt_id ?? "";
  await holder.begin();
  await holder.sql`select 1 from public.phone_numbers where id = ${high?.id ?? ""} for share`;
  const settling = outcome(
    settle(a.sql, [rejected(from(low?.e164), 21611), rejected(from(high?.e164), 21606)], AFTERNOON),
  );
  await a.blocked(holder);
  const claiming = outcome(claim(b.sql, { now: later(AFTERNOON, 2) }));
  await Promise.race([b.blocked(a).catch(() => {}), claiming]);
  await holder.commit();
  expect(await settling).toBe(2);
  expect(await claiming).toBeInstanceOf(Array);
});

test("two batches of refusals, each with an alert and with caps to give back", async () => {
  await arrangeLeads(db, org.id, 5);
  await arrangeCampaign(db, org);
  const sends = (await claimAll()).sort((x, y) => (x.message_id < y.message_id ? -1 : 1));
  const [transient, permanent, bug, otherBug] = sends as [Claimed, Claimed, Claimed, Claimed];
  await holder.begin();
  await holder.sql`select 1 from public.lead_phones where org_id = ${org.id} and e164 = ${permanent.to_number} for no key update`;
  const first = outcome(
    settle(
      a.sql,
      [
        rejected(transient.attempt_id, 20429),
        rejected(permanent.attempt_id, 21211),
        rejected(bug.attempt_id, 21602),
      ],
      AFTERNOON,
    ),
  );
  await a.blocked(holder);
  const second = outcome(settle(b.sql, [rejected(otherBug.attempt_id, 21602)], AFTERNOON));
  await Promise.race([b.blocked(a).catch(() => {}), second]);
  await holder.commit();
  expect([await first, await second]).toEqual([3, 1]);
});
