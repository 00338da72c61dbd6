// The effect of each of Twilio's error codes, when a POST is refused and when a receipt reports it later.
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
let id: string;
let send: Claimed;
const sid = newSid();
beforeEach(() => bench.clear());

async function claimOne(fields: Record<string, unknown> = {}, leads = 1): Promise<void> {
  org = await arrangeOrg(bench.db, { numbers: 2 });
  await arrangeLeads(bench.db, org.id, leads);
  id = await arrangeCampaign(bench.db, org, fields);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  [send] = (await claim(bench.a.sql, { now: AFTERNOON, limit: 1, loopback: true })) as [Claimed];
}
/** The moment its target may be planned again. */
const dueAt = async () => {
  const [target] =
    await bench.sql`select not_before from public.campaign_targets where campaign_id = ${id} and not_before > ${AFTERNOON}`;
  // Dates here are whole milliseconds.
  return later(target?.not_before, 0.001);
};
const refuse = (code: number) => settle(bench.a.sql, [rejected(send.attempt_id, code)], AFTERNOON);
async function report(status: string, code: number | null): Promise<void> {
  const own = newSid();
  await settle(bench.a.sql, [accepted(send.attempt_id, own)], AFTERNOON);
  const given = { messageId: send.message_id, attemptId: send.attempt_id, sid: own, status, code };
  expect(await receipt(bench.b.sql, org.id, given, AFTERNOON)).toBe("applied");
}

/** Everything that an error may change, in one row. */
const outcome = async () =>
  (
    await bench.sql`
      select m.status::text as message, t.state::text as target, t.delivery, t.reason, t.attempts, t.error_code, t.needs_attention as attention,
        extract(epoch from t.not_before - ${AFTERNOON})::float8 as waits,
        k.suppressed_at is not null as suppressed, k.invalid_reason, p.is_valid, p.line_type,
        n.status as number, extract(epoch from np.resting_until - ${AFTERNOON})::float8 as number_rests,
        nullif(op.resting_until, '-infinity') as account_rests, c.status::text as campaign, c.needs_attention as campaign_attention,
        array(select a.kind from public.alerts a where a.org_id = m.org_id and a.resolved_at is null order by 1) as alerts
      from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
      join private.contacts k on k.org_id = m.org_id and k.e164 = m.to_number
      join public.lead_phones p on p.lead_id = t.lead_id
      join public.phone_numbers n on n.id = m.phone_number_id join private.number_pace np on np.phone_number_id = n.id
      join private.org_pace op on op.org_id = m.org_id join public.campaigns c on c.id = m.campaign_id
      where m.id = ${send.message_id}`
  )[0];

/** The required effect of a refused POST for each code on Twilio's page of errors, from which the table was made. */
const REFUSED = {
  permanent: [21211, 21265, 21268, 30004, 30005],
  landline: [21614, 21635, 30006],
  optOut: [21610, 30640],
  transient: [
    20429, 21612, 21730, 30003, 30008, 30017, 30021, 30022, 30023, 30036, 30410, 30450, 30500, 30610, 63017,
  ],
  restNumber: [21611, 30001],
  account: [20003, 20005, 20403, 20404, 21608, 30002, 30037],
  campaign: [21701, 21703, 21704, 21705, 30033, 30883, 30884, 30885, 30893, 30951],
  quarantine: [21212, 21601, 21606, 21659, 21660, 21661, 30024, 30032, 30034, 30035],
  score: [30007],
  bug: [
    21266, 21602, 21603, 21604, 21609, 21617, 21620, 21623, 21910, 30010, 30011, 30016, 35111, 35114, 35115,
    35117, 35118, 35125,
  ],
  account_day: [63038],
  region: [21408],
} as const;

test("every code of the table is in this test", async () => {
  const codes = (await bench.sql`select code from private.error_classes order by code`).map(
    (row) => row.code,
  );
  expect(codes).toEqual(
    Object.values(REFUSED)
      .flat()
      .sort((x, y) => x - y),
  );
});

const QUIET = {
  suppressed: false,
  is_valid: true,
  number: "active",
  campaign: "running",
  account_rests: null,
};

