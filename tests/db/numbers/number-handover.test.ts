// A number that is paused, quarantined, released or resting hands its work to the others: nothing waits for it, nothing is
// lost, nothing is sent twice, and the daily caps are refunded.
import { beforeEach, describe, expect, test } from "vitest";
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
import { checkFigures } from "../../fixtures/check-figures.ts";
import { accepted, claim, makeDue, newSid, plan, rejected, settle } from "../../fixtures/drive-sending.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 2, fields: { cooldown_days: 0 } });
});

const setStatus = (number: { id: string } | undefined, status: string) =>
  bench.sql`update public.phone_numbers set status = ${status} where id = ${number?.id ?? ""}`;
const rest = (number: { id: string } | undefined, until: Date) =>
  bench.sql`update private.number_pace set resting_until = ${until} where phone_number_id = ${number?.id ?? ""}`;

/** Claims what is queued and has Twilio accept it. @returns the numbers it went out from */
async function sendQueued(now: Date): Promise<string[]> {
  await makeDue(bench.sql);
  const claims = await claim(bench.a.sql, { now });
  await settle(
    bench.a.sql,
    claims.map((send) => accepted(send.attempt_id)),
    now,
  );
  return claims.map((send) => send.from_number);
}
const queued = async (number: { id: string } | undefined) =>
  (
    await bench.sql`select count(*)::int as n from public.messages where phone_number_id = ${number?.id ?? ""} and status = 'queued'`
  )[0]?.n;
/** Messages that went out or may have, by person. */
const perPerson = async () =>
  (
    await bench.sql`
      select count(m.id)::int as n from public.campaign_targets t
      left join public.messages m on m.campaign_target_id = t.id and m.status not in ('canceled', 'failed')
      where t.org_id = ${org.id} group by t.id`
  ).map((row) => row.n);
const charged = async (scope: string, id: string | undefined) =>
  (
    await bench.sql`select coalesce(sum(messages), 0)::int as n from private.daily_usage where scope = ${scope} and scope_id = ${id ?? ""}`
  )[0]?.n;

describe("what a number has queued when it stops", () => {
  test.each(["paused", "quarantined", "released"])(
    "goes out from another at the next plan, once it is %s",
    async (status) => {
      const [one, other] = org.numbers;
      await arrangeLeads(bench.db, org.id, 20);
      const campaign = await arrangeCampaign(bench.db, org);
      expect(await plan(bench.a.sql, AFTERNOON)).toBe(20);
      expect(await queued(one)).toBe(10);
      await setStatus(one, status);
      expect(await sendQueued(later(AFTERNOON, 1))).toEqual(Array(10).fill(other?.e164));
      expect(await queued(one)).toBe(0);
      expect(await plan(bench.a.sql, later(AFTERNOON, 2))).toBe(10);
      expect(await sendQueued(later(AFTERNOON, 3))).toEqual(Array(10).fill(other?.e164));
      expect(await perPerson()).toEqual(Array(20).fill(1));
      expect(
        await Promise.all([
          charged("number", one?.id),
          charged("number", other?.id),
          charged("campaign", campaign),
        ]),
      ).toEqual([0, 20, 20]);
      expect(await checkFigures(bench.db, org.id)).toEqual([]);
    },
  );

  test("is sent from another at the next plan while it rests", async () => {
    const [one, other] = org.numbers;
    await arrangeLeads(bench.db, org.id, 20);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await rest(one, later(AFTERNOON, 3600));
    expect(await sendQueued(later(AFTERNOON, 1))).toEqual(Array(10).fill(other?.e164));
    expect(await plan(bench.a.sql, later(AFTERNOON, 2))).toBe(10);
    expect(await sendQueued(later(AFTERNOON, 3))).toEqual(Array(10).fill(other?.e164));
    expect(await perPerson()).toEqual(Array(20).fill(1));
  });

  test("within a quarter of an hour even if Twilio refused it because the number's queue is full", async () => {
    const [one, other] = org.numbers;
    await setStatus(other, "paused");
    await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    await makeDue(bench.sql);
    const [send] = await claim(bench.a.sql, { now: AFTERNOON });
    expect(send?.from_number).toBe(one?.e164);
    await settle(bench.a.sql, [rejected(send?.attempt_id ?? "", 21611)], AFTERNOON);
    await setStatus(other, "active");
    await plan(bench.a.sql, later(AFTERNOON, 2));
    await plan(bench.a.sql, later(AFTERNOON, 903));
    expect(await sendQueued(later(AFTERNOON, 904))).toEqual([other?.e164]);
  });

  test("is queued nowhere when all stop, and is sent when one is back", async () => {
    await arrangeLeads(bench.db, org.id, 20);
    await arrangeCampaign(bench.db, org);
    await plan(bench.a.sql, AFTERNOON);
    for (const number of org.numbers) await setStatus(number, "quarantined");
    expect(await sendQueued(later(AFTERNOON, 1))).toEqual([]);
    expect(await plan(bench.a.sql, later(AFTERNOON, 2))).toBe(0);
    await setStatus(org.numbers[1], "active");
    expect(await plan(bench.a.sql, later(AFTERNOON, 4))).toBe(20);
    expect(await sendQueued(later(AFTERNOON, 5))).toHaveLength(20);
    expect(await perPerson()).toEqual(Array(20).fill(1));
  });
});

