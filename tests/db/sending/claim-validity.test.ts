// How long a claimed message is valid at Twilio: never past the window of the person and of our number, ten hours at most.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, plan } from "../../fixtures/drive-sending.ts";
import { CENTRAL, EASTERN, local } from "../../fixtures/read-window.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, {
    numbers: 1,
    fields: { cooldown_days: 0, quiet_starts: "03:00", quiet_ends: "03:01" },
  });
});

/** One person's message, planned half an hour before it is claimed or a minute after this opens, whichever is later. */
async function queueOne(
  phone: string,
  plannedAt: Date,
  fields: Record<string, unknown> = {},
  state?: string,
) {
  const [lead] = await arrangeLeads(bench.db, org.id, 1, state ? { state } : {});
  await bench.sql`update public.lead_phones set e164 = ${phone} where lead_id = ${lead?.id ?? ""}`;
  await arrangeCampaign(bench.db, org, fields);
  expect(await plan(bench.a.sql, plannedAt)).toBe(1);
  await makeDue(bench.sql);
}
const validity = async (now: Date, loopback = false) =>
  (await claim(bench.a.sql, { now, loopback })).map((send) => send.validity_seconds);

/** The one target waits, and is planned at this time and not before. */
async function expectWaitingUntil(opening: Date): Promise<void> {
  const targets =
    await bench.sql`select state::text, reason from public.campaign_targets where org_id = ${org.id}`;
  expect(targets).toEqual([{ state: "waiting", reason: null }]);
  expect(await plan(bench.a.sql, later(opening, -1))).toBe(0);
  expect(await plan(bench.a.sql, opening)).toBe(1);
}

/** Texas is open from 9 to 21. */
const [OPENING, CLOSING] = [local("2026-06-10T09:00", CENTRAL), local("2026-06-10T21:00", CENTRAL)];

describe("the window closes in", () => {
  test.each([
    [59, null],
    [59.999, null],
    [60, 60],
    [60.5, 60],
    [61, 61],
    [61.999, 61],
    [90, 90],
    [119, 119],
    [600, 600],
    [3_600, 3_600],
    [3 * 3_600 + 7, 3 * 3_600 + 7],
    [35_999, 35_999],
    [36_000, 36_000],
    [36_001, 36_000],
    [43_200, 36_000],
  ])("%d s: it lives %d s", async (seconds, expected) => {
    const now = later(CLOSING, -seconds);
    const plannedAt = new Date(Math.max(OPENING.getTime(), now.getTime() - 1_800_000));
    await queueOne("+12145550142", plannedAt);
    expect(await validity(now)).toEqual(expected === null ? [] : [expected]);
  });
});

const AT = local("2026-06-10T15:00", CENTRAL);
/** Minutes of the person's window that are left at 15:00 Central, and of the number's own; the shorter counts. */
const HOURS = (quiet_starts: string, quiet_ends = "08:00", time_zone = CENTRAL) => ({
  quiet_starts,
  quiet_ends,
  time_zone,
});
describe("the hours of the number, of another state, of the organisation", () => {
  test.each([
    ["the number's end first", HOURS("15:30"), undefined, 1_800],
    ["the number's end in a minute", HOURS("15:01"), undefined, 60],
    ["the number's end after the person's", HOURS("22:00"), undefined, 21_600],
    ["the number's, in its own zone", HOURS("16:30", "08:00", EASTERN), undefined, 1_800],
    ["the number's, open over midnight", HOURS("02:00", "08:00"), undefined, 21_600],
    ["an address in Rhode Island: 18:00 Eastern", HOURS("22:00"), "RI", 7_200],
    ["an address in Rhode Island, the number first", HOURS("16:00"), "RI", 3_600],
    ["an address in Florida: 20:00 Eastern", HOURS("22:00"), "FL", 14_400],
  ])("%s", async (_name, hours, state, seconds) => {
    await bench.sql`update public.phone_numbers set ${bench.sql(hours)} where org_id = ${org.id}`;
    await queueOne("+12145550142", later(AT, -1), {}, state);
    expect(await validity(AT)).toEqual([seconds]);
  });
  test("the organisation's end first", async () => {
    await bench.sql`update public.orgs set quiet_starts = '17:00', quiet_ends = '08:00' where id = ${org.id}`;
    await queueOne("+12145550142", later(AT, -1));
    expect(await validity(AT)).toEqual([7_200]);
  });
  test("a number whose hours end within a minute sends nothing, and its people wait", async () => {
    await queueOne("+12145550142", later(AT, -60));
    await bench.sql`update public.phone_numbers set quiet_starts = '15:00:59', quiet_ends = '08:00' where org_id = ${org.id}`;
    expect(await validity(AT)).toEqual([]);
    const [target] =
      await bench.sql`select state::text from public.campaign_targets where org_id = ${org.id}`;
    expect(target?.state).toBe("waiting");
  });
});