describe("a POST refused with", () => {
  test.each(REFUSED.permanent)("%i: the phone is marked invalid and never written to again", async (code) => {
    await claimOne();
    await refuse(code);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      message: "failed",
      target: "failed",
      reason: "invalid_phone",
      error_code: code,
      is_valid: false,
      invalid_reason: `twilio_${code}`,
      line_type: null,
      alerts: [],
    });
  });
  test.each(REFUSED.landline)("%i: the phone is marked a landline", async (code) => {
    await claimOne();
    await refuse(code);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      target: "failed",
      reason: "invalid_phone",
      is_valid: false,
      line_type: "landline",
    });
  });
  test.each(REFUSED.optOut)(
    "%i: the phone is suppressed, on record, and its other messages are canceled",
    async (code) => {
      await claimOne();
      await arrangeCampaign(bench.db, org, { cooldown_days: 0, status: "paused" });
      await bench.sql`update public.campaign_targets set state = 'waiting', reason = null where org_id = ${org.id} and state = 'excluded'`;
      await refuse(code);
      expect(await outcome()).toMatchObject({
        ...QUIET,
        suppressed: true,
        target: "failed",
        reason: "opted_out",
      });
      const [record] =
        await bench.sql`select source, is_active from public.opt_outs where org_id = ${org.id} and e164 = ${send.to_number}`;
      expect(record).toEqual({ source: "carrier", is_active: true });
      const others =
        await bench.sql`select state::text from public.campaign_targets where org_id = ${org.id} and campaign_id <> ${id}`;
      expect(others.map((row) => row.state)).toEqual(["canceled"]);
    },
  );
  test.each(REFUSED.transient)("%i: it is retried after the code's own time", async (code) => {
    await claimOne();
    await refuse(code);
    const [{ seconds } = { seconds: 0 }] = await bench.sql`
      select extract(epoch from coalesce(retry_after, '30 seconds'))::float8 as seconds from private.error_classes where code = ${code}`;
    const now = await outcome();
    expect(now).toMatchObject({
      ...QUIET,
      message: "failed",
      target: "waiting",
      attempts: 1,
      error_code: code,
      reason: null,
      alerts: [],
    });
    expect(now?.waits).toBeGreaterThanOrEqual(seconds * 0.5);
    expect(now?.waits).toBeLessThanOrEqual(seconds);
  });
  test.each(REFUSED.restNumber)("%i: its number rests for an hour, and another sends it", async (code) => {
    await claimOne();
    await refuse(code);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      target: "waiting",
      number_rests: 3600,
      alerts: ["number_queue_full"],
    });
    // The full queue is the number's: another may send at once.
    expect(await plan(bench.a.sql, AFTERNOON)).toBe(1);
    const [again] =
      await bench.sql`select from_number from public.messages where org_id = ${org.id} and status = 'queued'`;
    expect(again?.from_number).not.toBe(send.from_number);
  });
  test.each([...REFUSED.account, ...REFUSED.campaign])(
    "%i: the campaign is paused with the reason, costs nobody an attempt, and can be resumed",
    async (code) => {
      await claimOne({}, 3);
      await refuse(code);
      const now = await outcome();
      expect(now).toMatchObject({
        ...QUIET,
        campaign: "paused",
        target: "waiting",
        attempts: 0,
        alerts: ["campaign_paused"],
      });
      expect(now?.campaign_attention).toContain(String(code));
      const rest =
        await bench.sql`select distinct state::text from public.campaign_targets where campaign_id = ${id}`;
      expect(rest.map((row) => row.state)).toEqual(["waiting"]);
      const user = await signedIn(bench.db, org.adminId);
      await user.sql`select private.resume_campaign(${id}, ${later(AFTERNOON, 60)})`;
      await user.end();
      expect(await outcome()).toMatchObject({ campaign: "running", campaign_attention: null, alerts: [] });
      expect(await plan(bench.a.sql, later(AFTERNOON, 60))).toBe(3);
    },
  );
  test.each(REFUSED.quarantine)(
    "%i: its number is quarantined with an alert, and another sends it",
    async (code) => {
      await claimOne();
      await refuse(code);
      expect(await outcome()).toMatchObject({
        ...QUIET,
        number: "quarantined",
        target: "waiting",
        attempts: 1,
        alerts: ["number_quarantined"],
      });
      expect(await plan(bench.a.sql, await dueAt())).toBe(1);
      const [again] =
        await bench.sql`select from_number from public.messages where org_id = ${org.id} and status = 'queued'`;
      expect(again?.from_number).not.toBe(send.from_number);
    },
  );
  test.each(REFUSED.bug)(
    "%i: nobody's fault but ours: it fails, needs attention, and an alert says so",
    async (code) => {
      await claimOne();
      await refuse(code);
      const now = await outcome();
      expect(now).toMatchObject({ ...QUIET, target: "failed", reason: "error", alerts: ["message_refused"] });
      expect(now?.attention).toContain(String(code));
    },
  );
  test("an unknown code, or none: it fails and needs attention", async () => {
    await claimOne();
    await refuse(99_999);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      target: "failed",
      reason: "error",
      error_code: 99_999,
    });
    expect((await outcome())?.attention).toContain("99999");
    await claimOne();
    await settle(
      bench.a.sql,
      [{ attempt_id: send.attempt_id, outcome: "rejected", http_status: 400 }],
      AFTERNOON,
    );
    expect(await outcome()).toMatchObject({ target: "failed", reason: "error" });
    expect((await outcome())?.attention).not.toBeNull();
  });

  test.each([
    ["2026-06-10T20:00:00Z", "2026-06-11T07:00:00Z"],
    ["2026-06-11T06:59:59Z", "2026-06-11T07:00:00Z"],
    ["2026-06-11T07:00:00Z", "2026-06-12T07:00:00Z"],
    ["2026-12-01T20:00:00Z", "2026-12-02T08:00:00Z"],
    // The night in which the clock is put back, and the one in which it is put forward.
    ["2026-11-01T20:00:00Z", "2026-11-02T08:00:00Z"],
    ["2026-03-08T02:00:00Z", "2026-03-08T08:00:00Z"],
    ["2026-03-08T20:00:00Z", "2026-03-09T07:00:00Z"],
  ])(
    "63038 at %s: the account rests until midnight Pacific, %s, and the campaign goes on by itself",
    async (at, until) => {
      const now = new Date(at);
      await claimOne({ quiet_hours_override: true }, 3);
      await settle(bench.a.sql, [rejected(send.attempt_id, 63038)], now);
      expect(await outcome()).toMatchObject({
        campaign: "running",
        target: "waiting",
        attempts: 0,
        account_rests: new Date(until),
        alerts: ["account_daily_limit"],
      });
      // Queued messages are put off until then, and nothing is planned before.
      await makeDue(bench.sql);
      expect(await claim(bench.a.sql, { now: later(now, 1), loopback: true })).toEqual([]);
      expect(await plan(bench.a.sql, later(new Date(until), -1))).toBe(0);
      // The refused one also waits for its own half a minute.
      expect(await plan(bench.a.sql, later(new Date(until), 31))).toBe(3);
    },
  );
});

