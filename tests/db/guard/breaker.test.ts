// The circuit breaker: which figures stop a campaign or a number, that lower ones don't, and that counting restarts at a resume.
import { beforeEach, describe, expect, test } from "vitest";
import {
  addOutcomes,
  arrangeEmptyCampaign,
  type Outcomes,
} from "../../fixtures/arrange-campaign-outcomes.ts";
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
import { claim, makeDue, newSid, plan, settle } from "../../fixtures/drive-sending.ts";
import { runGuard } from "../../fixtures/run-guard.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let campaign: string;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  campaign = await arrangeEmptyCampaign(bench.db, org, AFTERNOON);
});

const add = (outcomes: Outcomes, now = AFTERNOON, number = 0) =>
  addOutcomes(bench.db, org, campaign, outcomes, now, org.numbers[number]?.id);
const guard = (now = AFTERNOON) => runGuard(bench.holder.sql, now);
const read = async () =>
  (
    await bench.sql`
      select c.status::text, c.needs_attention, c.status_reason,
        array(select a.details ->> 'rule' from public.alerts a where a.campaign_id = c.id and a.resolved_at is null and a.severity = 'critical') as alerts
      from public.campaigns c where c.id = ${campaign}`
  )[0];
const numberStatus = async (i: number) =>
  (await bench.sql`select status from public.phone_numbers where id = ${org.numbers[i]?.id as string}`)[0]
    ?.status;
const limit = (fields: Record<string, unknown>) =>
  bench.sql`update public.sending_limits set ${bench.sql(fields)} where org_id = ${org.id}`;
async function resume(now: Date): Promise<void> {
  const user = await signedIn(bench.db, org.adminId);
  try {
    await user.sql`select private.resume_campaign(${campaign}, ${now})`;
  } finally {
    await user.end();
  }
}

describe("at the default limits", () => {
  // Opt-outs: more than 3 % of at least 100. Unknown: more than 2 % of at least 100, of sent and unknown ones.
  // Failed: more than 15 % of at least 100 sent and failed; undelivered ones are sent ones.
  test.each<[trips: string | null, what: string, Outcomes]>([
    [null, "nothing", {}],
    [null, "3 opt-outs of 100", { sent: 100, optOuts: 3 }],
    ["opt_outs", "4 opt-outs of 100", { sent: 100, optOuts: 4 }],
    [null, "4 opt-outs of 99", { sent: 99, optOuts: 4 }],
    [null, "6 opt-outs of 200", { sent: 200, optOuts: 6 }],
    ["opt_outs", "7 opt-outs of 200", { sent: 200, optOuts: 7 }],
    [null, "2 unknown of 100", { sent: 98, unknown: 2 }],
    ["unknown", "3 unknown of 100", { sent: 97, unknown: 3 }],
    [null, "3 unknown of 99", { sent: 96, unknown: 3 }],
    [null, "15 failed of 100", { sent: 85, failed: 15 }],
    ["failed", "16 failed of 100", { sent: 84, failed: 16 }],
    [null, "16 failed of 99", { sent: 83, failed: 16 }],
    ["failed", "16 undelivered of 100", { sent: 84, undelivered: 16 }],
    [null, "8 failed and 7 undelivered of 100", { sent: 85, failed: 8, undelivered: 7 }],
    ["failed", "8 failed and 8 undelivered of 100", { sent: 84, failed: 8, undelivered: 8 }],
  ])("%s: %s", async (trips, _what, outcomes) => {
    await add(outcomes);
    expect(await guard()).toEqual(trips === null ? [] : [campaign]);
    expect((await read())?.alerts).toEqual(trips === null ? [] : [trips]);
    expect((await read())?.status).toBe(trips === null ? "running" : "paused");
  });

  // Filtered: more than 3 % of at least 50. By campaign if it has several numbers, by number if it has one.
  test.each<[trips: "number" | "campaign" | null, what: string, first: Outcomes, second: Outcomes]>([
    [null, "1 of 49 on one number", { sent: 48, filtered: 1 }, {}],
    [null, "2 of 49 on one number", { sent: 47, filtered: 2 }, {}],
    ["number", "2 of 50 on one number", { sent: 48, filtered: 2 }, {}],
    [null, "1 of 50 on one number", { sent: 49, filtered: 1 }, {}],
    [null, "3 of 100 on one number", { sent: 97, filtered: 3 }, {}],
    ["number", "4 of 100 on one number", { sent: 96, filtered: 4 }, {}],
    ["campaign", "1 of 25 on each of two", { sent: 24, filtered: 1 }, { sent: 24, filtered: 1 }],
    [null, "1 of 24 and 1 of 25", { sent: 23, filtered: 1 }, { sent: 24, filtered: 1 }],
    [null, "1 of 40 on each of two", { sent: 39, filtered: 1 }, { sent: 39, filtered: 1 }],
    // One bad number is no reason to stop the other, before it has sent enough to be judged and after.
    [null, "9 of 30 on one, none of 30 on the other", { sent: 21, filtered: 9 }, { sent: 30 }],
    ["number", "20 of 60 on one, none of 60 on the other", { sent: 40, filtered: 20 }, { sent: 60 }],
  ])("filtered, %s: %s", async (trips, _what, first, second) => {
    await add(first, AFTERNOON, 0);
    await add(second, AFTERNOON, 1);
    const stopped = { number: [org.numbers[0]?.id], campaign: [campaign] };
    expect(await guard()).toEqual(trips === null ? [] : stopped[trips]);
    expect([await numberStatus(0), (await read())?.status]).toEqual([
      trips === "number" ? "quarantined" : "active",
      trips === "campaign" ? "paused" : "running",
    ]);
    expect(await guard(later(AFTERNOON, 15))).toEqual([]);
  });
});

