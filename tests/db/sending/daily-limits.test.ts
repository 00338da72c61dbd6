// Texts to one person in any 24 hours: counted over all campaigns of an organisation; every message that may have reached the
// person counts.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { accepted, claim, makeDue, newSid, plan, rejected, settle } from "../../fixtures/drive-sending.ts";
import { EASTERN, local } from "../../fixtures/read-window.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const NOW = local("2026-06-10T15:00", EASTERN);
const MIAMI = "+13055550142";
let org: ArrangedOrg;
/** Florida: 3 in 24 hours. */
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, {
    fields: { cooldown_days: 0, quiet_starts: "03:00", quiet_ends: "03:01" },
  });
  const [lead] = await arrangeLeads(bench.db, org.id, 1);
  await bench.sql`update public.lead_phones set e164 = ${MIAMI} where lead_id = ${lead?.id ?? ""}`;
});

/** Runs another campaign to the same person; targets that others have put off are due again. @returns its claim */
async function sendAnother(now: Date) {
  await arrangeCampaign(bench.db, org, {}, { now });
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  await plan(bench.a.sql, now);
  await makeDue(bench.sql);
  return await claim(bench.a.sql, { now });
}
const message = (hours: number, fields: Record<string, unknown> = {}) => {
  const row = {
    org_id: org.id,
    kind: "campaign",
    step: 1,
    from_number: "+12065550100",
    to_number: MIAMI,
    status: "delivered",
    created_at: later(NOW, -hours * 3600),
    ...fields,
  };
  return bench.sql`insert into public.messages ${bench.sql(row)}`;
};

test("three campaigns write, the fourth waits until a day after the first, at plan and at claim", async () => {
  for (const hour of [0, 1, 2]) {
    const claims = await sendAnother(later(NOW, hour * 3600));
    expect(claims).toHaveLength(1);
    await settle(bench.a.sql, [accepted(claims[0]?.attempt_id ?? "")], later(NOW, hour * 3600 + 1));
  }
  expect(await sendAnother(later(NOW, 4 * 3600))).toEqual([]);
  const [waiting] = await bench.sql`
    select state::text, not_before from public.campaign_targets where org_id = ${org.id} and state = 'waiting'`;
  expect(waiting?.not_before).toEqual(later(NOW, 5 * 3600));
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, later(NOW, 86_400 - 1))).toBe(0);
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, later(NOW, 86_400))).toBe(1);
});

test("Oregon's rule limits a person to three, since 2026", async () => {
  const portland = "+15035550142";
  await bench.sql`update public.lead_phones set e164 = ${portland} where org_id = ${org.id}`;
  const early = local("2026-06-10T09:00", "America/Los_Angeles");
  for (const hour of [0, 1, 2]) {
    const claims = await sendAnother(later(early, hour * 3600));
    expect(claims).toHaveLength(1);
    await settle(bench.a.sql, [accepted(claims[0]?.attempt_id ?? "")], later(early, hour * 3600 + 1));
  }
  expect(await sendAnother(later(early, 4 * 3600))).toEqual([]);
  const limits = await bench.sql`
    select d::date::text as day, (private.person_window(${org.id}, ${portland}, d at time zone 'America/Los_Angeles')).max_per_24h as limit
    from unnest('{2025-12-31 12:00,2026-01-01 12:00}'::timestamp[]) d`;
  expect(limits.map((row) => [row.day, row.limit])).toEqual([
    ["2025-12-31", null],
    ["2026-01-01", 3],
  ]);
});

test("queued messages count when another campaign plans, so that no four are under way at once", async () => {
  for (let i = 0; i < 4; i++) await arrangeCampaign(bench.db, org, {}, { now: NOW });
  expect(await plan(bench.a.sql, NOW)).toBe(3);
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: NOW })).toHaveLength(3);
});

describe("of what an organisation sent within 24 hours", () => {
  test.each([
    ["delivered counts", {}, true],
    ["sent, unconfirmed, counts", { status: "sent" }, true],
    ["undelivered counts: it was tried", { status: "undelivered" }, true],
    ["unknown counts: it may have been sent", { status: "unknown" }, true],
    ["failed does not", { status: "failed" }, false],
    ["canceled does not", { status: "canceled" }, false],
    ["another person's does not", { to_number: "+13055550143" }, false],
    ["what the person wrote does not", { kind: "inbound", status: "received", step: null }, false],
  ])("%s", async (_name, fields, counts) => {
    for (const hours of [3, 4]) await message(hours);
    await message(5, fields);
    expect(await sendAnother(NOW)).toHaveLength(counts ? 0 : 1);
  });
  test("another organisation's messages count for that organisation only", async () => {
    const other = await arrangeOrg(bench.db);
    for (const hours of [3, 4, 5]) await message(hours, { org_id: other.id });
    expect(await sendAnother(NOW)).toHaveLength(1);
  });
  test.each([
    [23.99, 0],
    [24.01, 1],
  ])("the oldest %d hours ago: %d more", async (hours, more) => {
    for (const each of [3, 4, hours]) await message(each);
    expect(await sendAnother(NOW)).toHaveLength(more);
  });
});

test("an attempt that Twilio refused leaves its place to the next", async () => {
  for (const hours of [3, 4]) await message(hours);
  const [first] = await sendAnother(NOW);
  await settle(bench.a.sql, [rejected(first?.attempt_id ?? "", 21612)], later(NOW, 1));
  const [status] =
    await bench.sql`select status::text from public.messages where id = ${first?.message_id ?? newSid()}`;
  expect(status?.status).toBe("failed");
  expect(await sendAnother(later(NOW, 2))).toHaveLength(1);
});

const allowOne = () => bench.sql`
  insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, max_per_24h, source, effective_from, reviewed_at)
  values (${org.id}, 'FL', 3, '08:00', '20:00', 1, 'counsel', '2024-01-01', '2026-01-01')`;
test("a limit that an admin edits acts at the next claim", async () => {
  await message(3);
  await arrangeCampaign(bench.db, org, {}, { now: NOW });
  expect(await plan(bench.a.sql, NOW)).toBe(1);
  await allowOne();
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: NOW })).toEqual([]);
  const [target] = await bench.sql`select not_before from public.campaign_targets where org_id = ${org.id}`;
  expect(target?.not_before).toEqual(later(NOW, 3600));
});
test("a limit that an admin edits also limits the messages within one claim", async () => {
  for (let i = 0; i < 2; i++) await arrangeCampaign(bench.db, org, {}, { now: NOW });
  expect(await plan(bench.a.sql, NOW)).toBe(2);
  await allowOne();
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: NOW })).toHaveLength(1);
});

describe("private.texts_in_day", () => {
  const texts = async (now = NOW) =>
    (await bench.sql`select private.texts_in_day(${org.id}, ${MIAMI}, ${now}) as at`)[0]?.at as Date[];
  test("says when they were posted, oldest first", async () => {
    for (const hours of [3, 25, 1, 23]) await message(hours);
    await message(2, { kind: "reply", step: null });
    await message(2, { status: "queued" });
    expect(await texts()).toEqual([23, 3, 1].map((hours) => later(NOW, -hours * 3600)));
  });
  test("a message that waited in the queue counts from its claim", async () => {
    const [claimed] = await sendAnother(later(NOW, -2 * 3600));
    await bench.sql`update public.messages set created_at = ${later(NOW, -30 * 3600)} where id = ${claimed?.message_id ?? ""}`;
    expect(await texts()).toEqual([later(NOW, -2 * 3600)]);
  });
});
