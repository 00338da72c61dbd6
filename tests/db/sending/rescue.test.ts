// Nothing stays stuck unnoticed: dead workers, lost queue rows, POSTs without an answer, and late reports.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  accepted,
  type Claimed,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  settle,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
});

const minutes = (count: number) => later(AFTERNOON, count * 60);
const rescue = async (now: Date): Promise<number> =>
  (await bench.holder.sql`select private.rescue_sends(${now}) as n`)[0]?.n;
const dueLooks = (now: Date) =>
  bench.a.sql`select attempt_id, looks, known_sids from private.due_looks(20, ${now})`;
async function look(
  send: Claimed,
  now: Date,
  sid: string | null = null,
  status: string | null = null,
): Promise<string> {
  const [row] = await bench.a.sql`
    select private.record_look(${send.attempt_id}, ${sid}, ${status}, null, ${sid && "Hola"}, ${now}) as result`;
  return row?.result;
}
const targetOf = async (send: Claimed) =>
  (
    await bench.sql`
      select t.state::text, t.delivery, t.reason, t.attempts, t.message_id, t.needs_attention from public.campaign_targets t
      join public.messages m on m.campaign_target_id = t.id where m.id = ${send.message_id}`
  )[0];
const messageOf = async (id: string) =>
  (
    await bench.sql`select status::text, provider_sid, needs_attention from public.messages where id = ${id}`
  )[0];
const alertKinds = async () =>
  (
    await bench.sql`select kind from public.alerts where org_id = ${org.id} and resolved_at is null order by kind`
  ).map((row) => row.kind);
const give = (send: Claimed, status: string, now: Date, sid = newSid()) =>
  receipt(bench.b.sql, org.id, { messageId: send.message_id, attemptId: send.attempt_id, sid, status }, now);

async function claimOne(now = AFTERNOON): Promise<Claimed> {
  await plan(bench.a.sql, now);
  await makeDue(bench.sql);
  const [send] = await claim(bench.a.sql, { now });
  return send as Claimed;
}
async function sendOne(): Promise<{ send: Claimed; id: string }> {
  await arrangeLeads(bench.db, org.id, 1);
  const id = await arrangeCampaign(bench.db, org);
  return { send: await claimOne(), id };
}
/** No answer at AFTERNOON, and twice not in Twilio's list. */
async function giveUp(send: Claimed, from = AFTERNOON): Promise<Date> {
  await settle(
    bench.a.sql,
    [{ attempt_id: send.attempt_id, outcome: "unknown", content: "Hola", segments: 1 }],
    from,
  );
  await dueLooks(later(from, 120));
  expect(await look(send, later(from, 121))).toBe("look_again");
  const second = later(from, 121 + 600);
  await dueLooks(second);
  expect(await look(send, second)).toBe("safe_to_retry");
  return second;
}

test("the attempt of a worker that died is unknown after a minute, and is asked about at once", async () => {
  const { send } = await sendOne();
  expect(await rescue(later(AFTERNOON, 60))).toBe(0);
  expect(await targetOf(send)).toMatchObject({ state: "sending" });
  expect(await rescue(later(AFTERNOON, 61))).toBe(1);
  expect(await targetOf(send)).toMatchObject({ state: "unknown", message_id: send.message_id });
  expect(await dueLooks(later(AFTERNOON, 61))).toMatchObject([{ attempt_id: send.attempt_id, looks: 0 }]);
  expect(await rescue(later(AFTERNOON, 62))).toBe(0);
});

test("a worker that was taken for dead and reports after all is accepted", async () => {
  const { send } = await sendOne();
  await rescue(minutes(2));
  expect(await settle(bench.a.sql, [accepted(send.attempt_id)], minutes(3))).toBe(1);
  expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "unconfirmed" });
  expect(await dueLooks(minutes(60))).toEqual([]);
});

test("a send without an answer is asked about after two minutes, by one worker at a time", async () => {
  const { send } = await sendOne();
  await settle(bench.a.sql, [{ attempt_id: send.attempt_id, outcome: "unknown" }], AFTERNOON);
  expect(await dueLooks(later(AFTERNOON, 119))).toEqual([]);
  await bench.a.begin();
  expect(await dueLooks(minutes(2))).toHaveLength(1);
  expect(await bench.b.sql`select 1 from private.due_looks(20, ${minutes(2)})`).toEqual([]);
  await bench.a.commit();
  // That worker died: another looks two minutes later, and it is still the first look.
  expect(await dueLooks(later(AFTERNOON, 239))).toEqual([]);
  expect(await dueLooks(minutes(4))).toMatchObject([{ looks: 0 }]);
});

