// Steps when sending goes wrong: crashes, unknown outcomes, failures that come late, merged and erased people.
import { beforeEach, describe, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeLeads,
  arrangeNumber,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { addPhone, arrangeDrip, claimed, DAY, HOUR, readTargets } from "../../fixtures/arrange-steps.ts";
import { checkFigures } from "../../fixtures/check-figures.ts";
import {
  accepted,
  claim,
  makeDue,
  newSid,
  plan,
  receipt,
  sendAll,
  settle,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let lead: ArrangedLead;
let drip: string;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { mps: 1000, numbers: 1 });
  [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  drip = await arrangeDrip(bench.db, org, [{}]);
});

const send = (now: Date) => sendAll(bench.a.sql, bench.sql, now);
const targets = async () => (await readTargets(bench, drip)).map((line) => line.replace(`${lead.e164} `, ""));
const finish = (now: Date) => bench.sql`select private.finish_campaigns(${now}, ${org.id})`;
const status = async () =>
  (await bench.sql`select status::text from public.campaigns where id = ${drip}`)[0]?.status;
/** Claimed, and posted or not: nobody knows yet. */
async function claimOne(now: Date) {
  await plan(bench.a.sql, now);
  await makeDue(bench.sql);
  const [one] = await claim(bench.a.sql, { now });
  if (!one) throw new Error("nothing was claimed");
  return one;
}
const failed = (one: { message_id: string; attempt_id: string; sid: string }, code: number, now: Date) =>
  receipt(
    bench.b.sql,
    org.id,
    { messageId: one.message_id, attemptId: one.attempt_id, sid: one.sid, status: "failed", code },
    now,
  );