describe("a receipt that reports", () => {
  test.each([
    [30005, null],
    [30006, "landline"],
  ] as const)("failed %i: the phone is marked", async (code, lineType) => {
    await claimOne();
    await report("failed", code);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      message: "failed",
      target: "failed",
      reason: "invalid_phone",
      is_valid: false,
      line_type: lineType,
    });
  });
  test("undelivered 30005: it was sent, and the phone is marked", async () => {
    await claimOne();
    await report("undelivered", 30005);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      message: "undelivered",
      target: "sent",
      delivery: "undelivered",
      is_valid: false,
    });
  });
  test.each(["failed", "undelivered"])("%s 21610: the phone is suppressed", async (status) => {
    await claimOne();
    await report(status, 21610);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      suppressed: true,
      target: "failed",
      reason: "opted_out",
    });
  });
  test.each([30022, 30036, 30450])(
    "failed %i, never handed to a carrier: a new message is tried",
    async (code) => {
      await claimOne();
      await report("failed", code);
      expect(await outcome()).toMatchObject({ ...QUIET, message: "failed", target: "waiting", attempts: 1 });
    },
  );
  test.each([30003, 30008])("undelivered %i: tried again only where the campaign asks", async (code) => {
    await claimOne();
    await report("undelivered", code);
    expect(await outcome()).toMatchObject({ ...QUIET, target: "sent", delivery: "undelivered" });
    await claimOne({ retry_undelivered: true });
    await report("undelivered", code);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      message: "undelivered",
      target: "waiting",
      delivery: null,
    });
  });
  test.each([30017, 30410])("undelivered %i, which a carrier had: not tried again", async (code) => {
    await claimOne({ retry_undelivered: true });
    await report("undelivered", code);
    expect(await outcome()).toMatchObject({ ...QUIET, target: "sent", delivery: "undelivered" });
  });
  test.each([30003, 30008, 30017, 30410])(
    "failed %i, which a carrier may have had: not tried again",
    async (code) => {
      await claimOne();
      await report("failed", code);
      expect(await outcome()).toMatchObject({
        ...QUIET,
        message: "failed",
        target: "failed",
        reason: "error",
      });
    },
  );
  test("failed 30001: its number rests", async () => {
    await claimOne();
    await report("failed", 30001);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      target: "waiting",
      number_rests: 3600,
      alerts: ["number_queue_full"],
    });
  });
  test.each([30002, 30033])("failed %i: the campaign is paused", async (code) => {
    await claimOne({}, 3);
    await report("failed", code);
    expect(await outcome()).toMatchObject({
      campaign: "paused",
      target: "waiting",
      attempts: 0,
      alerts: ["campaign_paused"],
    });
  });
  test("failed 30034: its number is quarantined", async () => {
    await claimOne();
    await report("failed", 30034);
    expect(await outcome()).toMatchObject({
      number: "quarantined",
      target: "waiting",
      alerts: ["number_quarantined"],
    });
  });
  test("undelivered 30007, filtered: sent and not delivered, and neither tried again nor held against the phone", async () => {
    await claimOne();
    await report("undelivered", 30007);
    expect(await outcome()).toMatchObject({
      ...QUIET,
      message: "undelivered",
      target: "sent",
      delivery: "undelivered",
      error_code: 30007,
      alerts: [],
    });
  });
  test("failed without a code: it fails and needs attention", async () => {
    await claimOne();
    await report("failed", null);
    expect(await outcome()).toMatchObject({ ...QUIET, target: "failed", reason: "error" });
    expect((await outcome())?.attention).not.toBeNull();
  });
});

