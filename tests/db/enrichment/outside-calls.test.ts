// Calls to outside services, with lookups as the example: what is asked, when, how often, and what a day's budget allows.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedOrg,
  arrangeLeads,
  arrangeOrg,
  later,
  phoneAt,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.sql`delete from pgmq.q_lookups`;
  await bench.sql`delete from private.call_lanes`;
  org = await arrangeOrg(bench.db, { fields: { lookup_enabled: true, lookup_daily_budget: 100 } });
});

interface Batch {
  lane_id: string;
  day: string;
  calls: { subject: string; attempts: number }[];
  known: string[];
  account_sid: string;
}
type Result = { subject: string; outcome: string } & Record<string, unknown>;

/** A trigger queues phones with the time of the transaction, so they are due if the test's day is later. */
const NOW = later(new Date(), 60);
const wake = (now = NOW) =>
  bench.sql`select private.wake_call_lanes(null, ${now}) as n`.then(([row]) => row?.n);
const claim = async (limit = 50, now = NOW, session = bench.a): Promise<Batch | null> =>
  (await session.sql`select private.claim_lookups(${limit}, ${now}) as batch`)[0]?.batch;
const settle = (batch: Batch, results: Result[], now = NOW, session = bench.a) =>
  session.sql`select private.record_lookups(${session.sql.json(batch as never)}, ${session.sql.json(results as never)}, ${now})`;
const answer = (over: Record<string, unknown> = {}) => ({
  is_valid: true,
  invalid_reason: null,
  line_type: "mobile",
  carrier: "T-Mobile USA, Inc.",
  carrier_info: { type: "mobile" },
  ...over,
});
const all = (batch: Batch | null, over: Partial<Result> = { outcome: "done", answer: answer() }): Result[] =>
  (batch?.calls ?? []).map(({ subject }) => ({ subject, ...over }) as Result);
const subjects = (batch: Batch | null) => batch?.calls.map(({ subject }) => subject).sort();
const lane = async () =>
  (await bench.sql`select * from private.call_lanes where org_id = ${org.id} and service_id is null`)[0];
const calls = () =>
  bench.sql`select c.* from private.outside_calls c join private.call_lanes l on l.id = c.lane_id
    where l.org_id = ${org.id} order by c.subject`;
const phones = () =>
  bench.sql`select e164, line_type, line_type_source, carrier, is_valid, invalid_reason, looked_up_at is not null as is_looked_up
    from public.lead_phones where org_id = ${org.id} order by e164, id`;
const addPhone = (e164: string, fields: Record<string, unknown> = {}) =>
  bench.sql.begin(async (tx) => {
    const [lead] = await tx`insert into public.leads (org_id) values (${org.id}) returning id`;
    const row = { org_id: org.id, lead_id: lead?.id, e164, role: "primary", ...fields };
    await tx`insert into public.lead_phones ${tx(row)}`;
    return lead?.id as string;
  });
const messages = async () => (await bench.sql`select count(*)::int as n from pgmq.q_lookups`)[0]?.n;
/** The lease of a queue message follows the real clock, which a test can't change. */
const endLease = () => bench.sql`update pgmq.q_lookups set vt = now()`;
const openAlerts = () =>
  bench.sql`select kind, message from public.alerts where org_id = ${org.id} and resolved_at is null`;