test("the reason names the figure, the limit and what to do; the pause is in the audit trail", async () => {
  await add({ sent: 200, optOuts: 9 });
  await guard();
  const row = await read();
  expect(row?.needs_attention).toBe(
    "9 of 200 messages of the last 24 hours were answered by an opt-out (4.5 %): more than your limit of 3 %. " +
      "Look at the texts and at where the list came from, then resume; counting begins anew.",
  );
  expect(row?.status_reason).toBe(row?.needs_attention);
  const [event] = await bench.sql`
    select event_type, details from public.audit_events where campaign_id = ${campaign} and event_type = 'campaign_paused'`;
  expect(event?.details).toMatchObject({ cause: "breaker_tripped", rule: "opt_outs", count: 9, of: 200 });
});

test("what is queued when it trips waits again, with its caps given back", async () => {
  const [lead] = await arrangeLeads(bench.db, org.id, 1);
  campaign = await arrangeCampaign(bench.db, org, { target_criteria: { lead_ids: [lead?.id] } });
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
  await add({ sent: 100, optOuts: 4 });
  expect(await guard()).toEqual([campaign]);
  const [row] = await bench.sql`
    select t.state::text, t.message_id, (select u.messages from private.daily_usage u where u.scope = 'campaign' and u.scope_id = t.campaign_id)
    from public.campaign_targets t where t.campaign_id = ${campaign} and t.lead_id = ${lead?.id as string}`;
  expect(row).toEqual({ state: "waiting", message_id: null, messages: 0 });
});

test.each<[string, Outcomes, Outcomes]>([
  ["opt-outs", { sent: 100, optOuts: 4 }, { sent: 100, optOuts: 3 }],
  ["unknown", { sent: 97, unknown: 3 }, { sent: 98, unknown: 2 }],
  ["failed", { sent: 84, failed: 16 }, { sent: 85, failed: 15 }],
])(
  "%s: resumed, the old ones count no more, and as many new ones trip it again",
  async (_what, bad, fair) => {
    await add(bad);
    expect(await guard()).toEqual([campaign]);
    await resume(later(AFTERNOON, 60));
    expect(await read()).toMatchObject({ status: "running", needs_attention: null, alerts: [] });
    expect(await guard(later(AFTERNOON, 75))).toEqual([]);
    await add(fair, later(AFTERNOON, 3600));
    expect(await guard(later(AFTERNOON, 3600))).toEqual([]);
    await add(bad, later(AFTERNOON, 7200));
    expect(await guard(later(AFTERNOON, 7200))).toEqual([campaign]);
  },
);

