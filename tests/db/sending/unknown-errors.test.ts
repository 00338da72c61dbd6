// Error codes that are not in the table: one harms nobody, ten in a row pause the campaign, long before the rate of failures does.
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
const UNKNOWN = 39_999;
let org: ArrangedOrg;
let id: string;
let sends: Claimed[];
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, { numbers: 4 });
  await arrangeLeads(bench.db, org.id, 60);
  id = await arrangeCampaign(bench.db, org, { quiet_hours_override: true });
  sends = [];
});
/** The next claimed message. */
async function next(now: Date): Promise<Claimed> {
  while (sends.length === 0) {
    await plan(bench.a.sql, now);
    await makeDue(bench.sql);
    sends.push(...(await claim(bench.a.sql, { now, limit: 1, loopback: true })));
  }
  return sends.shift() as Claimed;
}
const second = (n: number) => later(AFTERNOON, n * 5);
const refuse = async (n: number, code = UNKNOWN) =>
  settle(bench.a.sql, [rejected((await next(second(n))).attempt_id, code)], second(n));
const accept = async (n: number) => {
  const send = await next(second(n));
  const sid = newSid();
  await settle(bench.a.sql, [accepted(send.attempt_id, sid)], second(n));
  return { messageId: send.message_id, attemptId: send.attempt_id, sid };
};
const report = async (n: number, status: string, code: number | null) => {
  const message = await accept(n);
  expect(await receipt(bench.b.sql, org.id, { ...message, status, code }, second(n))).toBe("applied");
};
const campaign = async () => {
  const [row] = await bench.sql`
    select c.status::text, c.needs_attention, (
        select to_jsonb(array_agg(jsonb_build_object('message', a.message, 'details', a.details))) from public.alerts a
        where a.campaign_id = c.id and a.kind = 'campaign_paused' and a.resolved_at is null) as alerts,
      (select count(*)::int from public.campaign_targets t where t.campaign_id = c.id and t.state = 'failed') as failed
    from public.campaigns c where c.id = ${id}`;
  return row as unknown as {
    status: string;
    needs_attention: string | null;
    alerts: { message: string; details: object }[] | null;
    failed: number;
  };
};

describe.each([
  ["refused POSTs", (n: number) => refuse(n)],
  ["failures that receipts report", (n: number) => report(n, "failed", UNKNOWN)],
  ["undelivered messages that receipts report", (n: number) => report(n, "undelivered", UNKNOWN)],
])("%s with an unknown code", (_what, fail) => {
  test("pause the campaign at the tenth in a row, with an alert that names the code; resumed, it goes on", async () => {
    for (let n = 0; n < 9; n++) await fail(n);
    expect(await campaign()).toMatchObject({ status: "running", alerts: null });
    await fail(9);
    const paused = await campaign();
    expect(paused.status).toBe("paused");
    expect(paused.needs_attention).toContain(String(UNKNOWN));
    expect(paused.alerts).toHaveLength(1);
    expect(paused.alerts?.[0]?.message).toContain(String(UNKNOWN));
    expect(paused.alerts?.[0]?.details).toEqual({ error_code: UNKNOWN, in_a_row: 10 });
    sends = [];
    const user = await signedIn(bench.db, org.adminId);
    await user.sql`select private.resume_campaign(${id}, ${second(20)})`;
    await user.end();
    // It counts from the beginning.
    for (let n = 0; n < 9; n++) await fail(30 + n);
    expect(await campaign()).toMatchObject({ status: "running", alerts: null });
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });

  test("an hour apart are no row", async () => {
    for (let n = 0; n < 12; n++) await fail(n * 721);
    expect((await campaign()).status).toBe("running");
  });
});