describe("a step is born with the sending of the one before", () => {
  test("if the worker is killed before its settling commits, neither is there; settled again, both are, once", async () => {
    const one = await claimOne(AFTERNOON);
    const result = [accepted(one.attempt_id)];
    const doomed = await bench.db.worker();
    await doomed.begin();
    expect(await settle(doomed.sql, result, AFTERNOON)).toBe(1);
    const [seen] = await doomed.sql`select 1 as is_there`;
    expect(seen?.is_there).toBe(1);
    await bench.sql`select pg_terminate_backend(${doomed.pid})`;
    await doomed.sql`select 1`.catch(() => {});
    await doomed.end();
    expect(await targets()).toEqual(["1 sending"]);
    for (const _ of [1, 2]) await settle(bench.a.sql, result, later(AFTERNOON, 5));
    expect(await targets()).toEqual(["1 sent", "2 waiting"]);
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test.each(["sent", "delivered", "undelivered"])(
    "also if a receipt (%s) is the first to say so",
    async (said) => {
      const one = await claimOne(AFTERNOON);
      const code = said === "undelivered" ? 30003 : null;
      await receipt(
        bench.b.sql,
        org.id,
        { messageId: one.message_id, attemptId: one.attempt_id, sid: newSid(), status: said, code },
        later(AFTERNOON, 1),
      );
      expect(await targets()).toEqual(["1 sent", "2 waiting"]);
      await settle(bench.a.sql, [accepted(one.attempt_id)], later(AFTERNOON, 2));
      expect(await targets()).toEqual(["1 sent", "2 waiting"]);
    },
  );

  test("also if it was unknown, and a person assumes that it was sent; the campaign waits for Twilio's answer, not for them", async () => {
    const one = await claimOne(AFTERNOON);
    await settle(
      bench.a.sql,
      [{ attempt_id: one.attempt_id, outcome: "unknown", content: "Hola", segments: 1 }],
      AFTERNOON,
    );
    await finish(later(AFTERNOON, 60));
    expect([await targets(), await status()]).toEqual([["1 unknown"], "running"]);
    await bench.sql`update public.messages set needs_attention = 'look' where id = ${one.message_id}`;
    await finish(later(AFTERNOON, 120));
    expect(await status()).toBe("completed");
    const user = await signedIn(bench.db, org.adminId);
    await user.sql`select private.resolve_send(${one.message_id}, 'assume_sent', ${later(AFTERNOON, HOUR)})`;
    await user.end();
    expect([await targets(), await status()]).toEqual([["1 sent", "2 waiting"], "running"]);
    expect(await send(later(AFTERNOON, DAY + 1))).toHaveLength(1);
  });

  test("an unknown last step does not keep the campaign from being completed", async () => {
    await send(AFTERNOON);
    const one = await claimOne(later(AFTERNOON, DAY));
    await settle(
      bench.a.sql,
      [{ attempt_id: one.attempt_id, outcome: "unknown", content: "Hola", segments: 1 }],
      later(AFTERNOON, DAY),
    );
    await finish(later(AFTERNOON, DAY + 60));
    expect([await targets(), await status()]).toEqual([["1 sent", "2 unknown"], "completed"]);
  });

  test("a message given up that was sent after all sets a completed campaign running again", async () => {
    const one = await claimOne(AFTERNOON);
    await settle(
      bench.a.sql,
      [{ attempt_id: one.attempt_id, outcome: "unknown", content: "Hola", segments: 1 }],
      AFTERNOON,
    );
    await bench.sql`update public.messages set status = 'failed', settled_at = ${AFTERNOON} where id = ${one.message_id}`;
    await bench.sql`update public.send_attempts set outcome = 'not_accepted', next_look_at = null where id = ${one.attempt_id}`;
    await bench.sql`update public.campaign_targets set state = 'failed', reason = 'error' where campaign_id = ${drip}`;
    await finish(later(AFTERNOON, 60));
    expect(await status()).toBe("completed");
    const given = {
      messageId: one.message_id,
      attemptId: one.attempt_id,
      sid: newSid(),
      status: "delivered",
    };
    expect(await receipt(bench.b.sql, org.id, given, later(AFTERNOON, 120))).toBe("late_success");
    expect([await targets(), await status()]).toEqual([["1 sent", "2 waiting"], "running"]);
    expect(await send(later(AFTERNOON, DAY + 120))).toHaveLength(1);
  });

  test("nobody waits for a completed campaign that another transaction holds: then there is no next step", async () => {
    const one = await claimOne(AFTERNOON);
    await bench.sql`update public.campaigns set status = 'completed', finished_at = now() where id = ${drip}`;
    await bench.holder.begin();
    await bench.holder.sql`select 1 from public.campaigns where id = ${drip} for no key update`;
    await settle(bench.a.sql, [accepted(one.attempt_id)], AFTERNOON);
    await bench.holder.rollback();
    expect([await targets(), await status()]).toEqual([["1 sent"], "completed"]);
  });
});

describe("step 1 fails after step 2 was born", () => {
  test("for good: step 2 is not sent", async () => {
    const [one] = await send(AFTERNOON);
    if (!one) throw new Error("nothing was sent");
    await failed(one, 99999, later(AFTERNOON, HOUR));
    expect(await targets()).toEqual(["1 failed error", "2 waiting"]);
    expect(await send(later(AFTERNOON, DAY))).toEqual([]);
    expect((await targets())[1]).toBe("2 canceled earlier_step_failed");
  });

  test("and is sent again: the wait begins again with that", async () => {
    const [one] = await send(AFTERNOON);
    if (!one) throw new Error("nothing was sent");
    // Twilio's queue overflowed: never handed to a carrier.
    await failed(one, 30001, later(AFTERNOON, HOUR));
    expect(await targets()).toEqual(["1 waiting", "2 waiting"]);
    const again = later(AFTERNOON, 20 * HOUR);
    await bench.sql`update public.campaign_targets set not_before = ${again} where campaign_id = ${drip} and step = 1`;
    await bench.sql`update private.number_pace set resting_until = '-infinity'`;
    expect(await send(again)).toHaveLength(1);
    expect(await targets()).toEqual(["1 sent", "2 waiting"]);
    expect(await send(later(AFTERNOON, DAY))).toEqual([]);
    expect(await send(later(again, DAY))).toHaveLength(1);
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("while it waits to be sent again, step 2 waits too, even if it was queued already", async () => {
    const [one] = await send(AFTERNOON);
    if (!one) throw new Error("nothing was sent");
    const next = later(AFTERNOON, DAY);
    await plan(bench.a.sql, next);
    await failed(one, 30001, next);
    await bench.sql`update public.campaign_targets set not_before = 'infinity' where campaign_id = ${drip} and step = 1`;
    await makeDue(bench.sql);
    expect(await claimed(bench.a.sql, later(next, 1))).toEqual([]);
    expect(await targets()).toEqual(["1 waiting", "2 waiting"]);
  });

  test("an undelivered text that is not sent again has its next step", async () => {
    const [one] = await send(AFTERNOON);
    if (!one) throw new Error("nothing was sent");
    const given = {
      messageId: one.message_id,
      attemptId: one.attempt_id,
      sid: one.sid,
      status: "undelivered",
      code: 30003,
    };
    await receipt(bench.b.sql, org.id, given, later(AFTERNOON, 9));
    expect(await send(later(AFTERNOON, DAY))).toHaveLength(1);
  });
});

describe("people", () => {
  test("two leads that are merged between steps get the rest once", async () => {
    const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await bench.sql`update public.campaigns set status = 'paused' where id = ${drip}`;
    const both = await arrangeDrip(bench.db, org, [{}, {}]);
    await send(AFTERNOON);
    expect(await readTargets(bench, both)).toHaveLength(4);
    const user = await signedIn(bench.db, org.adminId);
    await user.sql`select private.merge_leads(${lead.id}, ${[other.id]}, '{}', false, ${later(AFTERNOON, HOUR)})`;
    await user.end();
    const got = [];
    for (const day of [1, 2, 3])
      got.push(...(await send(later(AFTERNOON, day * DAY))).map(({ to_number }) => to_number));
    expect(got).toEqual([lead.e164, lead.e164]);
    expect(await checkFigures(bench, org.id)).toEqual([]);
  });

  test("two leads that are merged while one is being sent get the rest once", async () => {
    const [other] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
    await bench.sql`update public.campaigns set status = 'paused' where id = ${drip}`;
    const both = await arrangeDrip(bench.db, org, [{}]);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const sends = await claim(bench.a.sql, { now: AFTERNOON });
    const [first, second] = sends.sort(
      (a, b) => (a.to_number === other.e164 ? 1 : 0) - (b.to_number === other.e164 ? 1 : 0),
    );
    await settle(bench.a.sql, [accepted(first?.attempt_id ?? "")], AFTERNOON);
    const user = await signedIn(bench.db, org.adminId);
    await user.sql`select private.merge_leads(${lead.id}, ${[other.id]}, '{}', false, ${AFTERNOON})`;
    await user.end();
    await settle(bench.a.sql, [accepted(second?.attempt_id ?? "")], later(AFTERNOON, 1));
    expect((await readTargets(bench, both)).filter((line) => line.includes(" 2 "))).toEqual([
      `${lead.e164} 2 waiting`,
    ]);
  });

  test("a person who is erased while a message is on its way gets no further step", async () => {
    const one = await claimOne(AFTERNOON);
    await bench.sql`select private.suppress(${org.id}, ${lead.e164}, 'manual', 'erased', p_now => ${AFTERNOON}::timestamptz)`;
    await bench.sql`update public.leads set deleted_at = now() where id = ${lead.id}`;
    await settle(bench.a.sql, [accepted(one.attempt_id)], later(AFTERNOON, 1));
    expect(await send(later(AFTERNOON, DAY + 1))).toEqual([]);
    expect((await targets())[1]).toBe("2 canceled suppressed");
  });

  test("a number that is released hands its people over", async () => {
    await send(AFTERNOON);
    await bench.sql`update public.phone_numbers set status = 'released' where org_id = ${org.id}`;
    const other = await arrangeNumber(bench.sql, org.id, { mps: 1000 });
    const sends = await send(later(AFTERNOON, DAY));
    expect(sends.map(({ from_number }) => from_number)).toEqual([other.e164]);
  });

  test("a lead that moves has its next step in the hours of its new state", async () => {
    await send(AFTERNOON);
    await bench.sql`update public.leads set state = 'HI' where id = ${lead.id}`;
    const [target] =
      await bench.sql`select window_key from public.campaign_targets where campaign_id = ${drip} and step = 2`;
    expect(target?.window_key).toContain("HI");
    // 9:00 in Texas, 4:00 in Honolulu.
    expect(await send(new Date("2026-06-12T14:05:00Z"))).toEqual([]);
  });
});

test("what other campaigns ask of an audience counts a person once, and since the first text", async () => {
  await addPhone(bench.db, org.id, lead.id, "+15125560001");
  await send(AFTERNOON);
  await send(later(AFTERNOON, DAY));
  const asked = async () => {
    const [row] = await bench.sql`
      insert into public.campaigns (org_id, name, cooldown_days, target_criteria)
      values (${org.id}, 'After', 0, ${bench.sql.json({ unanswered_campaign_id: drip })}) returning id`;
    return (
      await bench.sql`
      select a.e164 from public.campaigns c, private.audience_chunk(c, null, null, ${later(AFTERNOON, 2 * DAY)}) a
      where c.id = ${row?.id} and a.reason is null`
    ).map(({ e164 }) => e164);
  };
  expect(await asked()).toEqual([lead.e164]);
  // They answered the first text; that the second was sent after it changes nothing.
  await bench.sql`update private.contacts set last_inbound_at = ${later(AFTERNOON, HOUR)} where e164 = ${lead.e164}`;
  expect(await asked()).toEqual([]);
});