describe("trying again", () => {
  test.each([
    [20429, 10],
    [30017, 3],
    [30003, 2],
  ])("%i is tried %i times in all", async (code, times) => {
    await claimOne();
    let now = AFTERNOON;
    for (let attempt = 1; ; attempt++) {
      await settle(bench.a.sql, [rejected(send.attempt_id, code)], now);
      const [target] =
        await bench.sql`select state::text, attempts from public.campaign_targets where campaign_id = ${id}`;
      expect(target?.attempts).toBe(attempt);
      expect(target?.state).toBe(attempt < times ? "waiting" : "failed");
      if (attempt === times) break;
      now = await dueAt();
      expect(await plan(bench.a.sql, later(now, -0.002))).toBe(0);
      // At any hour, because only the number of attempts matters here.
      await bench.sql`update public.campaigns set quiet_hours_override = true where id = ${id}`;
      expect(await plan(bench.a.sql, now)).toBe(1);
      await makeDue(bench.sql);
      [send] = (await claim(bench.a.sql, { now, loopback: true })) as [Claimed];
    }
    expect(await checkFigures(bench.db, org.id)).toEqual([]);
  });

  test("the time doubles, up to 64 times, with jitter over the upper half", async () => {
    for (let attempts = 1; attempts <= 9; attempts++) {
      const delays = await bench.sql`
        select extract(epoch from private.retry_delay(${attempts}, '10 seconds'))::float8 as s from generate_series(1, 200)`;
      const most = 10 * 2 ** Math.min(attempts - 1, 6);
      const seconds = delays.map((row) => row.s);
      expect(Math.min(...seconds)).toBeGreaterThanOrEqual(most / 2);
      expect(Math.max(...seconds)).toBeLessThanOrEqual(most);
      expect(Math.max(...seconds) - Math.min(...seconds)).toBeGreaterThan(most / 4);
    }
  });
});

