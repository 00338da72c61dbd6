// Spending: what accepted messages cost, how many more a day's limit lets be planned, and that the limit stops campaigns.
import { beforeEach, expect, test } from "vitest";
import { addTemplate } from "../../fixtures/add-templates.ts";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { accepted, claim, makeDue, newSid, plan, receipt, settle } from "../../fixtures/drive-sending.ts";
import { runGuard } from "../../fixtures/run-guard.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
});

const NO_LIMIT = 2_147_483_647;
/** At default prices: 0.0083, and 0.0045 of the most expensive carrier. */
const SEGMENT = 0.0128;

const limit = (fields: Record<string, unknown>) =>
  bench.sql`update public.sending_limits set ${bench.sql(fields)} where org_id = ${org.id}`;
const room = async (now = AFTERNOON) =>
  (await bench.sql`select private.spending_room(${org.id}, ${now}) as room`)[0]?.room as number;
const spent = async (now = AFTERNOON) =>
  Number((await bench.sql`select private.spent_today(${org.id}, ${now}) as spent`)[0]?.spent);
const days = async () =>
  (
    await bench.sql`select day::text, messages, segments, cost from public.daily_spending where org_id = ${org.id} order by day`
  ).map((row) => ({ ...row, cost: Number(row.cost) }));
const fold = () => bench.holder.sql`select private.fold_accepted()`;
const guard = (now = AFTERNOON) => runGuard(bench.holder.sql, now);
const statusOf = async (id: string) =>
  (await bench.sql`select status::text, needs_attention from public.campaigns where id = ${id}`)[0];
const kindsOf = async () =>
  (await bench.sql`select kind from public.alerts where org_id = ${org.id} and resolved_at is null`).map(
    (a) => a.kind,
  );
/** Plans and claims; Twilio accepts each with this many segments. */
async function sendSome(segments: number, now = AFTERNOON): Promise<number> {
  await plan(bench.a.sql, now);
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now });
  await settle(
    bench.a.sql,
    claims.map((send) => ({ ...accepted(send.attempt_id), segments })),
    now,
  );
  return claims.length;
}

test("each accepted message costs its segments at the prices of that moment, and the day its sum", async () => {
  await arrangeLeads(bench.db, org.id, 5);
  await arrangeCampaign(bench.db, org);
  expect(await sendSome(2)).toBe(5);
  const costs =
    await bench.sql`select cost from public.messages where org_id = ${org.id} and status = 'sent'`;
  expect(costs.map((row) => Number(row.cost))).toEqual(Array(5).fill(2 * SEGMENT));
  // Known before it is folded, and the same after.
  expect(await spent()).toBeCloseTo(10 * SEGMENT, 5);
  await fold();
  expect(await spent()).toBeCloseTo(10 * SEGMENT, 5);
  await limit({ segment_price: 0.01, carrier_fee: 0.002 });
  await arrangeCampaign(bench.db, org);
  expect(await sendSome(1)).toBe(5);
  await fold();
  expect(await days()).toEqual([
    { day: "2026-06-10", messages: 10, segments: 15, cost: expect.closeTo(10 * SEGMENT + 5 * 0.012, 5) },
  ]);
  // The sum of the day is the sum of its messages.
  const [sum] = await bench.sql`select sum(cost) as cost from public.messages where org_id = ${org.id}`;
  expect((await days())[0]?.cost).toBeCloseTo(Number(sum?.cost), 5);
});

