// Daily caps of numbers (segments, day in the number's zone), campaigns and organisations (messages, day in the organisation's).
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeNumber,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { accepted, claim, makeDue, plan, rejected, settle } from "../../fixtures/drive-sending.ts";
import { CENTRAL, local, PACIFIC } from "../../fixtures/read-window.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
beforeEach(() => bench.clear());

/** Messages planned and not withdrawn, and the segments charged for them. */
async function live(org: ArrangedOrg): Promise<{ messages: number; segments: number }> {
  const [row] = await bench.sql`
    select count(*)::int as messages, coalesce(sum(charged_segments), 0)::int as segments
    from public.messages where org_id = ${org.id} and kind = 'campaign' and status not in ('canceled')`;
  return row as { messages: number; segments: number };
}
const used = async (scopeId: string, day?: string) =>
  (
    await bench.sql`
      select coalesce(sum(messages), 0)::int as messages, coalesce(sum(segments), 0)::int as segments from private.daily_usage
      where scope_id = ${scopeId} and (${day ?? null}::date is null or day = ${day ?? null})`
  )[0];

/** Plans and claims until nothing more is claimed, a second apart. @returns the time after */
async function sendAllDay(from: Date, rounds = 6): Promise<Date> {
  for (let i = 0; i < rounds; i++) {
    const now = later(from, i);
    await plan(bench.a.sql, now);
    await makeDue(bench.sql);
    const sends = await claim(bench.a.sql, { now });
    await settle(
      bench.a.sql,
      sends.map((send) => accepted(send.attempt_id)),
      now,
    );
  }
  return later(from, rounds);
}

test("a number's cap is in segments, charged at the worst case, and stops planning exactly at it", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1 });
  await bench.sql`update public.templates set worst_segments = 3 where id = ${org.templateId}`;
  await bench.sql`update public.phone_numbers set daily_cap = 20 where org_id = ${org.id}`;
  await arrangeLeads(bench.db, org.id, 30);
  await arrangeCampaign(bench.db, org);
  await sendAllDay(AFTERNOON);
  expect(await live(org)).toEqual({ messages: 6, segments: 18 });
  expect(await used(org.numbers[0]?.id ?? "")).toEqual({ messages: 6, segments: 18 });
});

test("a number of the person's own area code is skipped if its cap has no room for the text", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1 });
  await bench.sql`update public.templates set worst_segments = 3 where id = ${org.templateId}`;
  const leads = await arrangeLeads(bench.db, org.id, 1);
  const near = await arrangeNumber(bench.sql, org.id, {
    e164: `${leads[0]?.e164.slice(0, 5)}5550198`,
    daily_cap: 2,
  });
  await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
  expect(await used(near.id)).toEqual({ messages: 0, segments: 0 });
});

test("a campaign's and an organisation's cap are in messages, and both hold", async () => {
  const org = await arrangeOrg(bench.db, { fields: { daily_cap: 25, cooldown_days: 0 } });
  await arrangeLeads(bench.db, org.id, 40);
  const capped = await arrangeCampaign(bench.db, org, { daily_cap: 7 });
  const free = await arrangeCampaign(bench.db, org);
  await sendAllDay(AFTERNOON);
  const counts = await bench.sql`
    select campaign_id, count(*)::int from public.messages where org_id = ${org.id} and status <> 'canceled' group by 1`;
  expect(Object.fromEntries(counts.map((row) => [row.campaign_id, row.count]))).toEqual({
    [capped]: 7,
    [free]: 18,
  });
});

test("a cap of 0 sends nothing", async () => {
  const org = await arrangeOrg(bench.db);
  await arrangeLeads(bench.db, org.id, 2);
  await arrangeCampaign(bench.db, org, { daily_cap: 0 });
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
});

test("charges of paused, refused or put-off messages are refunded, and they can be sent the same day", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1, fields: { daily_cap: 10 } });
  await bench.sql`update public.phone_numbers set daily_cap = 10 where org_id = ${org.id}`;
  await arrangeLeads(bench.db, org.id, 20);
  const id = await arrangeCampaign(bench.db, org, { daily_cap: 10 });
  const user = await signedIn(bench.db, org.adminId);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(10);
  await user.sql`select private.pause_campaign(${id}, ${AFTERNOON})`;
  for (const scope of [org.id, id, org.numbers[0]?.id ?? ""])
    expect(await used(scope)).toEqual({ messages: 0, segments: 0 });
  await user.sql`select private.resume_campaign(${id}, ${AFTERNOON})`;
  await user.end();
  await bench.sql`delete from pgmq.q_sends`;
  expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(10);
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: later(AFTERNOON, 1) });
  const [refused, long, ...rest] = sends.map((send) => send.attempt_id) as [string, string, ...string[]];
  await settle(
    bench.a.sql,
    [
      rejected(refused, 21211),
      { attempt_id: long, outcome: "oversize", segments: 2 },
      ...rest.map((each) => accepted(each)),
    ],
    later(AFTERNOON, 2),
  );
  expect(await used(id)).toEqual({ messages: 8, segments: 8 });
  // One of the two that are left is charged for the two segments that its text turned out to need.
  expect(await plan(bench.a.sql, later(AFTERNOON, 3))).toBe(1);
  expect(await used(org.numbers[0]?.id ?? "")).toEqual({ messages: 9, segments: 10 });
});