describe("what is asked", () => {
  test("new phones, each once for all leads that have it, and only if lookups are turned on", async () => {
    const phone = phoneAt(1700);
    await addPhone(phone);
    await addPhone(phone);
    await addPhone(phoneAt(1701));
    expect((await calls()).map((call) => call.subject)).toEqual([phone, phoneAt(1701)].sort());
    await bench.sql`update public.orgs set lookup_enabled = false where id = ${org.id}`;
    await addPhone(phoneAt(1702));
    expect(await calls()).toHaveLength(2);
    expect(await wake()).toBe(0);
    await bench.sql`update public.orgs set lookup_enabled = true where id = ${org.id}`;
    expect(await wake()).toBe(1);
  });

  test("not again within 90 days: Twilio's answer is written to every lead that has the phone", async () => {
    const phone = phoneAt(1703);
    await addPhone(phone);
    await addPhone(phone);
    await wake();
    const batch = await claim();
    await settle(batch as Batch, all(batch, { outcome: "done", answer: answer({ line_type: "landline" }) }));
    await addPhone(phone);
    expect(await phones()).toEqual(
      Array(3).fill({
        e164: phone,
        line_type: "landline",
        line_type_source: "lookup",
        carrier: "T-Mobile USA, Inc.",
        is_valid: true,
        invalid_reason: null,
        is_looked_up: true,
      }),
    );
    expect(await calls()).toEqual([]);
    await bench.sql`update public.lead_phones set looked_up_at = now() - interval '91 days' where e164 = ${phone}`;
    await addPhone(phone);
    expect((await calls()).map((call) => call.subject)).toEqual([phone]);
  });

  test("a phone that became known while it waited is not looked up, costs nothing, and gets the known data", async () => {
    const phone = phoneAt(1704);
    await addPhone(phone);
    await bench.sql`update public.orgs set lookup_enabled = false where id = ${org.id}`;
    await addPhone(phone, { looked_up_at: new Date(), line_type: "voip", line_type_source: "lookup" });
    await bench.sql`update public.orgs set lookup_enabled = true where id = ${org.id}`;
    await wake();
    const batch = await claim();
    expect(batch?.known).toEqual([phone]);
    await settle(batch as Batch, [{ subject: phone, outcome: "done", is_charged: false }]);
    expect((await phones()).map((one) => one.line_type)).toEqual(["voip", "voip"]);
    expect((await lane())?.charged).toBe(0);
  });

  test("nothing of leads that were deleted while they waited, and it costs nothing", async () => {
    const id = await addPhone(phoneAt(1705));
    await addPhone(phoneAt(1706));
    await bench.sql`update public.leads set deleted_at = now() where id = ${id}`;
    await wake();
    expect(subjects(await claim())).toEqual([phoneAt(1706)]);
    expect((await lane())?.charged).toBe(1);
  });

  test("a lookup outranks a file, a person outranks both, and an unknown number makes only that phone invalid", async () => {
    const [file, person, nobody] = [phoneAt(1710), phoneAt(1711), phoneAt(1712)].sort() as [
      string,
      string,
      string,
    ];
    await addPhone(file, { line_type: "landline" });
    await addPhone(person, { line_type: "voip", line_type_source: "manual" });
    await addPhone(nobody);
    await wake();
    const batch = (await claim()) as Batch;
    const told = answer({ is_valid: false, invalid_reason: "too_short", line_type: null, carrier: null });
    await settle(batch, [
      { subject: file, outcome: "done", answer: answer() },
      { subject: person, outcome: "done", answer: answer() },
      { subject: nobody, outcome: "done", answer: told },
    ]);
    const seen = (await phones()).map(({ line_type, line_type_source, is_valid, invalid_reason }) => ({
      line_type,
      line_type_source,
      is_valid,
      invalid_reason,
    }));
    expect(seen).toEqual([
      { line_type: "mobile", line_type_source: "lookup", is_valid: true, invalid_reason: null },
      { line_type: "voip", line_type_source: "manual", is_valid: true, invalid_reason: null },
      { line_type: null, line_type_source: null, is_valid: false, invalid_reason: "lookup_too_short" },
    ]);
    const [contact] =
      await bench.sql`select invalid_reason from private.contacts where org_id = ${org.id} and e164 = ${nobody}`;
    expect(contact?.invalid_reason).toBe("lookup_too_short");
  });

  test("if Twilio does not know the line type, the file's stays", async () => {
    await addPhone(phoneAt(1713), { line_type: "landline" });
    await wake();
    const batch = (await claim()) as Batch;
    await settle(batch, all(batch, { outcome: "done", answer: answer({ line_type: null, carrier: null }) }));
    expect((await phones())[0]).toMatchObject({
      line_type: "landline",
      line_type_source: "import",
      is_looked_up: true,
    });
  });
});

describe("the budget", () => {
  test("is charged before the call, refunded for calls not made, and ends at the organisation's midnight", async () => {
    await bench.sql`update public.orgs set lookup_daily_budget = 5, time_zone = 'America/Chicago' where id = ${org.id}`;
    await arrangeLeads(bench.db, org.id, 9);
    // 23:30 and 00:30 in Chicago, long after the leads were added.
    const [evening, night] = [new Date("2027-06-11T04:30:00Z"), new Date("2027-06-11T05:30:00Z")];
    await wake(evening);
    const first = (await claim(3, evening)) as Batch;
    expect([first.calls.length, (await lane())?.charged]).toEqual([3, 3]);
    const [one, two, three] = first.calls.map(({ subject }) => subject) as [string, string, string];
    await settle(
      first,
      [
        { subject: one, outcome: "done", answer: answer() },
        { subject: two, outcome: "retry", error: "HTTP 500." },
        { subject: three, outcome: "not_asked", is_charged: false },
      ],
      evening,
    );
    expect(await lane()).toMatchObject({ charged: 2, answered: 1 });
    const second = (await claim(50, evening)) as Batch;
    expect(second.calls).toHaveLength(3);
    await settle(second, all(second), evening);
    // Spent: nothing is queued until the day ends.
    expect([(await lane())?.charged, await messages(), await wake(evening)]).toEqual([5, 0, 0]);
    expect(await wake(night)).toBe(1);
    const third = (await claim(50, night)) as Batch;
    expect(third.calls).toHaveLength(5);
    expect((await lane())?.charged).toBe(5);
  });

  test("of a batch that began before midnight is not refunded to the next day", async () => {
    await arrangeLeads(bench.db, org.id, 2);
    const [evening, night] = [new Date("2027-06-11T04:59:00Z"), new Date("2027-06-11T05:01:00Z")];
    await wake(evening);
    const batch = (await claim(1, evening)) as Batch;
    await endLease();
    await claim(1, night);
    await settle(batch, all(batch, { outcome: "not_asked", is_charged: false }), night);
    expect((await lane())?.charged).toBe(1);
  });

  test("raised in the middle of a day lets work go on", async () => {
    await bench.sql`update public.orgs set lookup_daily_budget = 1 where id = ${org.id}`;
    await arrangeLeads(bench.db, org.id, 2);
    await wake();
    const batch = (await claim()) as Batch;
    await settle(batch, all(batch));
    expect(await wake()).toBe(0);
    await bench.sql`update public.orgs set lookup_daily_budget = 2 where id = ${org.id}`;
    expect(await wake()).toBe(1);
  });
});