describe("an answer to HELP", () => {
  async function claimAnswer(): Promise<void> {
    org = await arrangeOrg(bench.db, { numbers: 1 });
    const [lead] = await arrangeLeads(bench.db, org.id, 1);
    await bench.b.sql`
      select private.receive_inbound(${org.accountSid}, ${newSid()}, ${lead?.e164 ?? ""}, ${org.numbers[0]?.e164 ?? ""}, 'ayuda', '{}',
        'help', 'exact', false, 'es', false, 'ayuda', ${AFTERNOON})`;
    await makeDue(bench.sql);
    [send] = (await claim(bench.a.sql, { now: AFTERNOON })) as [Claimed];
  }
  const message = async () =>
    (
      await bench.sql`select status::text, needs_attention from public.messages where id = ${send.message_id}`
    )[0];

  test("that Twilio never looked at (20429) is sent again within seconds, three times in all", async () => {
    await claimAnswer();
    for (let attempt = 1; attempt <= 3; attempt++) {
      await refuse(20429);
      if (attempt === 3) break;
      expect(await message()).toEqual({ status: "queued", needs_attention: null });
      await makeDue(bench.sql);
      [send] = (await claim(bench.a.sql, { now: later(AFTERNOON, attempt * 3) })) as [Claimed];
    }
    expect(await message()).toMatchObject({
      status: "failed",
      needs_attention: expect.stringContaining("20429"),
    });
    expect(await bench.sql`select 1 from pgmq.q_replies`).toEqual([]);
  });
  test.each([21612, 30003, 21602, 99_999])(
    "that is refused with %i fails and needs attention",
    async (code) => {
      await claimAnswer();
      await refuse(code);
      expect(await message()).toMatchObject({
        status: "failed",
        needs_attention: expect.stringContaining(String(code)),
      });
    },
  );
  test("to a person who opted out at the carrier (21610) ends there", async () => {
    await claimAnswer();
    await refuse(21610);
    expect(await message()).toEqual({ status: "failed", needs_attention: null });
  });
});

test("a batch with every kind of outcome is settled as each would be alone", async () => {
  org = await arrangeOrg(bench.db, { numbers: 2 });
  await arrangeLeads(bench.db, org.id, 8);
  id = await arrangeCampaign(bench.db, org);
  await plan(bench.a.sql, AFTERNOON);
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: AFTERNOON });
  const at = (i: number) => sends[i]?.attempt_id ?? "";
  const settled = await settle(
    bench.a.sql,
    [
      accepted(at(0), sid),
      rejected(at(1), 21211),
      rejected(at(2), 21610),
      rejected(at(3), 20429),
      { attempt_id: at(4), outcome: "unknown", content: "Hola", segments: 1 },
      { attempt_id: at(5), outcome: "not_posted" },
      { attempt_id: at(6), outcome: "oversize", segments: 2 },
      rejected(at(7), 21602),
    ],
    AFTERNOON,
  );
  expect(settled).toBe(8);
  const states = await bench.sql`
    select t.state::text, m.status::text as message from public.messages m join public.campaign_targets t on t.id = m.campaign_target_id
    where m.id = any (${sends.map((each) => each.message_id)}::uuid[]) order by array_position(${sends.map((each) => each.message_id)}::uuid[], m.id)`;
  expect(states.map((row) => `${row.state} ${row.message}`)).toEqual([
    "sent sent",
    "failed failed",
    "failed failed",
    "waiting failed",
    "unknown unknown",
    "queued queued",
    "waiting canceled",
    "failed failed",
  ]);
  expect(await checkFigures(bench.db, org.id)).toEqual([]);
});