test("messages that Twilio accepted and then failed to send are not refunded, since Twilio may charge for them", async () => {
  const org = await arrangeOrg(bench.db, { numbers: 1 });
  await arrangeLeads(bench.db, org.id, 1);
  const id = await arrangeCampaign(bench.db, org);
  await sendAllDay(AFTERNOON, 1);
  const [message] =
    await bench.sql`select id, attempt_id, provider_sid from public.messages where campaign_id = ${id}`;
  await bench.b
    .sql`select private.apply_receipt(${org.id}, ${message?.id}, ${message?.attempt_id}, ${message?.provider_sid}, 'failed', 30001, null, ${AFTERNOON})`;
  expect(await used(id)).toEqual({ messages: 1, segments: 1 });
});

test("the day changes at midnight in the number's zone, and charges of the old day are made again", async () => {
  const org = await arrangeOrg(bench.db, {
    numbers: 1,
    fields: { time_zone: PACIFIC, quiet_starts: "03:00", quiet_ends: "03:01" },
  });
  const number = org.numbers[0]?.id ?? "";
  await bench.sql`update public.phone_numbers set daily_cap = 5, time_zone = ${CENTRAL} where id = ${number}`;
  await arrangeLeads(bench.db, org.id, 20);
  const id = await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  const midnight = local("2026-06-11T00:00", CENTRAL);
  const send = async (now: Date) => {
    await plan(bench.a.sql, now);
    await makeDue(bench.sql);
    return (await claim(bench.a.sql, { now, loopback: true })).length;
  };
  expect(await send(later(midnight, -60))).toBe(5);
  expect(await send(later(midnight, -30))).toBe(0);
  expect(await send(midnight)).toBe(5);
  // Planned before midnight and claimed after: not sent on yesterday's charge.
  await bench.sql`update public.phone_numbers set daily_cap = 8 where id = ${number}`;
  expect(await plan(bench.a.sql, later(midnight, 86_390))).toBe(3);
  await makeDue(bench.sql);
  const tomorrow = later(midnight, 86_401);
  expect(await claim(bench.a.sql, { now: tomorrow, loopback: true })).toEqual([]);
  expect(await used(number, "2026-06-11")).toEqual({ messages: 5, segments: 5 });
  expect(await used(number, "2026-06-12")).toEqual({ messages: 0, segments: 0 });
  // The campaign's day is the organisation's, two hours behind: the same one, before and after.
  expect(await used(id, "2026-06-10")).toEqual({ messages: 10, segments: 10 });
  expect(await send(tomorrow)).toBe(8);
});

test("the campaign's and the organisation's day change in the organisation's zone, for any zone of the number", async () => {
  const org = await arrangeOrg(bench.db, {
    numbers: 1,
    fields: { time_zone: CENTRAL, quiet_starts: "03:00", quiet_ends: "03:01" },
  });
  // Ahead of the organisation: its day is tomorrow already.
  await bench.sql`update public.phone_numbers set time_zone = 'America/New_York' where org_id = ${org.id}`;
  await arrangeLeads(bench.db, org.id, 20);
  const id = await arrangeCampaign(bench.db, org, { quiet_hours_override: true, daily_cap: 6 });
  const midnight = local("2026-06-11T00:00", CENTRAL);
  expect(await plan(bench.a.sql, later(midnight, -1))).toBe(6);
  expect(await used(id, "2026-06-10")).toMatchObject({ messages: 6 });
  await makeDue(bench.sql);
  const now = later(midnight, 1);
  expect(await claim(bench.a.sql, { now, loopback: true })).toEqual([]);
  // Refunded to the day they were charged to, so that the new day's cap is neither reduced nor raised.
  expect(await used(id, "2026-06-10")).toMatchObject({ messages: 0 });
  expect(await plan(bench.a.sql, now)).toBe(6);
  expect(await used(id, "2026-06-11")).toMatchObject({ messages: 6 });
  expect(await plan(bench.a.sql, later(now, 1))).toBe(0);
});

test("after ten plans and withdrawals at once the caps equal what is really planned", async () => {
  const org = await arrangeOrg(bench.db, { fields: { daily_cap: 30 } });
  await arrangeLeads(bench.db, org.id, 60);
  const id = await arrangeCampaign(bench.db, org, { daily_cap: 30, mps: 4 });
  const user = await signedIn(bench.db, org.adminId);
  for (let i = 0; i < 10; i++) {
    const now = later(AFTERNOON, i * 5);
    await Promise.all([
      plan(bench.a.sql, now),
      i % 3 === 2 ? user.sql`select private.pause_campaign(${id}, ${now})` : undefined,
    ]);
    await makeDue(bench.sql);
    await Promise.all([claim(bench.a.sql, { now, limit: 5 }), claim(bench.b.sql, { now, limit: 5 })]);
    if (i % 3 === 2) await user.sql`select private.resume_campaign(${id}, ${now})`;
  }
  await user.end();
  const real = await live(org);
  expect(real.messages).toBeLessThanOrEqual(30);
  expect(await used(id)).toEqual(real);
  expect(await used(org.id)).toEqual(real);
});