describe("workers", () => {
  test("two never have the same phone, and a lane has one message however often it is woken", async () => {
    await arrangeLeads(bench.db, org.id, 20);
    expect([await wake(), await wake(), await messages()]).toEqual([1, 0, 1]);
    const first = (await claim(8)) as Batch;
    expect([await claim(8, NOW, bench.b), await wake()]).toEqual([null, 0]);
    await settle(first, all(first));
    const second = (await claim(8, NOW, bench.b)) as Batch;
    expect(second.calls.filter(({ subject }) => subjects(first)?.includes(subject))).toEqual([]);
  });

  test("one that dies loses nothing: its batch is claimed again after two minutes, and only that is charged twice", async () => {
    await arrangeLeads(bench.db, org.id, 12);
    await wake();
    const dead = (await claim(5)) as Batch;
    await endLease();
    // Its queue message is visible again first, while its phones are still leased.
    const other = (await claim(50, later(NOW, 60), bench.b)) as Batch;
    expect(other.calls).toHaveLength(7);
    await settle(other, all(other), later(NOW, 61), bench.b);
    expect(await wake(later(NOW, 119))).toBe(0);
    expect(await wake(later(NOW, 121))).toBe(1);
    const again = (await claim(50, later(NOW, 121), bench.b)) as Batch;
    expect(subjects(again)).toEqual(subjects(dead));
    await settle(again, all(again), later(NOW, 122), bench.b);
    expect(await lane()).toMatchObject({ charged: 17, answered: 12 });
    // If the dead worker reports after all, nothing is counted or asked twice.
    await settle(dead, all(dead), later(NOW, 123));
    expect(await lane()).toMatchObject({ charged: 17, answered: 12, failures: 0 });
    expect(await calls()).toEqual([]);
  });
});

