// A person's decision about sends that stay unknown: when it is allowed, its effect, and what is reported afterwards.
import { beforeEach, describe, expect, test } from "vitest";
import { addAdmin } from "../../fixtures/add-admin.ts";
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
import { checkFigures } from "../../fixtures/check-figures.ts";
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
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
let campaign: string;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
  return () => user.end();
});

type Action = "retry" | "assume_sent";
const minutes = (count: number) => later(AFTERNOON, count * 60);
/** "done", or the reason of the refusal. */
const resolve = (id: string, action: string, now: Date, session = user): Promise<string> =>
  session.sql`select private.resolve_send(${id}, ${action}, ${now})`.then(
    () => "done",
    (error) => `${error.code} ${error.message}`,
  );
const look = async (send: Claimed, now: Date) => {
  const [row] = await bench.a.sql`
    select private.record_look(${send.attempt_id}, null, null, null, null, ${now}) as result`;
  return row?.result;
};
const giveUp = (send: Claimed, now: Date) =>
  bench.a.sql`select private.give_up_look(${send.attempt_id}, 'Twilio lists two.', ${now})`;
const give = (send: Claimed, status: string, now: Date, sid = newSid()) =>
  receipt(bench.b.sql, org.id, { messageId: send.message_id, attemptId: send.attempt_id, sid, status }, now);
const unknown = (send: Claimed, now = AFTERNOON) =>
  settle(
    bench.a.sql,
    [{ attempt_id: send.attempt_id, outcome: "unknown", content: "Hola", segments: 1 }],
    now,
  );
const targetOf = async (send: Claimed) =>
  (
    await bench.sql`
      select t.state::text, t.delivery, t.attempts, t.message_id, t.needs_attention from public.campaign_targets t
      join public.messages m on m.campaign_target_id = t.id where m.id = ${send.message_id}`
  )[0];
const messageOf = async (send: Claimed) =>
  (
    await bench.sql`
      select m.status::text, m.needs_attention, m.sent_at, (select a.outcome from public.send_attempts a where a.id = ${send.attempt_id}) as outcome
      from public.messages m where m.id = ${send.message_id}`
  )[0];
const alerts = async () =>
  (
    await bench.sql`select kind from public.alerts where org_id = ${org.id} and resolved_at is null order by 1`
  ).map((row) => row.kind);
const charged = async () =>
  (
    await bench.sql`select coalesce(sum(messages), 0)::int as n from private.daily_usage where scope_id = ${org.id}`
  )[0]?.n;
const statusOf = async (id: string) =>
  (await bench.sql`select status::text from public.campaigns where id = ${id}`)[0]?.status;

async function claimAll(now: Date): Promise<Claimed[]> {
  await plan(bench.a.sql, now);
  await makeDue(bench.sql);
  return await claim(bench.a.sql, { now });
}
/** One of a campaign that got no answer, which a look could not settle. */
async function unclear(): Promise<Claimed> {
  await arrangeLeads(bench.db, org.id, 1);
  campaign = await arrangeCampaign(bench.db, org);
  const [send] = (await claimAll(AFTERNOON)) as [Claimed];
  await unknown(send);
  await giveUp(send, minutes(3));
  expect(await alerts()).toEqual(["send_unclear"]);
  return send;
}
/** Decided upon at minute 4, and sent again at minute 5. */
async function sentAgain(): Promise<{ first: Claimed; second: Claimed }> {
  const first = await unclear();
  expect(await resolve(first.message_id, "retry", minutes(4))).toBe("done");
  const [second] = (await claimAll(minutes(5))) as [Claimed];
  return { first, second };
}

