// Regions that Twilio refuses (21408): people there wait with an alert, are asked for once, and go on when a person says so; all
// others are written to meanwhile.
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
  rejected,
  settle,
} from "../../fixtures/drive-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 2 });
});

/** Leads whose phones have these area codes, in the order in which a campaign writes to them. */
async function addPeople(...areaCodes: string[]): Promise<void> {
  const leads = await arrangeLeads(bench.db, org.id, areaCodes.length);
  for (const [n, lead] of leads.entries()) {
    const e164 = `+1${areaCodes[n]}555${String(1000 + n)}`;
    await bench.sql`update public.lead_phones set e164 = ${e164} where lead_id = ${lead.id}`;
  }
}
const isAbroad = ({ to_number }: Claimed) => /^\+1(787|939|340)/.test(to_number);

/** Plans and claims all that is due, and answers as Twilio does while a region is not enabled. @returns the posts */
async function send(now: Date, refused: (send: Claimed) => boolean = isAbroad): Promise<Claimed[]> {
  await plan(bench.a.sql, now);
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now, limit: 100, loopback: true });
  const results = sends.map((one) =>
    refused(one) ? rejected(one.attempt_id, 21408) : accepted(one.attempt_id),
  );
  await settle(bench.a.sql, results, now);
  return sends;
}
const states = async () =>
  Object.fromEntries(
    (
      await bench.sql`
        select left(t.e164, 5) || ' ' || t.state as key, count(*)::int as n from public.campaign_targets t
        where t.org_id = ${org.id} group by 1`
    ).map((row) => [row.key, row.n]),
  );
const alerts = () =>
  bench.sql`
    select id, message, details from public.alerts where org_id = ${org.id} and kind = 'region_not_permitted' and resolved_at is null`;
const asAdmin = async (work: (sql: Awaited<ReturnType<typeof signedIn>>["sql"]) => Promise<unknown>) => {
  const user = await signedIn(bench.db, org.adminId);
  try {
    await work(user.sql);
  } finally {
    await user.end();
  }
};