describe("failures", () => {
  const failOnce = async (now: Date, over: Partial<Result> = {}) => {
    await wake(now);
    const batch = (await claim(1, now)) as Batch;
    await settle(batch, all(batch, { outcome: "retry", error: "HTTP 503.", ...over }), now);
    return (await calls())[0];
  };

  test("are retried after 30 s, 1, 2, 4 minutes, plus or minus 25 %, an hour at most, and are never given up", async () => {
    await arrangeLeads(bench.db, org.id, 1);
    let now = NOW;
    for (const [i, wait] of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].entries()) {
      const call = await failOnce(now);
      expect(call).toMatchObject({ attempts: i + 1, last_error: "HTTP 503.", given_up_at: null });
      const waits = (call?.due_at.getTime() - now.getTime()) / 1000;
      expect(waits).toBeGreaterThanOrEqual(wait * 0.75);
      expect(waits).toBeLessThanOrEqual(wait * 1.25);
      now = later(call?.due_at, 1);
    }
  });

  test("are retried no sooner than the service says, and neither is any other call", async () => {
    await arrangeLeads(bench.db, org.id, 3);
    const call = await failOnce(NOW, { retry_after: 300, is_charged: false });
    expect(call?.due_at.getTime()).toBeGreaterThanOrEqual(later(NOW, 300).getTime());
    expect([(await lane())?.charged, await wake(later(NOW, 299))]).toEqual([0, 0]);
    expect(await wake(later(NOW, 301))).toBe(1);
  });

  test("twenty in a row make the lane failing, with an alert; one call in ten minutes finds out when it works again", async () => {
    await arrangeLeads(bench.db, org.id, 40);
    await wake();
    const batch = (await claim(25)) as Batch;
    const [good, ...bad] = all(batch, { outcome: "retry", error: "It did not answer within 10 s." });
    await settle(batch, [
      ...bad.slice(0, 5),
      { ...(good as Result), outcome: "done", answer: answer() },
      ...bad.slice(5),
    ]);
    expect(await lane()).toMatchObject({ failures: 19, failing_since: null });
    const more = (await claim(1)) as Batch;
    await settle(more, all(more, { outcome: "retry", error: "It did not answer within 10 s." }));
    expect((await lane())?.failing_since).toEqual(NOW);
    const [alert] = await openAlerts();
    expect(alert?.kind).toBe("lookup_failing");
    expect(alert?.message).toContain(
      "Twilio Lookup failed 20 times in a row: It did not answer within 10 s.",
    );
    expect(await wake(later(NOW, 599))).toBe(0);
    const probeAt = later(NOW, 601);
    expect(await wake(probeAt)).toBe(1);
    const probe = (await claim(50, probeAt)) as Batch;
    expect(probe.calls).toHaveLength(1);
    await settle(probe, all(probe, { outcome: "retry", error: "HTTP 500." }), probeAt);
    expect(await wake(later(probeAt, 599))).toBe(0);
    const backAt = later(probeAt, 601);
    await wake(backAt);
    const second = (await claim(50, backAt)) as Batch;
    await settle(second, all(second), backAt);
    expect(await lane()).toMatchObject({ failures: 0, failing_since: null });
    expect(await openAlerts()).toEqual([]);
    expect(((await claim(50, backAt)) as Batch).calls.length).toBeGreaterThan(1);
  });

  test("a service that refuses us is failing at once, and the phone only waits for the service", async () => {
    await arrangeLeads(bench.db, org.id, 2);
    await failOnce(NOW, { outcome: "blocked", error: "It does not accept our secret (HTTP 401)." });
    expect((await lane())?.failing_since).toEqual(NOW);
    expect((await calls()).map(({ attempts }) => attempts)).toEqual([0, 0]);
    expect(await openAlerts()).toHaveLength(1);
  });
});

describe("people", () => {
  const as = async (query: (sql: import("postgres").Sql) => PromiseLike<readonly unknown[]>) => {
    const user = await signedIn(bench.db, org.adminId);
    try {
      // biome-ignore lint/suspicious/noExplicitAny: rows of any call
      return ((await query(user.sql)) as any[])[0]?.answer;
    } finally {
      await user.end();
    }
  };
  const request = (ids: string[] | null, dryRun: boolean) =>
    as((sql) => sql`select public.request_lookups(${ids as never}::uuid[], ${dryRun}) as answer`);

  test("request lookups of new phones: counted first with the cost, then queued once", async () => {
    await bench.sql`update public.orgs set lookup_enabled = false, lookup_daily_budget = 2 where id = ${org.id}`;
    const leads = await arrangeLeads(bench.db, org.id, 5);
    const counted = {
      phones: 5,
      queued: 0,
      already_queued: 0,
      estimated_cost: 0.04,
      unit_price: 0.008,
      days: 3,
    };
    expect(await request(null, true)).toMatchObject(counted);
    await expect(request(null, false)).rejects.toMatchObject({ hint: "invalid_state" });
    expect(await calls()).toEqual([]);
    await bench.sql`update public.orgs set lookup_enabled = true where id = ${org.id}`;
    expect(await request([leads[0]?.id as string], false)).toMatchObject({ phones: 1, queued: 1 });
    expect(await messages()).toBe(1);
    expect(await request(null, false)).toMatchObject({ phones: 5, queued: 4, already_queued: 1 });
    expect(await request(null, false)).toMatchObject({ phones: 5, queued: 0, already_queued: 5 });
    expect(await calls()).toHaveLength(5);
  });

  test("see the progress", async () => {
    await arrangeLeads(bench.db, org.id, 3);
    const status = () => as((sql) => sql`select public.lookup_status() as answer`);
    expect(await status()).toMatchObject({
      queued: 3,
      done_today: 0,
      budget_left: 100,
      state: "working",
      last_error: null,
    });
    await wake();
    const batch = (await claim(2)) as Batch;
    const [one, two] = all(batch) as [Result, Result];
    await settle(
      batch,
      [one, { ...two, outcome: "retry", error: "HTTP 500.", answer: undefined }],
      new Date(),
    );
    expect(await status()).toMatchObject({
      is_enabled: true,
      queued: 2,
      done_today: 1,
      charged_today: 2,
      budget_left: 98,
      last_error: "HTTP 500.",
      state: "working",
      failures: 1,
    });
  });
});