test("two looks, ten minutes apart, make it safe to retry, as a new message", async () => {
  const { send, id } = await sendOne();
  await settle(bench.a.sql, [{ attempt_id: send.attempt_id, outcome: "unknown" }], AFTERNOON);
  await dueLooks(minutes(2));
  expect(await look(send, minutes(3))).toBe("look_again");
  expect(await dueLooks(later(minutes(13), -1))).toEqual([]);
  // A second worker, which began its look before the first reported, reports only now: that is no second look.
  expect(await look(send, minutes(4))).toBe("look_again");
  expect(await look(send, later(minutes(13), -1))).toBe("look_again");
  expect(await targetOf(send)).toMatchObject({ state: "unknown" });
  expect(await plan(bench.a.sql, later(minutes(13), -1))).toBe(0);
  expect(await dueLooks(minutes(13))).toMatchObject([{ looks: 1 }]);
  expect(await look(send, minutes(13))).toBe("safe_to_retry");
  expect(await targetOf(send)).toMatchObject({ state: "waiting", attempts: 1, message_id: null });
  const again = await claimOne(minutes(14));
  expect(again.message_id).not.toBe(send.message_id);
  const messages =
    await bench.sql`select status::text from public.messages where campaign_id = ${id} order by id`;
  expect(messages.map((row) => row.status)).toEqual(["failed", "sending"]);
  const [usage] = await bench.sql`select messages from private.daily_usage where scope_id = ${id}`;
  expect(usage?.messages).toBe(1);
  expect(await look(send, minutes(15))).toBe("settled");
});

test("a look that finds the message settles it; Twilio's own receipt then goes on from there", async () => {
  const { send } = await sendOne();
  await settle(
    bench.a.sql,
    [{ attempt_id: send.attempt_id, outcome: "unknown", content: "Hola", segments: 1 }],
    AFTERNOON,
  );
  const sid = newSid();
  expect(await look(send, minutes(3), sid, "sent")).toBe("found");
  expect(await messageOf(send.message_id)).toMatchObject({ status: "sent", provider_sid: sid });
  expect(await give(send, "delivered", minutes(4), sid)).toBe("applied");
  expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "delivered" });
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

test("messages of ours are given to the worker that looks, so that it ignores them", async () => {
  const { send } = await sendOne();
  const sid = newSid();
  await settle(bench.a.sql, [accepted(send.attempt_id, sid)], AFTERNOON);
  await arrangeCampaign(bench.db, org, { cooldown_days: 0 });
  const other = await claimOne(minutes(1));
  await settle(bench.a.sql, [{ attempt_id: other.attempt_id, outcome: "unknown" }], minutes(1));
  expect(await dueLooks(minutes(3))).toMatchObject([{ attempt_id: other.attempt_id, known_sids: [sid] }]);
});