test("a message counts once, whichever of its answer and its receipts comes first", async () => {
  await arrangeLeads(bench.db, org.id, 2);
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now: AFTERNOON });
  const given = claims.map((send) => ({
    messageId: send.message_id,
    attemptId: send.attempt_id,
    sid: newSid(),
  }));
  const [early, late] = given as [(typeof given)[0], (typeof given)[0]];
  // The receipt is first: the length of the text is known only with the answer.
  await receipt(bench.b.sql, org.id, { ...early, status: "sent" }, AFTERNOON);
  expect(await spent()).toBe(0);
  await settle(
    bench.a.sql,
    given.map(({ attemptId, sid }) => accepted(attemptId, sid)),
    AFTERNOON,
  );
  for (const one of [early, late]) {
    await receipt(bench.b.sql, org.id, { ...one, status: "delivered" }, later(AFTERNOON, 5));
  }
  expect(await spent()).toBeCloseTo(2 * SEGMENT, 5);
  await fold();
  expect((await days())[0]).toMatchObject({ messages: 2, segments: 2 });
});

test("what Twilio refused costs nothing, and a day is the organisation's own", async () => {
  await arrangeLeads(bench.db, org.id, 2);
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const [first, second] = await claim(bench.a.sql, { now: AFTERNOON });
  const refused = {
    attempt_id: first?.attempt_id ?? "",
    outcome: "rejected" as const,
    http_status: 400,
    error_code: 21211,
  };
  // 23:30 Central is the same day there, and the next one in UTC.
  const night = new Date("2026-06-11T04:30:00Z");
  await settle(
    bench.a.sql,
    [{ ...refused, content: "Hola", segments: 1 }, accepted(second?.attempt_id ?? "")],
    night,
  );
  await fold();
  expect(await days()).toEqual([{ day: "2026-06-10", messages: 1, segments: 1, cost: SEGMENT }]);
  expect(await spent(night)).toBe(SEGMENT);
  expect(await spent(new Date("2026-06-11T05:30:00Z"))).toBe(0);
});

test("room: as many messages as the rest of the day's limit pays for, in whole ones", async () => {
  await arrangeLeads(bench.db, org.id, 10);
  const campaign = await arrangeCampaign(bench.db, org, { daily_cap: 4 });
  expect(await room()).toBe(NO_LIMIT);
  await limit({ daily_spending_limit: 0 });
  expect(await room()).toBe(0);
  await limit({ daily_spending_limit: 1 });
  expect(await room()).toBe(Math.floor(1 / SEGMENT));
  // Queued messages and those being sent count as spent already.
  await plan(bench.a.sql, AFTERNOON);
  expect(await room()).toBe(Math.floor((1 - 4 * SEGMENT) / SEGMENT));
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now: AFTERNOON });
  expect(await room()).toBe(Math.floor((1 - 4 * SEGMENT) / SEGMENT));
  // One turns out longer, one is refused, and one gets no answer, so Twilio may have it.
  const [a, b, c, d] = claims.map((send) => send.attempt_id) as [string, string, string, string];
  await settle(
    bench.a.sql,
    [
      { ...accepted(a), segments: 3 },
      accepted(b),
      {
        attempt_id: c,
        outcome: "rejected",
        http_status: 400,
        error_code: 21211,
        content: "Hola",
        segments: 1,
      },
      { attempt_id: d, outcome: "unknown", content: "Hola", segments: 1 },
    ],
    AFTERNOON,
  );
  expect(await spent()).toBeCloseTo(4 * SEGMENT, 5);
  expect(await room()).toBe(Math.floor((1 - 5 * SEGMENT) / SEGMENT));
  // Each is estimated at the longest text that may be next.
  const long = await addTemplate(bench.sql, org.id, {
    category: "initial",
    language: "es",
    content: "{brand}: terrenos. Responda ALTO.",
    worstSegments: 3,
  });
  await bench.sql`insert into public.campaign_templates values (${org.id}, ${campaign}, ${long})`;
  expect(await room()).toBe(Math.floor((1 - 5 * SEGMENT) / (3 * SEGMENT)));
  // Tomorrow is another day; what is still unknown is not.
  expect(await room(later(AFTERNOON, 86_400 + 60))).toBe(Math.floor(1 / (3 * SEGMENT)));
});