test("with an override against a simulator it lives ten hours at any time, and in the last minute", async () => {
  await queueOne("+12145550142", later(CLOSING, -120), { quiet_hours_override: true });
  expect(await validity(later(CLOSING, -30), true)).toEqual([36_000]);
});
test("an override that is not honoured has no effect: the window's end counts", async () => {
  await queueOne("+12145550142", later(CLOSING, -120), { quiet_hours_override: true });
  expect(await validity(later(CLOSING, -90))).toEqual([90]);
});

test("a window that closes between plan and claim keeps its message for the morning", async () => {
  await queueOne("+12145550142", later(CLOSING, -120));
  expect(await validity(later(CLOSING, 30))).toEqual([]);
  const [message] =
    await bench.sql`select status::text, error_message from public.messages where org_id = ${org.id}`;
  expect(message).toEqual({ status: "canceled", error_message: "quiet_hours" });
  await expectWaitingUntil(local("2026-06-11T09:00", CENTRAL));
});

test("a rule that changes between plan and claim counts at the claim, and so does changing it back", async () => {
  await queueOne("+12145550142", later(AT, -60));
  await bench.sql`
    insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, source, effective_from, reviewed_at)
    values (${org.id}, 'TX', 3, '17:00', '18:00', 'counsel', '2024-01-01', '2026-01-01')`;
  expect(await validity(AT)).toEqual([]);
  expect(await plan(bench.a.sql, later(AT, 1))).toBe(0);
  await bench.sql`update public.quiet_hour_rules set opens = '09:00' where org_id = ${org.id}`;
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, later(AT, 1))).toBe(1);
  await makeDue(bench.sql);
  expect(await validity(later(AT, 2))).toEqual([3 * 3_600 - 2]);
});

describe("a lead whose mailing address moves while their message waits", () => {
  const move = (state: string | null) =>
    bench.sql`update public.leads set state = ${state} where org_id = ${org.id}`;
  test("to Hawaii, where it is 10 in the morning, does not wait, but its validity follows both places", async () => {
    await queueOne("+12145550142", later(AT, -1));
    await move("HI");
    expect(await validity(AT)).toEqual([21_600 - 3_600]);
  });
  test("to Guam, where it is night, waits for the morning there", async () => {
    await queueOne("+12145550142", later(AT, -1));
    await move("GU");
    expect(await validity(AT)).toEqual([]);
    // 9 in Guam is 18:00 Central.
    await expectWaitingUntil(local("2026-06-10T18:00", CENTRAL));
  });
  test("away from a closed state is written to, and a message already being sent keeps its window", async () => {
    await queueOne("+12145550142", later(AT, -1), {}, "TX");
    const key = async () =>
      (await bench.sql`select window_key from public.campaign_targets where org_id = ${org.id}`)[0]
        ?.window_key;
    expect(await key()).toBe("America/Chicago,America/Denver|TX");
    await move("NY");
    expect(await key()).toBe("America/Chicago,America/New_York|NY,TX");
    await move(null);
    expect(await key()).toBe("America/Chicago|TX");
    await bench.sql`update public.campaign_targets set state = 'sent', delivery = 'unconfirmed' where org_id = ${org.id}`;
    await move("GU");
    expect(await key()).toBe("America/Chicago|TX");
  });
  test("locks the contact before the lead and its targets, as a STOP does", async () => {
    await queueOne("+12145550142", later(AT, -1));
    const admin = await signedIn(bench.db, org.adminId);
    const [lead] = await bench.sql`select id from public.leads where org_id = ${org.id}`;
    await bench.holder.begin();
    await bench.holder
      .sql`select 1 from private.contacts where org_id = ${org.id} and e164 = '+12145550142' for no key update`;
    const moved = admin.sql`select public.update_lead(${lead?.id}, '{"state": "NY"}')`.execute();
    await admin.blocked(bench.holder);
    // While it waits, it has locked neither.
    await bench.holder.sql`select 1 from public.leads where org_id = ${org.id} for no key update nowait`;
    await bench.holder
      .sql`select 1 from public.campaign_targets where org_id = ${org.id} for no key update nowait`;
    await bench.holder.commit();
    await moved;
    const [target] = await bench.sql`select window_key from public.campaign_targets where org_id = ${org.id}`;
    expect(target?.window_key).toBe("America/Chicago,America/New_York|NY,TX");
  });
});