test("three attempts without an answer end it, with the reason and an alert", async () => {
  const { send } = await sendOne();
  let now = await giveUp(send);
  for (let attempt = 2; attempt <= 3; attempt++)
    now = await giveUp(await claimOne(later(now, 1)), later(now, 1));
  expect(await targetOf(send)).toMatchObject({ state: "failed", reason: "error", attempts: 3 });
  expect((await targetOf(send))?.needs_attention).toContain("Three attempts");
  expect(await alertKinds()).toEqual(["send_unanswered"]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

test("a send that a look can't settle stays unknown until a person or a receipt decides", async () => {
  const { send } = await sendOne();
  await settle(bench.a.sql, [{ attempt_id: send.attempt_id, outcome: "unknown" }], AFTERNOON);
  await bench.a
    .sql`select private.give_up_look(${send.attempt_id}, 'Two messages with this text.', ${minutes(3)})`;
  expect(await targetOf(send)).toMatchObject({
    state: "unknown",
    needs_attention: "Two messages with this text.",
  });
  expect(await alertKinds()).toEqual(["send_unclear"]);
  expect(await dueLooks(minutes(600))).toEqual([]);
  await bench.holder.sql`select private.finish_campaigns(${minutes(4)})`;
  expect(await give(send, "delivered", minutes(600))).toBe("applied");
  expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "delivered", needs_attention: null });
});

test("a completed campaign goes on when its last send is safe to retry; a stopped one does not", async () => {
  const { send, id } = await sendOne();
  await settle(bench.a.sql, [{ attempt_id: send.attempt_id, outcome: "unknown" }], AFTERNOON);
  await bench.holder.sql`select private.finish_campaigns(${AFTERNOON})`;
  const now = await giveUp(send);
  const status = async () =>
    (await bench.sql`select status::text from public.campaigns where id = ${id}`)[0]?.status;
  expect(await status()).toBe("running");
  const again = await claimOne(later(now, 1));
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.stop_campaign(${id}, ${later(now, 2)})`;
  await user.end();
  await giveUp(again, later(now, 3));
  expect(await status()).toBe("stopped");
  expect(await targetOf(send)).toMatchObject({ state: "canceled", reason: "stopped" });
});

describe("a message that was given up, and went out after all", () => {
  test("takes its target back if its replacement is not planned yet", async () => {
    const { send } = await sendOne();
    const now = await giveUp(send);
    expect(await give(send, "sent", later(now, 1))).toBe("late_success");
    expect(await targetOf(send)).toMatchObject({ state: "sent", message_id: send.message_id });
    expect(await plan(bench.a.sql, later(now, 60))).toBe(0);
    expect(await give(send, "delivered", later(now, 61))).toBe("applied");
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test("meets a plan that has found its person waiting: nothing is planned, and neither waits for the other", async () => {
    const { send } = await sendOne();
    const now = later(await giveUp(send), 1);
    await bench.holder.begin();
    await bench.holder.sql`lock table private.template_usage in access exclusive mode`;
    const planning = plan(bench.a.sql, now);
    await bench.a.blocked(bench.holder);
    // It has locked the target by then, and comes to the caps, which the plan holds.
    const late = give(send, "sent", now);
    await bench.b.blocked(bench.a);
    await bench.holder.commit();
    expect(await planning).toBe(0);
    expect(await late).toBe("late_success");
    expect(await targetOf(send)).toMatchObject({ state: "sent", message_id: send.message_id });
  });
  test("cancels its replacement if that is queued, and nothing claims it", async () => {
    const { send } = await sendOne();
    const now = await giveUp(send);
    expect(await plan(bench.a.sql, later(now, 1))).toBe(1);
    await makeDue(bench.sql);
    expect(await give(send, "delivered", later(now, 2))).toBe("late_success");
    expect(await claim(bench.a.sql, { now: later(now, 3) })).toEqual([]);
    expect(await targetOf(send)).toMatchObject({
      state: "sent",
      delivery: "delivered",
      message_id: send.message_id,
    });
    expect(await alertKinds()).toEqual([]);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test.each(["claimed", "sent", "delivered"])("raises an alert if its replacement is %s", async (how) => {
    const { send } = await sendOne();
    const now = later(await giveUp(send), 1);
    const again = await claimOne(now);
    if (how !== "claimed") await settle(bench.a.sql, [accepted(again.attempt_id)], now);
    if (how === "delivered") await give(again, "delivered", now);
    expect(await give(send, "sent", later(now, 2))).toBe("double_send");
    expect(await alertKinds()).toEqual(["double_send"]);
    expect((await messageOf(send.message_id))?.needs_attention).toContain("given up");
    // The replacement is not affected.
    expect((await targetOf(send))?.message_id).toBe(again.message_id);
  });
  test("while its replacement is being claimed, raises the alert once the claim is through", async () => {
    const { send } = await sendOne();
    const now = await giveUp(send);
    await plan(bench.a.sql, later(now, 1));
    await makeDue(bench.sql);
    await bench.a.begin();
    expect(await claim(bench.a.sql, { now: later(now, 2) })).toHaveLength(1);
    const late = give(send, "sent", later(now, 3));
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    expect(await late).toBe("double_send");
  });
  test("and then failed, changes nothing: its replacement counts", async () => {
    const { send } = await sendOne();
    const now = await giveUp(send);
    await plan(bench.a.sql, later(now, 1));
    expect(await give(send, "failed", later(now, 2))).toBe("after_the_end");
    expect(await targetOf(send)).toMatchObject({ state: "queued" });
  });
});

describe("a lost queue row", () => {
  test("is restored after 30 seconds, once, and only if it is lost", async () => {
    await arrangeLeads(bench.db, org.id, 3);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await bench.sql`delete from pgmq.q_sends where msg_id in (select msg_id from pgmq.q_sends limit 2)`;
    expect(await rescue(later(AFTERNOON, 30))).toBe(0);
    expect(await rescue(later(AFTERNOON, 31))).toBe(2);
    expect(await rescue(later(AFTERNOON, 32))).toBe(0);
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: later(AFTERNOON, 33) })).toHaveLength(3);
  });
  test("of a claim that was rolled back was never lost", async () => {
    await arrangeLeads(bench.db, org.id, 2);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    await bench.a.begin();
    await claim(bench.a.sql, { now: AFTERNOON });
    await bench.a.rollback();
    expect(await rescue(minutes(1))).toBe(0);
    expect(await claim(bench.b.sql, { now: AFTERNOON })).toHaveLength(2);
  });
});

describe("rescue of a dead worker's attempt, and a late receipt", () => {
  test("is not committed when rescue runs: an attempt that is being settled is left alone", async () => {
    const { send } = await sendOne();
    await bench.b.begin();
    expect(await give(send, "delivered", minutes(2))).toBe("applied");
    // Rescue does not wait either, since it must rescue others.
    expect(await rescue(minutes(2))).toBe(0);
    await bench.b.commit();
    expect(await rescue(minutes(3))).toBe(0);
    expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "delivered" });
  });
  test("while rescue is not committed: it waits, and is applied", async () => {
    const { send } = await sendOne();
    await bench.holder.begin();
    expect(await rescue(minutes(2))).toBe(1);
    const late = give(send, "delivered", minutes(2));
    await bench.b.blocked(bench.holder);
    await bench.holder.commit();
    expect(await late).toBe("applied");
    expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "delivered" });
    // Twilio is not asked any more; the text that the dead worker never reported is recorded.
    expect(await bench.a.sql`select lacks_only_text from private.due_looks(20, ${minutes(60)})`).toEqual([
      { lacks_only_text: true },
    ]);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
});

test.each(["help", "stop", "reply"])(
  "an answer (%s) that got none is never sent again by itself: a person is told",
  async (kind) => {
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    const [from, to] = [lead?.e164 ?? "", org.numbers[0]?.e164 ?? ""];
    await bench.b.sql`
    select private.receive_inbound(${org.accountSid}, ${newSid()}, ${from}, ${to}, 'texto', '{}', ${kind}, 'exact', false, 'es', false, 'texto', ${AFTERNOON})`;
    if (kind === "reply") {
      // As a person of ours writes one.
      const [message] = await bench.sql`
      insert into public.messages (org_id, kind, conversation_id, phone_number_id, from_number, to_number, content, status, queued_at, created_at, updated_at)
      select org_id, 'reply', id, phone_number_id, ${to}, e164, 'Claro', 'queued', ${AFTERNOON}, ${AFTERNOON}, ${AFTERNOON}
      from public.conversations where org_id = ${org.id} returning id`;
      await bench.sql`select pgmq.send('replies', jsonb_build_object('message_id', ${message?.id}::text))`;
    }
    await makeDue(bench.sql);
    const [send] = (await claim(bench.a.sql, { now: AFTERNOON })) as [Claimed];
    expect(send.kind).toBe(kind === "reply" ? "reply" : "auto_reply");
    const now = await giveUp(send);
    expect(await messageOf(send.message_id)).toMatchObject({ status: "failed" });
    expect((await messageOf(send.message_id))?.needs_attention).toContain("Write again");
    expect(await alertKinds()).toEqual(["reply_not_sent"]);
    expect(await rescue(later(now, 3600))).toBe(0);
    expect(await bench.sql`select 1 from pgmq.q_replies`).toEqual([]);
    expect(
      await bench.sql`select 1 from public.messages where org_id = ${org.id} and direction = 'outbound'`,
    ).toHaveLength(1);
  },
);

test("a running campaign without an active text or number says so, with an alert, until it has one again", async () => {
  await arrangeLeads(bench.db, org.id, 1);
  const id = await arrangeCampaign(bench.db, org);
  const flag = async () => {
    await bench.holder.sql`select private.flag_stalled(${AFTERNOON})`;
    return (await bench.sql`select needs_attention from public.campaigns where id = ${id}`)[0]
      ?.needs_attention;
  };
  expect(await flag()).toBeNull();
  await bench.sql`update public.phone_numbers set status = 'quarantined' where org_id = ${org.id}`;
  expect(await flag()).toContain("phone numbers");
  expect(await alertKinds()).toEqual(["campaign_stalled"]);
  await bench.sql`update public.templates set is_active = false where id = ${org.templateId}`;
  expect(await flag()).toContain("templates");
  await bench.sql`update public.templates set is_active = true where id = ${org.templateId}`;
  await bench.sql`update public.phone_numbers set status = 'active' where org_id = ${org.id}`;
  expect(await flag()).toBeNull();
  expect(await alertKinds()).toEqual([]);
});