test("the limit stops every campaign of the organisation, once messages on their way are sent", async () => {
  await arrangeLeads(bench.db, org.id, 6);
  const one = await arrangeCampaign(bench.db, org, { name: "One", daily_cap: 2 });
  const two = await arrangeCampaign(bench.db, org, { name: "Two", daily_cap: 2 });
  await limit({ daily_spending_limit: 0.05 });
  // 0.05 are three messages: planning goes no further, though both campaigns have room for four.
  await plan(bench.a.sql, AFTERNOON);
  expect(await room()).toBe(0);
  expect(await guard()).toEqual([]);
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now: AFTERNOON });
  expect(claims).toHaveLength(3);
  await settle(
    bench.a.sql,
    claims.map((send) => accepted(send.attempt_id)),
    AFTERNOON,
  );
  expect((await guard()).sort()).toEqual([one, two].sort());
  for (const id of [one, two]) {
    expect(await statusOf(id)).toEqual({
      status: "paused",
      needs_attention:
        "Today's spending limit is 0.05 US dollars, and 0.04 are spent. Raise daily_spending_limit in your settings, or continue tomorrow.",
    });
  }
  expect(await kindsOf()).toEqual(["spending_limit_reached"]);
});

test("once it is reached, nothing starts or resumes until tomorrow or a higher limit, and the alert resolves with its cause", async () => {
  await arrangeLeads(bench.db, org.id, 6);
  const campaign = await arrangeCampaign(bench.db, org, { daily_cap: 4 });
  await limit({ daily_spending_limit: 0.05 });
  await sendSome(1);
  await guard();
  const ready = await arrangeCampaign(bench.db, org, { status: "ready" });
  const user = await signedIn(bench.db, org.adminId);
  const resume = async (now: Date) => await user.sql`select private.resume_campaign(${campaign}, ${now})`;
  await expect(resume(later(AFTERNOON, 60))).rejects.toMatchObject({
    code: "PT409",
    hint: "spending_limit_reached",
  });
  await expect(
    user.sql`select private.start_campaign(${ready}, p_now => ${later(AFTERNOON, 60)})`,
  ).rejects.toMatchObject({
    hint: "spending_limit_reached",
  });
  await guard(later(AFTERNOON, 60));
  expect(await kindsOf()).toEqual(["spending_limit_reached"]);
  await limit({ daily_spending_limit: 10 });
  await resume(later(AFTERNOON, 90));
  expect(await guard(later(AFTERNOON, 90))).toEqual([]);
  expect([(await statusOf(campaign))?.status, await kindsOf()]).toEqual(["running", []]);
  await limit({ daily_spending_limit: 0.05 });
  expect(await guard(later(AFTERNOON, 120))).toEqual([campaign]);
  // Or the next day.
  await resume(later(AFTERNOON, 86_400));
  expect(await guard(later(AFTERNOON, 86_400))).toEqual([]);
  expect((await statusOf(campaign))?.status).toBe("running");
  await user.end();
});

test("replies cost too, are never stopped by the limit, and another organisation's spending is its own", async () => {
  const other = await arrangeOrg(bench.db);
  const number = org.numbers[0] as { id: string; e164: string };
  await bench.sql`insert into private.contacts (org_id, e164, last_inbound_at) values (${org.id}, '+12145550123', ${AFTERNOON})`;
  await limit({ daily_spending_limit: 0 });
  const [reply] = await bench.sql`
    insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, content, status, queued_at)
    values (${org.id}, 'reply', ${number.id}, ${number.e164}, '+12145550123', 'Hola', 'queued', ${AFTERNOON}) returning id`;
  await bench.sql`select private.put_back('replies', ${[reply?.id]}, 0)`;
  const claims = await claim(bench.a.sql, { now: AFTERNOON });
  expect(claims).toHaveLength(1);
  await settle(bench.a.sql, [accepted(claims[0]?.attempt_id ?? "")], AFTERNOON);
  expect(await spent()).toBe(SEGMENT);
  const [theirs] = await bench.sql`select private.spent_today(${other.id}, ${AFTERNOON}) as spent`;
  expect(Number(theirs?.spent)).toBe(0);
});