test("a number's pause waits for a claim in flight, then nothing more is claimed from it", async () => {
  const [number] = org.numbers;
  await arrangeLeads(bench.db, org.id, 8);
  await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(8);
  await makeDue(bench.sql);
  const admin = await signedIn(bench.db, org.adminId);
  await bench.a.begin();
  expect(await claim(bench.a.sql, { now: AFTERNOON, limit: 4 })).toHaveLength(4);
  const pausing = admin.sql`select private.set_number_status(${number?.id ?? ""}, 'paused')`.execute();
  await admin.blocked(bench.a);
  await bench.a.commit();
  await pausing;
  await admin.end();
  const rest = await sendQueued(later(AFTERNOON, 1));
  expect(new Set(rest)).toEqual(new Set([org.numbers[1]?.e164]));
});

describe("a person whose known number is out of service", () => {
  const known = async (number: { id: string } | undefined) => {
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    await arrangeCampaign(bench.db, org);
    await bench.sql`update private.contacts set phone_number_id = ${number?.id ?? ""} where org_id = ${org.id} and e164 = ${lead?.e164 ?? ""}`;
  };
  test("is written to from another at once if it was released", async () => {
    await known(org.numbers[0]);
    await setStatus(org.numbers[0], "released");
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    expect(await sendQueued(later(AFTERNOON, 1))).toEqual([org.numbers[1]?.e164]);
  });

  test.each(["paused", "quarantined"])(
    "is written to from another at once where it is %s",
    async (status) => {
      await known(org.numbers[0]);
      await setStatus(org.numbers[0], status);
      expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
      expect(await sendQueued(later(AFTERNOON, 1))).toEqual([org.numbers[1]?.e164]);
    },
  );

  test("still gets an answer from that number, unless it was released", async () => {
    const [number] = org.numbers;
    const [first, second] = await arrangeLeads(bench.db, org.id, 2);
    const ask = (from: string | undefined, now: Date) => bench.a.sql`
      select private.receive_inbound(${org.accountSid}, ${newSid()}, ${from ?? ""}, ${number?.e164 ?? ""}, 'HELP', '{}', 'help', 'exact', false, 'en', false, 'help', ${now})`;
    await setStatus(number, "quarantined");
    await ask(first?.e164, AFTERNOON);
    expect(await sendQueued(later(AFTERNOON, 1))).toEqual([number?.e164]);
    await setStatus(number, "released");
    await ask(second?.e164, later(AFTERNOON, 2));
    expect(await sendQueued(later(AFTERNOON, 3))).toEqual([]);
    const [answer] = await bench.sql`
      select status::text, error_message from public.messages where kind = 'auto_reply' and to_number = ${second?.e164 ?? ""}`;
    expect(answer).toEqual({ status: "canceled", error_message: "number_inactive" });
  });
});

test("numbers that stop and return at random: everybody is written to once, and no cap is left charged", async () => {
  const random = seededRandom("number-handover");
  for (let n = 0; n < 2; n++)
    org.numbers.push(await arrangeNumber(bench.sql, org.id, { mps: 5, daily_cap: 25 }));
  await arrangeLeads(bench.db, org.id, 80);
  const campaign = await arrangeCampaign(bench.db, org, { mps: 5 });
  let now = AFTERNOON;
  const acts: (() => Promise<unknown>)[] = [
    () => plan(bench.a.sql, now),
    () => plan(bench.a.sql, now),
    () => sendQueued(now),
    async () => {
      await makeDue(bench.sql);
      const claims = await claim(bench.a.sql, { now, limit: 5 });
      const results = claims.map(({ attempt_id }) =>
        random.next() < 0.3 ? rejected(attempt_id, random.pick([21611, 30034, 21606])) : accepted(attempt_id),
      );
      await settle(bench.a.sql, results, now);
    },
    () => setStatus(random.pick(org.numbers), random.pick(["active", "active", "paused", "quarantined"])),
    () => rest(random.pick(org.numbers), later(now, random.below(1200))),
  ];
  for (let step = 0; step < 150; step++) {
    now = later(now, random.next() * 5);
    await random.pick(acts)();
    expect(Math.max(...(await perPerson())), `seed ${random.seed}, step ${step}`).toBeLessThanOrEqual(1);
  }
  // From here on all numbers send, and people who were put off are waited for.
  for (const number of org.numbers) await setStatus(number, "active");
  for (let round = 0; round < 60; round++) {
    now = later(now, 120);
    await plan(bench.a.sql, now);
    await sendQueued(now);
  }
  const [left] = await bench.sql`
    select count(*)::int as n from public.campaign_targets where campaign_id = ${campaign} and state not in ('sent', 'failed')`;
  expect(left?.n, `seed ${random.seed}`).toBe(0);
  const [sent] = await bench.sql`
    select count(*) filter (where t.state = 'sent')::int as n,
      (select count(*)::int from public.messages m where m.campaign_id = ${campaign} and m.status = 'sent') as messages
    from public.campaign_targets t where t.campaign_id = ${campaign}`;
  expect(sent?.messages).toBe(sent?.n);
  expect(await charged("campaign", campaign), `seed ${random.seed}`).toBe(sent?.n);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});