describe("assume_sent", () => {
  test("sets the send to sent, unconfirmed, ends the alert, keeps the charge, and records who decided", async () => {
    const send = await unclear();
    expect(await resolve(send.message_id, "assume_sent", minutes(4))).toBe("done");
    expect(await targetOf(send)).toMatchObject({
      state: "sent",
      delivery: "unconfirmed",
      attempts: 1,
      needs_attention: null,
      message_id: send.message_id,
    });
    expect(await messageOf(send)).toMatchObject({
      status: "sent",
      outcome: "assumed_sent",
      needs_attention: null,
      sent_at: AFTERNOON,
    });
    expect(await alerts()).toEqual([]);
    expect(await charged()).toBe(1);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
    const [stats] =
      await bench.sql`select segments, sent from public.campaign_stats where campaign_id = ${campaign}`;
    expect(stats).toEqual({ segments: 1, sent: 1 });
    const [event] =
      await bench.sql`select user_id, details from public.audit_events where event_type = 'send_resolved' and org_id = ${org.id}`;
    expect(event).toMatchObject({
      user_id: org.adminId,
      details: { action: "assume_sent", message_id: send.message_id, reason: "Twilio lists two." },
    });
    expect(await plan(bench.a.sql, minutes(60))).toBe(0);
  });
  test.each([
    ["delivered", "delivered", "delivered"],
    ["undelivered", "undelivered", "undelivered"],
  ])("a receipt that says %s is still heard, once counted", async (status, message, delivery) => {
    const send = await unclear();
    await resolve(send.message_id, "assume_sent", minutes(4));
    expect(await give(send, status, minutes(5))).toBe("applied");
    expect(await messageOf(send)).toMatchObject({ status: message, outcome: "accepted" });
    expect(await targetOf(send)).toMatchObject({ state: "sent", delivery });
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
});

describe("retry", () => {
  test("lets the person wait again without counting the attempt, and refunds the caps", async () => {
    const send = await unclear();
    expect(await resolve(send.message_id, "retry", minutes(4))).toBe("done");
    expect(await targetOf(send)).toMatchObject({
      state: "waiting",
      attempts: 0,
      message_id: null,
      needs_attention: null,
    });
    expect(await messageOf(send)).toMatchObject({
      status: "failed",
      outcome: "resent",
      needs_attention: null,
    });
    expect(await alerts()).toEqual([]);
    expect(await charged()).toBe(0);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
    const [again] = (await claimAll(minutes(5))) as [Claimed];
    expect(again.message_id).not.toBe(send.message_id);
    expect(await charged()).toBe(1);
  });
  test("lets a campaign that has completed go on", async () => {
    const send = await unclear();
    await bench.holder.sql`select private.finish_campaigns(${minutes(3)})`;
    expect(await statusOf(campaign)).toBe("completed");
    await resolve(send.message_id, "retry", minutes(4));
    expect(await statusOf(campaign)).toBe("running");
  });
  test("of a message that went out after all cancels the new one if that is queued", async () => {
    const first = await unclear();
    await resolve(first.message_id, "retry", minutes(4));
    expect(await plan(bench.a.sql, minutes(5))).toBe(1);
    await makeDue(bench.sql);
    expect(await give(first, "delivered", minutes(6))).toBe("late_success");
    expect(await claim(bench.a.sql, { now: minutes(7) })).toEqual([]);
    expect(await targetOf(first)).toMatchObject({ delivery: "delivered", message_id: first.message_id });
    expect(await charged()).toBe(1);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test("of a message that went out after all raises an alert if the new one is posted, and is charged again", async () => {
    const { first, second } = await sentAgain();
    await settle(bench.a.sql, [accepted(second.attempt_id)], minutes(5));
    expect(await give(first, "sent", minutes(6))).toBe("double_send");
    expect(await alerts()).toEqual(["double_send"]);
    expect((await messageOf(first))?.needs_attention).toContain("replacement was sent too");
    expect(await charged()).toBe(2);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
});

describe("a message that went out after all counts if its replacement did not go out, and no third is sent", () => {
  const stands = async (first: Claimed) => {
    expect(await targetOf(first)).toMatchObject({
      state: "sent",
      delivery: "delivered",
      message_id: first.message_id,
    });
    expect(await messageOf(first)).toMatchObject({ status: "delivered", needs_attention: null });
    expect(await alerts()).toEqual([]);
    expect(await charged()).toBe(1);
    expect(await plan(bench.a.sql, minutes(24 * 60))).toBe(0);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  };
  test("because Twilio refused it", async () => {
    const { first, second } = await sentAgain();
    expect(await give(first, "delivered", minutes(6))).toBe("double_send");
    await settle(bench.a.sql, [rejected(second.attempt_id, 20429)], minutes(6));
    await stands(first);
  });
  test("because it failed before a carrier had it", async () => {
    const { first, second } = await sentAgain();
    await settle(bench.a.sql, [accepted(second.attempt_id)], minutes(5));
    await give(first, "delivered", minutes(6));
    const sid = newSid();
    const failed = { messageId: second.message_id, attemptId: second.attempt_id, sid, status: "failed" };
    await receipt(bench.b.sql, org.id, { ...failed, code: 30022 }, minutes(7));
    expect(await targetOf(first)).toMatchObject({ state: "sent", message_id: first.message_id });
    expect(await plan(bench.a.sql, minutes(24 * 60))).toBe(0);
  });
  test("because it was not delivered", async () => {
    const { first, second } = await sentAgain();
    await settle(bench.a.sql, [accepted(second.attempt_id)], minutes(5));
    await give(first, "delivered", minutes(6));
    await give(second, "undelivered", minutes(7));
    expect(await targetOf(first)).toMatchObject({ state: "sent", delivery: "delivered" });
    expect(await targetOf(first)).toMatchObject({ message_id: first.message_id });
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test("because Twilio's list lacked it twice", async () => {
    const { first, second } = await sentAgain();
    await unknown(second, minutes(5));
    await give(first, "delivered", minutes(6));
    expect(await look(second, minutes(8))).toBe("look_again");
    expect(await look(second, minutes(19))).toBe("earlier_one_stands");
    await stands(first);
  });
  test("because a person gave it up too", async () => {
    const { first, second } = await sentAgain();
    await unknown(second, minutes(5));
    await giveUp(second, minutes(8));
    await give(first, "delivered", minutes(9));
    expect(await resolve(second.message_id, "retry", minutes(10))).toBe("done");
    await stands(first);
  });
});

describe("is not allowed", () => {
  test("before Twilio was asked once, and says when that is", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    const [send] = (await claimAll(AFTERNOON)) as [Claimed];
    expect(await resolve(send.message_id, "retry", AFTERNOON)).toMatch(/^PT409 .*being sent/);
    await unknown(send);
    expect(await resolve(send.message_id, "retry", minutes(1))).toContain("at about 2026-06-10T20:02:00Z");
    await bench.a.sql`select * from private.due_looks(20, ${minutes(2)})`;
    await look(send, minutes(2));
    expect(await resolve(send.message_id, "retry", minutes(3))).toBe("done");
  });
  test("once it is settled", async () => {
    const send = await unclear();
    await give(send, "delivered", minutes(4));
    expect(await alerts()).toEqual([]);
    for (const action of ["retry", "assume_sent"])
      expect(await resolve(send.message_id, action, minutes(5))).toMatch(/^PT409 .*it is delivered/);
  });
  test("twice", async () => {
    const send = await unclear();
    await resolve(send.message_id, "retry", minutes(4));
    expect(await resolve(send.message_id, "assume_sent", minutes(4))).toMatch(/^PT409 .*it is failed/);
  });
  test.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "opted out",
      async () => {
        const [row] = await bench.sql`select to_number from public.messages where campaign_id = ${campaign}`;
        await writeStop(bench.b.sql, org.accountSid, row?.to_number, org.numbers[0]?.e164 ?? "", minutes(4));
      },
      /opted out/,
    ],
    [
      "campaign was stopped",
      () => user.sql`select private.stop_campaign(${campaign}, ${minutes(4)})`,
      /was stopped/,
    ],
  ])("to send again where the person's %s; to assume it sent is", async (_why, happens, says) => {
    const send = await unclear();
    await happens();
    expect(await resolve(send.message_id, "retry", minutes(5))).toMatch(says);
    expect(await resolve(send.message_id, "assume_sent", minutes(5))).toBe("done");
  });
  test("of another organisation, by a viewer, by an operator about a campaign, or in other words", async () => {
    const send = await unclear();
    const stranger = await arrangeOrg(bench.db, { numbers: 0 });
    const theirs = await signedIn(bench.db, stranger.adminId);
    expect(await resolve(send.message_id, "retry", minutes(4), theirs)).toMatch(/^PT404/);
    await theirs.end();
    expect(await resolve(send.message_id, "forget", minutes(4))).toMatch(/^PT422/);
    await addAdmin(bench.sql, org.id);
    for (const role of ["viewer", "operator"]) {
      await bench.sql`update public.users set role = ${role} where id = ${org.adminId}`;
      expect(await resolve(send.message_id, "retry", minutes(4))).toMatch(/^PT403/);
    }
    expect(await messageOf(send)).toMatchObject({ status: "unknown" });
  });
});

describe("work under way while a person decided", () => {
  test.each<Action>(["retry", "assume_sent"])(
    "a look that comes to nothing changes nothing (%s)",
    async (action) => {
      await arrangeLeads(bench.db, org.id, 1);
      await arrangeCampaign(bench.db, org);
      const [send] = (await claimAll(AFTERNOON)) as [Claimed];
      await unknown(send);
      await look(send, minutes(2));
      await resolve(send.message_id, action, minutes(11));
      const before = [await targetOf(send), await messageOf(send)];
      expect(await look(send, minutes(13))).toBe("settled");
      await giveUp(send, minutes(13));
      expect([await targetOf(send), await messageOf(send)]).toEqual(before);
      expect(await alerts()).toEqual([]);
    },
  );
  test.each([
    ["retry", "late_success"],
    ["assume_sent", "applied"],
  ] as const)("a receipt that comes during a %s waits for it, and is %s", async (action, result) => {
    const send = await unclear();
    await user.begin();
    expect(await resolve(send.message_id, action, minutes(4))).toBe("done");
    const late = give(send, "delivered", minutes(4));
    await bench.b.blocked(user);
    await user.commit();
    expect(await late).toBe(result);
    expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "delivered" });
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test.each<Action>(["retry", "assume_sent"])(
    "a %s that comes during a receipt comes too late",
    async (action) => {
      const send = await unclear();
      await bench.b.begin();
      expect(await give(send, "delivered", minutes(4))).toBe("applied");
      const deciding = resolve(send.message_id, action, minutes(4));
      await user.blocked(bench.b);
      await bench.b.commit();
      expect(await deciding).toMatch(/^PT409 .*it is delivered/);
      expect(await targetOf(send)).toMatchObject({ state: "sent", delivery: "delivered" });
    },
  );
  test("if two decide at once, the second is told that it is decided", async () => {
    const send = await unclear();
    const other = await signedIn(bench.db, org.adminId);
    await user.begin();
    await resolve(send.message_id, "retry", minutes(4));
    const second = resolve(send.message_id, "retry", minutes(4), other);
    await other.blocked(user);
    await user.commit();
    expect(await second).toMatch(/^PT409/);
    await other.end();
    expect(await plan(bench.a.sql, minutes(5))).toBe(1);
  });
});

describe("a reply", () => {
  /** An answer to a person who asked for help; Twilio did not answer for it. */
  async function unclearReply(): Promise<Claimed> {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await bench.b.sql`
      select private.receive_inbound(${org.accountSid}, ${newSid()}, ${lead.e164}, ${org.numbers[0]?.e164 ?? ""}, 'ayuda', '{}',
        'help', 'exact', false, 'es', false, 'ayuda', ${AFTERNOON})`;
    await makeDue(bench.sql);
    const [send] = (await claim(bench.a.sql, { now: AFTERNOON })) as [Claimed];
    await unknown(send);
    await giveUp(send, minutes(3));
    await addAdmin(bench.sql, org.id);
    await bench.sql`update public.users set role = 'operator' where id = ${org.adminId}`;
    return send;
  }
  const claimReply = async (now: Date) => {
    await makeDue(bench.sql);
    return await claim(bench.a.sql, { now });
  };

  test("is sent again by an operator as a new attempt of the same message", async () => {
    const send = await unclearReply();
    expect(await resolve(send.message_id, "retry", minutes(4))).toBe("done");
    expect(await messageOf(send)).toMatchObject({
      status: "queued",
      outcome: "resent",
      needs_attention: null,
    });
    const [again] = (await claimReply(minutes(5))) as [Claimed];
    expect(again).toMatchObject({ message_id: send.message_id });
    expect(again.attempt_id).not.toBe(send.attempt_id);
    await settle(bench.a.sql, [accepted(again.attempt_id)], minutes(5));
    expect(await messageOf(send)).toMatchObject({ status: "sent" });
    expect(await alerts()).toEqual([]);
  });
  test("that went out after all is not sent again if the second attempt has not begun", async () => {
    const send = await unclearReply();
    await resolve(send.message_id, "retry", minutes(4));
    expect(await give(send, "delivered", minutes(4))).toBe("late_success");
    expect(await claimReply(minutes(5))).toEqual([]);
    expect(await messageOf(send)).toMatchObject({ status: "delivered", outcome: "accepted" });
  });
  test("whose receipt is not committed yet is skipped by the next claim", async () => {
    const send = await unclearReply();
    await resolve(send.message_id, "retry", minutes(4));
    await bench.b.begin();
    expect(await give(send, "delivered", minutes(4))).toBe("late_success");
    expect(await claimReply(minutes(5))).toEqual([]);
    await bench.b.commit();
    expect(await claimReply(minutes(6))).toEqual([]);
    expect(await messageOf(send)).toMatchObject({ status: "delivered" });
  });
  test("keeps the later of two receipts that come at the same moment", async () => {
    const send = await unclearReply();
    const sid = newSid();
    const given = { messageId: send.message_id, attemptId: send.attempt_id, sid };
    await bench.a.begin();
    expect(await receipt(bench.a.sql, org.id, { ...given, status: "delivered" }, minutes(4))).toBe("applied");
    const sent = give(send, "sent", minutes(4), sid);
    await bench.b.blocked(bench.a);
    await bench.a.commit();
    expect(await sent).toBe("superseded");
    expect(await messageOf(send)).toMatchObject({ status: "delivered" });
  });
  test.each(["being sent", "sent", "delivered"])(
    "that went out after all while it is %s again raises an alert, and each attempt keeps its own end",
    async (how) => {
      const send = await unclearReply();
      await resolve(send.message_id, "retry", minutes(4));
      const [again] = (await claimReply(minutes(5))) as [Claimed];
      if (how !== "being sent") await settle(bench.a.sql, [accepted(again.attempt_id)], minutes(5));
      if (how === "delivered") await give(again, "delivered", minutes(6));
      expect(await give(send, "sent", minutes(6))).toBe("double_send");
      expect(await give(send, "undelivered", minutes(7))).toBe("superseded");
      expect(await messageOf(send)).toMatchObject({
        status: how === "being sent" ? "sending" : how,
        needs_attention: expect.stringContaining("twice"),
      });
      expect(await alerts()).toEqual(["double_send"]);
    },
  );
  test("that went out after all counts if its second attempt is refused", async () => {
    const send = await unclearReply();
    await resolve(send.message_id, "retry", minutes(4));
    const [again] = (await claimReply(minutes(5))) as [Claimed];
    await give(send, "delivered", minutes(6));
    await settle(bench.a.sql, [rejected(again.attempt_id, 20429)], minutes(6));
    expect(await messageOf(send)).toMatchObject({ status: "delivered", needs_attention: null });
    expect(await claimReply(minutes(60))).toEqual([]);
  });
  test("that confirms an opt-out is never sent again, for any role", async () => {
    const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", AFTERNOON);
    const [send] = (await claimReply(AFTERNOON)) as [Claimed];
    await unknown(send);
    await giveUp(send, minutes(3));
    expect(await resolve(send.message_id, "retry", minutes(4))).toMatch(/^PT409 .*confirmed once/);
    expect(await resolve(send.message_id, "assume_sent", minutes(4))).toBe("done");
    expect(await alerts()).toEqual([]);
  });
});

test("a campaign's unclear sends are decided together, except those that Twilio was not asked about", async () => {
  await arrangeLeads(bench.db, org.id, 5);
  campaign = await arrangeCampaign(bench.db, org);
  const sends = await claimAll(AFTERNOON);
  for (const send of sends) await unknown(send);
  for (const send of sends.slice(0, 3)) await giveUp(send, minutes(3));
  const resolveAll = async () =>
    (await user.sql`select private.resolve_campaign_sends(${campaign}, 'retry', 2, ${minutes(4)}) as n`)[0]
      ?.n;
  expect([await resolveAll(), await alerts()]).toEqual([2, ["send_unclear"]]);
  expect([await resolveAll(), await alerts()]).toEqual([1, []]);
  expect(await resolveAll()).toBe(0);
  expect(await charged()).toBe(2);
  const states =
    await bench.sql`select state::text, count(*)::int from public.campaign_targets where campaign_id = ${campaign} group by 1 order by 1`;
  expect(states).toEqual([
    { state: "unknown", count: 2 },
    { state: "waiting", count: 3 },
  ]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

describe("looks", () => {
  test("the text of a message that went out while its worker died is recorded and counted once", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    const [send] = (await claimAll(AFTERNOON)) as [Claimed];
    await give(send, "delivered", later(AFTERNOON, 2));
    const due = (now: Date) =>
      bench.a.sql`select attempt_id, lacks_only_text from private.due_looks(20, ${now})`;
    expect(await due(minutes(1))).toEqual([]);
    expect(await due(minutes(3))).toEqual([{ attempt_id: send.attempt_id, lacks_only_text: true }]);
    const record = async () =>
      (
        await bench.a
          .sql`select private.record_text(${send.attempt_id}, 'Hola Rosa', 1::smallint, ${minutes(3)}) as r`
      )[0]?.r;
    expect([await record(), await record()]).toEqual([true, false]);
    expect(await due(minutes(60))).toEqual([]);
    const [row] =
      await bench.sql`select content, segments from public.messages where id = ${send.message_id}`;
    expect(row).toEqual({ content: "Hola Rosa", segments: 1 });
    // The worker was not dead.
    expect(await settle(bench.a.sql, [accepted(send.attempt_id)], minutes(4))).toBe(0);
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });
  test("a message that may be either of two sends of the same text to the same person is left to a person", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    // One number, and two campaigns with the same text.
    await bench.sql`update public.phone_numbers set status = 'paused' where id = ${org.numbers[1]?.id ?? ""}`;
    await arrangeCampaign(bench.db, org);
    const [first] = (await claimAll(AFTERNOON)) as [Claimed];
    await unknown(first);
    await bench.a.sql`select * from private.due_looks(20, ${minutes(2)})`;
    // Twilio is asked about the first while the second is posted: it lists the second.
    await arrangeCampaign(bench.db, org);
    const [second] = (await claimAll(minutes(2))) as [Claimed];
    expect(second.to_number).toBe(first.to_number);
    const sid = newSid();
    const found = async (now: Date) => {
      const [row] = await bench.a
        .sql`select private.record_look(${first.attempt_id}, ${sid}, 'sent', null, 'Hola', ${now}) as r`;
      return row?.r;
    };
    expect(await found(minutes(2))).toBe("unclear");
    expect((await targetOf(first))?.needs_attention).toContain("several of ours");
    await settle(bench.a.sql, [accepted(second.attempt_id, sid)], minutes(2));
    // Now it is known whose it is.
    expect(await found(minutes(3))).toBe("look_again");
    expect(await messageOf(first)).toMatchObject({ status: "unknown" });
    expect(await messageOf(second)).toMatchObject({ status: "sent" });
  });
  test("a look that was slow while a receipt settled the send raises no alert", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    const [send] = (await claimAll(AFTERNOON)) as [Claimed];
    await unknown(send);
    await bench.b.begin();
    await give(send, "delivered", minutes(3));
    const looking = giveUp(send, minutes(3)).then(() => "told");
    await bench.a.blocked(bench.b);
    await bench.b.commit();
    expect(await looking).toBe("told");
    expect(await targetOf(send)).toMatchObject({ state: "sent", needs_attention: null });
    expect(await alerts()).toEqual([]);
  });
  test("if Twilio can't be asked for half an hour, an alert is raised and a person may decide, while the looks go on", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    const [send] = (await claimAll(AFTERNOON)) as [Claimed];
    await unknown(send);
    const rescue = (now: Date) => bench.holder.sql`select private.rescue_sends(${now})`;
    await rescue(minutes(29));
    expect(await alerts()).toEqual([]);
    await rescue(minutes(31));
    expect(await alerts()).toEqual(["send_unclear"]);
    expect((await targetOf(send))?.needs_attention).toContain("could not be asked");
    expect(await bench.a.sql`select 1 from private.due_looks(20, ${minutes(32)})`).toHaveLength(1);
    expect(await resolve(send.message_id, "retry", minutes(33))).toBe("done");
    expect(await alerts()).toEqual([]);
  });
});