test("20 people in Puerto Rico wait with one alert, 100 others are written to, and all are once it is enabled", async () => {
  await addPeople(...Array.from({ length: 120 }, (_, n) => (n % 6 === 0 ? (n % 12 ? "787" : "939") : "214")));
  const id = await arrangeCampaign(bench.db, org);
  const rounds: Claimed[][] = [];
  for (let second = 0; second < 30; second++) rounds.push(await send(later(AFTERNOON, second * 5)));
  expect(rounds.flat().filter((one) => !isAbroad(one))).toHaveLength(100);
  expect(await states()).toEqual({ "+1214 sent": 100, "+1787 waiting": 10, "+1939 waiting": 10 });
  // Only those whose claim was under way when the first was refused.
  expect(rounds.filter((round) => round.some(isAbroad))).toHaveLength(1);

  const [alert, ...more] = await alerts();
  expect(more).toEqual([]);
  expect(alert?.message).toMatch(/Puerto Rico.*787, 939.*21408.*Geo permissions/s);
  expect(alert?.details).toEqual({ regions: ["PR"], error_code: 21408 });
  const held = await bench.sql`
    select distinct t.attempts, t.error_code, t.reason, t.needs_attention is not null as flagged, c.status::text as campaign
    from public.campaign_targets t join public.campaigns c on c.id = t.campaign_id where t.campaign_id = ${id} and t.is_waiting`;
  expect(held.map((row) => ({ ...row }))).toEqual([
    { attempts: 0, error_code: 21408, reason: null, flagged: true, campaign: "running" },
  ]);
  const phones = await bench.sql`
    select 1 from public.lead_phones where org_id = ${org.id} and not is_valid
    union all select 1 from private.contacts where org_id = ${org.id} and invalid_at is not null`;
  expect(phones).toEqual([]);

  await asAdmin((sql) => sql`select private.resolve_alert(${alert?.id}, ${later(AFTERNOON, 600)})`);
  for (let second = 0; second < 10; second++) await send(later(AFTERNOON, 601 + second * 5), () => false);
  expect(await states()).toEqual({ "+1214 sent": 100, "+1787 sent": 10, "+1939 sent": 10 });
  expect(await alerts()).toEqual([]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

describe("after one refusal", () => {
  beforeEach(() => addPeople("787", ...Array(30).fill("939"), "214", "340"));
  const refuseFirst = async () => {
    const id = await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const [one] = (await claim(bench.a.sql, { now: AFTERNOON, limit: 1 })) as [Claimed];
    expect(isAbroad(one)).toBe(true);
    await settle(bench.a.sql, [rejected(one.attempt_id, 21408)], AFTERNOON);
    return { id, one };
  };

  test("nobody else there is asked for: queued messages go back, and planning passes them over", async () => {
    await refuseFirst();
    const asked: Claimed[] = [];
    for (const seconds of [1, 61, 121, 3600, 7200]) asked.push(...(await send(later(AFTERNOON, seconds))));
    expect(asked.map((one) => one.to_number.slice(2, 5)).sort()).toEqual(["214", "340"]);
    // The Virgin Islands were refused on its own: one alert names both.
    expect((await alerts()).map((row) => row.details.regions)).toEqual([["PR", "VI"]]);
    expect((await alerts())[0]?.message).toMatch(/Puerto Rico.*Virgin Islands/);
    // A day later they are still held.
    expect(await send(later(AFTERNOON, 86_400))).toEqual([]);
    expect(await send(later(AFTERNOON, 90_000))).toEqual([]);
  });

  test("other campaigns of the organisation hold them, too, and another organisation does not", async () => {
    await refuseFirst();
    await arrangeCampaign(bench.db, org, { cooldown_days: 0 });
    const asked = await send(later(AFTERNOON, 60), () => false);
    expect(asked.some((one) => /^\+1(787|939)/.test(one.to_number))).toBe(false);
    const other = await arrangeOrg(bench.db);
    const [lead] = await arrangeLeads(bench.db, other.id, 1);
    await bench.sql`update public.lead_phones set e164 = '+17875559999' where lead_id = ${lead?.id ?? ""}`;
    await arrangeCampaign(bench.db, other);
    const theirs = await send(later(AFTERNOON, 61), () => false);
    expect(theirs.map((one) => one.to_number)).toEqual(["+17875559999"]);
  });

  test("pausing and resuming a campaign has the region tried again", async () => {
    const { id } = await refuseFirst();
    await send(later(AFTERNOON, 1));
    await asAdmin(async (sql) => {
      await sql`select private.pause_campaign(${id}, ${later(AFTERNOON, 60)})`;
      await sql`select private.resume_campaign(${id}, ${later(AFTERNOON, 61)})`;
    });
    expect(await alerts()).toEqual([]);
    expect((await send(later(AFTERNOON, 62), () => false)).some(isAbroad)).toBe(true);
  });

  test("a refusal of an attempt from before the release blocks nothing", async () => {
    const id = await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const sends = (await claim(bench.a.sql, { now: AFTERNOON, limit: 2 })) as [Claimed, Claimed];
    await settle(bench.a.sql, [rejected(sends[0].attempt_id, 21408)], AFTERNOON);
    const [alert] = await alerts();
    await asAdmin((sql) => sql`select private.resolve_alert(${alert?.id}, ${later(AFTERNOON, 5)})`);
    await settle(bench.a.sql, [rejected(sends[1].attempt_id, 21408)], later(AFTERNOON, 6));
    expect(await alerts()).toEqual([]);
    const [target] = await bench.sql`
      select state::text, not_before < ${later(AFTERNOON, 120)} as soon from public.campaign_targets
      where campaign_id = ${id} and e164 = ${sends[1].to_number}`;
    expect(target).toEqual({ state: "waiting", soon: true });
  });

  test("the guard resolves the alert if no region is blocked any more", async () => {
    await refuseFirst();
    await bench.sql`select private.resolve_alerts(${later(AFTERNOON, 1)}, ${org.id})`;
    expect(await alerts()).toHaveLength(1);
    await bench.sql`update private.org_pace set blocked_regions = '{}' where org_id = ${org.id}`;
    await bench.sql`select private.resolve_alerts(${later(AFTERNOON, 2)}, ${org.id})`;
    expect(await alerts()).toEqual([]);
  });
});

describe("two workers at once", () => {
  const claimAll = async (...areaCodes: string[]) => {
    await addPeople(...areaCodes);
    await arrangeCampaign(bench.db, org);
    await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${org.id}`;
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const all = await claim(bench.a.sql, { now: AFTERNOON, limit: areaCodes.length, loopback: true });
    expect(all).toHaveLength(areaCodes.length);
    return all;
  };
  const refuse = (sql: (typeof bench)["sql"], some: Claimed[], now: Date) =>
    settle(
      sql,
      some.map((one) => rejected(one.attempt_id, 21408)),
      now,
    );

  test("are told of two regions: one alert names both", async () => {
    const all = await claimAll("787", "340", "787", "340", "787", "340");
    const isOfIslands = ({ to_number }: Claimed) => to_number.startsWith("+1340");
    await Promise.all([
      refuse(bench.a.sql, all.filter(isOfIslands), AFTERNOON),
      refuse(
        bench.b.sql,
        all.filter((one) => !isOfIslands(one)),
        AFTERNOON,
      ),
    ]);
    expect((await alerts()).map((row) => row.details.regions.sort())).toEqual([["PR", "VI"]]);
  });

  test("a refusal while a person resolves the alert: no region is held without an alert", async () => {
    const [first, ...others] = (await claimAll("787", "787", "787")) as [Claimed, ...Claimed[]];
    await refuse(bench.a.sql, [first], AFTERNOON);
    const [alert] = await alerts();
    await Promise.all([
      asAdmin((sql) => sql`select private.resolve_alert(${alert?.id}, ${later(AFTERNOON, 5)})`),
      refuse(bench.b.sql, others, later(AFTERNOON, 5)),
    ]);
    const [pace] = await bench.sql`select blocked_regions from private.org_pace where org_id = ${org.id}`;
    expect((await alerts()).flatMap((row) => row.details.regions)).toEqual(pace?.blocked_regions);
  });
});

test("a receipt that reports 21408 later does the same", async () => {
  await addPeople("787", "939");
  await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const [one] = (await claim(bench.a.sql, { now: AFTERNOON, limit: 1 })) as [Claimed];
  const sid = newSid();
  await settle(bench.a.sql, [accepted(one.attempt_id, sid)], AFTERNOON);
  const given = { messageId: one.message_id, attemptId: one.attempt_id, sid, status: "failed", code: 21408 };
  expect(await receipt(bench.b.sql, org.id, given, later(AFTERNOON, 1))).toBe("applied");
  expect(await send(later(AFTERNOON, 120))).toEqual([]);
  expect(Object.values(await states())).toEqual([1, 1]);
  expect(await alerts()).toHaveLength(1);
});

test.each([
  ["+17875550100", "PR"],
  ["+19395550100", "PR"],
  ["+13405550100", "VI"],
  ["+16715550100", "GU"],
  ["+16705550100", "MP"],
  ["+16845550100", "AS"],
  ["+12145550100", "US"],
  ["+18005550100", "US"],
])("the region of %s is %s", async (phone, region) => {
  const [row] = await bench.sql`select private.phone_region(${phone}) as region`;
  expect(row?.region).toBe(region);
});