test("a single one harms nobody: the phone stays valid, the number active, the campaign running", async () => {
  await refuse(0);
  await report(1, "undelivered", UNKNOWN);
  await report(2, "failed", UNKNOWN);
  expect(await campaign()).toMatchObject({ status: "running", alerts: null });
  const [harm] = await bench.sql`
    select (select count(*)::int from public.lead_phones where org_id = ${org.id} and not is_valid) as invalid,
      (select count(*)::int from private.contacts where org_id = ${org.id} and (suppressed_at is not null or invalid_at is not null)) as contacts,
      (select count(*)::int from public.phone_numbers where org_id = ${org.id} and status <> 'active') as numbers,
      (select count(*)::int from public.alerts where org_id = ${org.id}) as alerts`;
  expect(harm).toEqual({ invalid: 0, contacts: 0, numbers: 0, alerts: 0 });
});

test("refusals between which a message is accepted are no row", async () => {
  for (let n = 0; n < 30; n++) await (n % 6 === 5 ? accept(n) : refuse(n));
  expect(await campaign()).toMatchObject({ status: "running", failed: 25 });
});

test("failures between which a message is delivered are no row", async () => {
  for (let n = 0; n < 30; n++)
    await (n % 6 === 5 ? report(n, "delivered", null) : report(n, "failed", UNKNOWN));
  expect(await campaign()).toMatchObject({ status: "running", failed: 25 });
});

test("known codes are no row: each has its own rule", async () => {
  for (let n = 0; n < 15; n++) await refuse(n, 21211);
  expect((await campaign()).status).toBe("running");
});

test("50 answers in one batch pause it at once", async () => {
  await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${org.id}`;
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const all = await claim(bench.a.sql, { now: AFTERNOON, limit: 50, loopback: true });
  expect(all.length).toBeGreaterThanOrEqual(10);
  await settle(
    bench.a.sql,
    all.map((one) => rejected(one.attempt_id, UNKNOWN)),
    AFTERNOON,
  );
  expect(await campaign()).toMatchObject({ status: "paused", failed: all.length });
});

test("two workers that settle at once pause it once, with one alert", async () => {
  await bench.sql`update public.phone_numbers set mps = 100 where org_id = ${org.id}`;
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const all = await claim(bench.a.sql, { now: AFTERNOON, limit: 12, loopback: true });
  expect(all).toHaveLength(12);
  const refused = all.map((one) => rejected(one.attempt_id, UNKNOWN));
  await Promise.all([
    settle(bench.a.sql, refused.slice(0, 6), AFTERNOON),
    settle(bench.b.sql, refused.slice(6), AFTERNOON),
  ]);
  const paused = await campaign();
  expect(paused).toMatchObject({ status: "paused", failed: 12 });
  expect(paused.alerts?.map(({ details }) => details)).toEqual([{ error_code: UNKNOWN, in_a_row: 12 }]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});

test("codes that alternate are one row", async () => {
  for (let n = 0; n < 10; n++) await refuse(n, n % 2 === 0 ? UNKNOWN : UNKNOWN - 1);
  expect((await campaign()).status).toBe("paused");
});

describe("30500, Twilio's own error", () => {
  const target = async (sid: string) => {
    const [row] = await bench.sql`
      select t.state::text, t.error_code, t.needs_attention, t.attempts from public.messages m
      join public.campaign_targets t on t.id = m.campaign_target_id where m.provider_sid = ${sid}`;
    return row;
  };
  test("reported by a receipt: not sent again by itself, and a person is told", async () => {
    const message = await accept(0);
    await receipt(bench.b.sql, org.id, { ...message, status: "failed", code: 30500 }, second(1));
    expect(await target(message.sid)).toMatchObject({
      state: "failed",
      error_code: 30500,
      needs_attention: expect.stringContaining("30500"),
    });
    const phones =
      await bench.sql`select 1 from public.lead_phones where org_id = ${org.id} and not is_valid`;
    expect(phones).toEqual([]);
  });
  test("is tried again by itself if the campaign asks for that", async () => {
    await bench.sql`update public.campaigns set retry_undelivered = true where id = ${id}`;
    const message = await accept(0);
    await receipt(bench.b.sql, org.id, { ...message, status: "failed", code: 30500 }, second(1));
    expect(await target(message.sid)).toMatchObject({ state: "waiting", needs_attention: null, attempts: 1 });
  });
});
