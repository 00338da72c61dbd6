// Pause and stop answer when claims in flight are done; after that no message of the campaign is claimed.
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
import {
  accepted,
  type Claimed,
  claim,
  makeDue,
  plan,
  rejected,
  settle,
} from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { seededRandom } from "../../fixtures/seeded-random.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let user: Session;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { fields: { cooldown_days: 0 } });
  user = await signedIn(bench.db, org.adminId);
  return () => user.end();
});

type Verb = "pause" | "stop";
const control = async (verb: Verb, id: string, now = AFTERNOON) => {
  await (verb === "pause"
    ? user.sql`select private.pause_campaign(${id}, ${now})`
    : user.sql`select private.stop_campaign(${id}, ${now})`);
  return Date.now();
};
/** The state of its targets that are not being sent: a pause keeps them waiting, a stop cancels them. */
const AFTERWARDS = { pause: "waiting", stop: "canceled" } as const;
const countStates = async (id: string) =>
  Object.fromEntries(
    (
      await bench.sql`
        select state::text, count(*)::int from public.campaign_targets where campaign_id = ${id} group by 1 order by 1`
    ).map((row) => [row.state, row.count]),
  );
const usage = async () =>
  (
    await bench.sql`
      select scope, sum(messages)::int as messages, sum(segments)::int as segments from private.daily_usage
      where scope_id = ${org.id} or scope_id in (select id from public.phone_numbers where org_id = ${org.id})
        or scope_id in (select id from public.campaigns where org_id = ${org.id})
      group by 1 order by 1`
  ).map((row) => `${row.scope} ${row.messages} ${row.segments}`);

async function queue(count: number): Promise<string> {
  await arrangeLeads(bench.db, org.id, count);
  const id = await arrangeCampaign(bench.db, org);
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(count);
  await makeDue(bench.sql);
  return id;
}