test("late answers to what was sent before a resume do not trip it again", async () => {
  await add({ sent: 300, optOuts: 10 });
  expect(await guard()).toEqual([campaign]);
  await resume(later(AFTERNOON, 60));
  await add({ sent: 100 }, later(AFTERNOON, 3600));
  const early = await bench.sql`
    select e164 from public.campaign_targets t where t.campaign_id = ${campaign} and t.sent_at < ${AFTERNOON} and t.delivery = 'unconfirmed'
      and not exists (select 1 from public.opt_outs o where o.e164 = t.e164) limit 20`;
  for (const { e164 } of early) {
    await bench.sql`select private.suppress(${org.id}, ${e164}, 'keyword', 'ALTO', ${campaign}, false, 'es', ${later(AFTERNOON, 3500)})`;
  }
  expect(early).toHaveLength(20);
  expect(await guard(later(AFTERNOON, 3600))).toEqual([]);
});

test("only the last 24 hours count", async () => {
  // 8 opt-outs of 300 sent yesterday are under the limit; 3 of 97 today are over it, but of too few.
  await add({ sent: 300, optOuts: 8 });
  expect(await guard()).toEqual([]);
  const tomorrow = later(AFTERNOON, 86_400 + 1200);
  await add({ sent: 97, optOuts: 3 }, tomorrow);
  expect(await guard(tomorrow)).toEqual([]);
  // Three more make 100: 3 of them are within, and the fourth is not. All days together would be 11 or 12 of 400.
  await add({ sent: 3 }, later(tomorrow, 60));
  expect(await guard(later(tomorrow, 60))).toEqual([]);
  await add({ sent: 1, optOuts: 1 }, later(tomorrow, 120));
  expect(await guard(later(tomorrow, 120))).toEqual([campaign]);
});

test("an organisation's own limits apply, and a rate of 1 never stops anything", async () => {
  await add({ sent: 10, optOuts: 2, failed: 9 });
  await limit({ opt_out_rate: 1, opt_out_volume: 1, failed_rate: 1, failed_volume: 1 });
  expect(await guard()).toEqual([]);
  await limit({ opt_out_rate: 0.19, opt_out_volume: 11 });
  expect(await guard()).toEqual([]);
  await limit({ opt_out_volume: 10 });
  expect(await guard()).toEqual([campaign]);
});

test("an unclear send that turns out to have gone out no longer counts", async () => {
  await add({ sent: 97, unknown: 3 });
  await bench.sql`
    update public.send_attempts a set outcome = 'accepted', next_look_at = null from public.messages m
    where m.id = a.message_id and m.campaign_id = ${campaign} and m.to_number = (
      select to_number from public.messages where campaign_id = ${campaign} and status = 'unknown' limit 1)`;
  expect(await guard()).toEqual([]);
});

test("a send before its first look does not count; one that a look found not at all or several times does", async () => {
  await arrangeLeads(bench.db, org.id, 4);
  await bench.sql`update public.campaigns set status = 'stopped', finished_at = now() where id = ${campaign}`;
  campaign = await arrangeCampaign(bench.db, org);
  await add({ sent: 97 });
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now: AFTERNOON });
  expect(claims).toHaveLength(4);
  const attempts = claims.map((send) => send.attempt_id);
  await settle(
    bench.a.sql,
    attempts.map((attempt_id) => ({ attempt_id, outcome: "unknown" as const, content: "Hola", segments: 1 })),
    AFTERNOON,
  );
  const now = later(AFTERNOON, 180);
  expect(await guard(now)).toEqual([]);
  const [a, b, c, d] = attempts as [string, string, string, string];
  await bench.a.sql`select private.record_look(${a}, null, null, null, null, ${now})`;
  await bench.a.sql`select private.give_up_look(${b}, 'several candidates', ${now})`;
  await bench.a.sql`select private.record_look(${c}, ${newSid()}, 'sent', null, 'Hola', ${now})`;
  expect(await guard(now)).toEqual([]);
  await bench.a.sql`select private.record_look(${d}, null, null, null, null, ${now})`;
  // Three of 98 sent and 3 unknown: over 2 %.
  expect(await guard(now)).toEqual([campaign]);
});

test("two bad numbers of three are quarantined, and what they sent does not stop the campaign", async () => {
  org.numbers.push(await arrangeNumber(bench.sql, org.id));
  await add({ sent: 40, filtered: 20 }, AFTERNOON, 0);
  await add({ sent: 40, filtered: 20 }, AFTERNOON, 1);
  await add({ sent: 60 }, AFTERNOON, 2);
  expect((await guard()).sort()).toEqual([org.numbers[0]?.id, org.numbers[1]?.id].sort());
  expect([await numberStatus(2), (await read())?.status]).toEqual(["active", "running"]);
});

test("a quarantined number that a person reactivates is judged by what it sends from then on", async () => {
  const now = AFTERNOON;
  const number = org.numbers[0]?.id as string;
  const open = () =>
    bench.sql`select kind, message from public.alerts where phone_number_id = ${number} and resolved_at is null`;
  await add({ sent: 48, filtered: 2 }, now);
  expect(await guard(now)).toEqual([number]);
  expect(await open()).toEqual([
    { kind: "number_quarantined", message: expect.stringContaining("2 of 50 messages") },
  ]);
  const user = await signedIn(bench.db, org.adminId);
  await user.sql`select private.set_number_status(${number}, 'active', null, ${later(now, 20)})`;
  await user.end();
  expect(await guard(later(now, 30))).toEqual([]);
  expect(await open()).toEqual([]);
  await add({ sent: 49, filtered: 1 }, later(now, 3600));
  expect(await guard(later(now, 3600))).toEqual([]);
  await add({ filtered: 1 }, later(now, 3700));
  expect(await guard(later(now, 3700))).toEqual([number]);
});

test("figures that were not folded when it was resumed count as from before", async () => {
  await add({ sent: 104, failed: 20 });
  expect(await guard()).toEqual([campaign]);
  await bench.sql`
    update public.campaign_targets set state = 'failed', delivery = null, reason = 'error'
    where id in (select id from public.campaign_targets where campaign_id = ${campaign} and state = 'sent' limit 20)`;
  await resume(later(AFTERNOON, 60));
  await add({ sent: 85, failed: 15 }, later(AFTERNOON, 3600));
  expect(await guard(later(AFTERNOON, 3600))).toEqual([]);
});

test("the guard locks the campaign first and waits for a claim in flight, whose targets are not locked", async () => {
  const [lead] = await arrangeLeads(bench.db, org.id, 1);
  campaign = await arrangeCampaign(bench.db, org, { target_criteria: { lead_ids: [lead?.id] } });
  await plan(bench.a.sql, AFTERNOON);
  await add({ sent: 100, optOuts: 4 });
  const session = await bench.db.admin();
  await session.begin();
  await session.sql`select 1 from public.campaigns where id = ${campaign} for share`;
  const pausing = bench.holder.sql`select private.guard_campaign(${campaign}, ${AFTERNOON}) as stopped`.then(
    (rows) => rows[0]?.stopped,
  );
  await bench.holder.blocked(session);
  const free = await session.sql`
    select 1 from public.campaign_targets where campaign_id = ${campaign} and state = 'queued' for no key update nowait`;
  expect(free).toHaveLength(1);
  await session.commit();
  expect(await pausing).toBe(true);
  expect((await read())?.status).toBe("paused");
  await session.end();
});