describe.each(["pause", "stop"] as const)("%s", (verb) => {
  const rest = AFTERWARDS[verb];

  test("waits for a claim in flight, then nothing is claimed and the caps are given back", async () => {
    const id = await queue(10);
    await bench.a.begin();
    expect(await claim(bench.a.sql, { now: AFTERNOON, limit: 4 })).toHaveLength(4);
    const answer = control(verb, id);
    await user.blocked(bench.a);
    await bench.a.commit();
    await answer;
    expect(await countStates(id)).toEqual({ sending: 4, [rest]: 6 });
    await makeDue(bench.sql);
    expect(await claim(bench.b.sql, { now: AFTERNOON })).toEqual([]);
    expect(await countStates(id)).toEqual({ sending: 4, [rest]: 6 });
    expect(await usage()).toEqual(["campaign 4 4", "number 4 4", "org 4 4"]);
  });

  test("under way, makes a claim wait, which then gets nothing of it", async () => {
    const id = await queue(6);
    await user.begin();
    await control(verb, id);
    const claiming = claim(bench.a.sql, { now: AFTERNOON });
    await bench.a.blocked(user);
    await user.commit();
    expect(await claiming).toEqual([]);
    expect(await countStates(id)).toEqual({ [rest]: 6 });
  });

  test("that is rolled back changes nothing", async () => {
    await queue(3);
    await user.begin();
    const [campaign] = await bench.sql`select id from public.campaigns where org_id = ${org.id}`;
    await control(verb, campaign?.id);
    const claiming = claim(bench.a.sql, { now: AFTERNOON });
    await bench.a.blocked(user);
    await user.rollback();
    expect(await claiming).toHaveLength(3);
  });

  test("waits also for a claim that itself waits for its number's clock", async () => {
    const id = await queue(5);
    await bench.holder.begin();
    await bench.holder.sql`select 1 from private.number_pace for no key update`;
    const claiming = claim(bench.a.sql, { now: AFTERNOON, limit: 2 });
    await bench.a.blocked(bench.holder);
    const answer = control(verb, id);
    await user.blocked(bench.a);
    await bench.holder.commit();
    expect(await claiming).toHaveLength(2);
    await answer;
    expect(await countStates(id)).toEqual({ sending: 2, [rest]: 3 });
  });

  test("under way, keeps the campaign out of a plan, which does not wait", async () => {
    await queue(2);
    await arrangeLeads(bench.db, org.id, 2);
    const other = await arrangeCampaign(bench.db, org);
    await user.begin();
    await control(verb, other);
    expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(0);
    await user.commit();
    expect(await plan(bench.a.sql, later(AFTERNOON, 2))).toBe(0);
    expect(await countStates(other)).toEqual({ [rest]: 4 });
  });

  test("lets claimed messages end: given back, refused, too long, accepted", async () => {
    const id = await queue(4);
    const [back, refused, long, sent] = (await claim(bench.a.sql, { now: AFTERNOON })) as [
      Claimed,
      Claimed,
      Claimed,
      Claimed,
    ];
    await control(verb, id);
    await settle(
      bench.a.sql,
      [
        { attempt_id: back.attempt_id, outcome: "not_posted" },
        rejected(refused.attempt_id, 20429),
        { attempt_id: long.attempt_id, outcome: "oversize", segments: 2 },
        accepted(sent.attempt_id),
      ],
      AFTERNOON,
    );
    await makeDue(bench.sql);
    expect(await claim(bench.a.sql, { now: later(AFTERNOON, 5) })).toEqual([]);
    // Messages given back or refused, at once; one that was too long waits for the tick's part in a stop.
    const { waiting = 0, canceled = 0 } = await countStates(id);
    expect([waiting, canceled]).toEqual(verb === "stop" ? [1, 2] : [3, 0]);
    if (verb === "stop") await bench.holder.sql`select private.cancel_waiting(${id}, 10000)`;
    expect(await countStates(id)).toEqual({ sent: 1, [rest]: 3 });
    expect(await plan(bench.a.sql, later(AFTERNOON, 3600))).toBe(0);
  });

  test("against 40 claims at any moment: none is claimed after its answer", async () => {
    const random = seededRandom(verb);
    await bench.sql`update public.phone_numbers set mps = 1000 where org_id = ${org.id}`;
    await arrangeLeads(bench.db, org.id, 10);
    for (let round = 0; round < 40; round++) {
      const id = await arrangeCampaign(bench.db, org, { quiet_hours_override: true }, { now: new Date() });
      await bench.sql`select private.plan_sends(${org.id}, now())`;
      await makeDue(bench.sql);
      const claims = Array.from({ length: 3 }, () =>
        claim(bench.a.sql, { now: null, limit: 3, loopback: true }),
      );
      const start = performance.now() + random.next() * 8;
      while (performance.now() < start) await new Promise(setImmediate);
      const answeredAt = await control(verb, id);
      await Promise.all(claims);
      const [last] = await bench.sql`
        select extract(epoch from max(a.claimed_at)) * 1000 as at from public.send_attempts a
        join public.messages m on m.id = a.message_id where m.campaign_id = ${id}`;
      expect(Number(last?.at ?? 0)).toBeLessThanOrEqual(answeredAt + 1);
      const { sending = 0, [rest]: others } = await countStates(id);
      expect(sending + (others ?? 0)).toBe(10);
    }
  });
});

test("messages that a pause took back are sent once after resuming", async () => {
  const id = await queue(6);
  const first = await claim(bench.a.sql, { now: AFTERNOON, limit: 2 });
  await settle(
    bench.a.sql,
    first.map((send) => accepted(send.attempt_id)),
    AFTERNOON,
  );
  await control("pause", id);
  await user.sql`select private.resume_campaign(${id}, ${AFTERNOON})`;
  expect(await plan(bench.a.sql, later(AFTERNOON, 1))).toBe(4);
  await makeDue(bench.sql);
  const rest = await claim(bench.a.sql, { now: later(AFTERNOON, 2) });
  expect(new Set([...first, ...rest].map((send) => send.to_number)).size).toBe(6);
  const attempts =
    await bench.sql`select distinct attempts from public.campaign_targets where campaign_id = ${id}`;
  expect(attempts).toEqual([{ attempts: 1 }]);
});

test("a stopped campaign's big backlog is canceled in pieces, and nothing of it is planned meanwhile", async () => {
  await arrangeLeads(bench.db, org.id, 30);
  const id = await arrangeCampaign(bench.db, org);
  await bench.sql`update public.campaigns set status = 'stopped', finished_at = ${AFTERNOON} where id = ${id}`;
  expect(await plan(bench.a.sql, AFTERNOON)).toBe(0);
  const cancel = async () => (await bench.holder.sql`select private.cancel_waiting(${id}, 20) as n`)[0]?.n;
  expect([await cancel(), await cancel(), await cancel()]).toEqual([20, 10, 0]);
});
