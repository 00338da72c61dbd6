// Twilio's data about an account (A2P registrations and balances): when it is read, what is kept, and what it stops.
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
import { runGuard } from "../../fixtures/run-guard.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  await bench.sql`update private.account_checks set due_at = 'infinity'`;
  org = await arrangeOrg(bench.db);
});

const MG = `MG${"1".repeat(32)}`;
const MG2 = `MG${"2".repeat(32)}`;
const minutes = (n: number) => later(AFTERNOON, n * 60);

const useService = (sid: string | null) =>
  bench.sql`select private.set_twilio_account(${org.id}, ${org.accountSid}, 'token', ${sid})`;
const due = async (now = AFTERNOON) =>
  (await bench.a.sql`select * from private.due_account_checks(10, ${now})`).map(
    ({ check_balance, messaging_service_sids }) => ({ check_balance, messaging_service_sids }),
  );
const isDue = async (now = AFTERNOON) =>
  (await bench.a.sql`select private.due_work('5 seconds', ${now}) ->> 'accounts' as due`)[0]?.due === "true";
const record = (check: Record<string, unknown>, now = AFTERNOON) =>
  bench.a.sql`select private.record_account_check(${org.id}, ${bench.a.sql.json(check as never)}, ${now})`;
const registration = (status: string, sid = MG, errors: unknown[] = []) => ({
  messaging_service_sid: sid,
  status,
  campaign_sid: `QE${"0".repeat(32)}`,
  brand_sid: null,
  use_case: "MIXED",
  rate_limits: { att: { mps: 4 } },
  errors,
});
const guard = (now = AFTERNOON) => runGuard(bench.holder.sql, now);
const openAlerts = async () =>
  (
    await bench.sql`select kind from public.alerts where org_id = ${org.id} and resolved_at is null order by kind`
  ).map((a) => a.kind);
const statusOf = async (id: string) =>
  (await bench.sql`select status::text, needs_attention from public.campaigns where id = ${id}`)[0];
async function asAdmin(call: "start_campaign" | "resume_campaign", id: string, now = AFTERNOON) {
  const user = await signedIn(bench.db, org.adminId);
  try {
    await user.sql`select ${user.sql(`private.${call}`)}(${id}, p_now => ${now})`;
    return "done";
  } catch (error) {
    const { hint, message } = error as { hint: string; message: string };
    return `${hint}: ${message}`;
  } finally {
    await user.end();
  }
}

describe("when Twilio is asked", () => {
  test("an account without messaging service and campaigns: never", async () => {
    expect(await due()).toEqual([]);
    expect(await isDue(minutes(100_000))).toBe(false);
  });

  test("the registration of a new messaging service: at once, daily when verified, every 10 minutes when not", async () => {
    await useService(MG);
    expect(await isDue()).toBe(true);
    expect(await due()).toEqual([{ check_balance: false, messaging_service_sids: [MG] }]);
    // By one worker at a time, and again if that one died.
    expect([await isDue(), await due()]).toEqual([false, []]);
    expect(await due(minutes(1))).toHaveLength(1);
    await record({ services: [registration("VERIFIED")] }, minutes(1));
    expect(await isDue(minutes(60 * 23))).toBe(false);
    expect(await due(minutes(60 * 24 + 1))).toHaveLength(1);
    await record({ services: [registration("PENDING")] }, minutes(60 * 24 + 1));
    expect(await isDue(minutes(60 * 24 + 10))).toBe(false);
    expect(await due(minutes(60 * 24 + 11))).toHaveLength(1);
  });

  test("a number's own service: at once too, and the other service is not asked again", async () => {
    await useService(MG);
    await due();
    await record({ services: [registration("VERIFIED")] });
    await arrangeNumber(bench.sql, org.id, { messaging_service_sid: MG2 });
    expect(await due(minutes(1))).toEqual([{ check_balance: false, messaging_service_sids: [MG2] }]);
  });

  test("the balance: while a campaign runs, at most every 10 minutes, however often one is started", async () => {
    await arrangeLeads(bench.db, org.id, 3);
    const campaign = await arrangeCampaign(bench.db, org, { status: "ready" });
    expect(await due()).toEqual([]);
    expect(await asAdmin("start_campaign", campaign)).toBe("done");
    expect(await due()).toEqual([{ check_balance: true, messaging_service_sids: [] }]);
    await record({ balance: "100.5", currency: "USD" });
    const second = await arrangeCampaign(bench.db, org, { status: "ready" });
    expect(await asAdmin("start_campaign", second, minutes(1))).toBe("done");
    expect(await due(minutes(1))).toEqual([]);
    expect(await isDue(minutes(9))).toBe(false);
    expect(await due(minutes(10))).toHaveLength(1);
    await record({ balance: "99", currency: "USD" }, minutes(10));
    await bench.sql`update public.campaigns set status = 'paused' where org_id = ${org.id}`;
    expect(await due(minutes(20))).toEqual([]);
    expect(await isDue(minutes(10_000))).toBe(false);
  });

  test("no balance if no organisation wants it, and nothing for an account whose token is not stored", async () => {
    await arrangeLeads(bench.db, org.id, 3);
    await bench.sql`update public.sending_limits set min_balance = null where org_id = ${org.id}`;
    const campaign = await arrangeCampaign(bench.db, org, { status: "ready" });
    await asAdmin("start_campaign", campaign);
    expect(await due()).toEqual([]);
    await useService(MG);
    const [token] =
      await bench.sql`select auth_token_secret_id as id from public.twilio_accounts where org_id = ${org.id}`;
    const store = (id: string | null) =>
      bench.sql`update public.twilio_accounts set auth_token_secret_id = ${id} where org_id = ${org.id}`;
    await store(null);
    expect(await due()).toEqual([]);
    expect(await isDue()).toBe(false);
    await store(token?.id);
    expect(await due()).toHaveLength(1);
  });

  test("after failures: in 10, 20, 40 seconds and so on, an alert from the fifth on, gone with the first success", async () => {
    await useService(MG);
    let now = AFTERNOON;
    for (const [wait, alerts] of [
      [10, []],
      [20, []],
      [40, []],
      [80, []],
      [160, ["account_check_failed"]],
      [320, ["account_check_failed"]],
    ] as const) {
      expect(await due(now)).toHaveLength(1);
      await record({ services: [], error: "HTTP 503 from Twilio" }, now);
      expect(await openAlerts()).toEqual(alerts);
      expect(await isDue(later(now, wait - 1))).toBe(false);
      now = later(now, wait);
      expect(await isDue(now)).toBe(true);
    }
    const [alert] = await bench.sql`select message from public.alerts where org_id = ${org.id}`;
    expect(alert?.message).toContain("HTTP 503 from Twilio");
    await due(now);
    await record({ services: [registration("VERIFIED")] }, now);
    expect(await openAlerts()).toEqual([]);
  });

  test("another account: what was known of the first is forgotten", async () => {
    await useService(MG);
    await record({ balance: "5", currency: "USD", services: [registration("VERIFIED")] });
    await bench.sql`select private.set_twilio_account(${org.id}, ${`AC${"a".repeat(31)}b`}, 'token', ${MG})`;
    const [row] = await bench.sql`
      select balance, (select count(*)::int from public.a2p_registrations r where r.org_id = a.org_id) as registrations
      from public.twilio_accounts a where org_id = ${org.id}`;
    expect(row).toEqual({ balance: null, registrations: 0 });
    expect(await due(minutes(1))).toEqual([{ check_balance: false, messaging_service_sids: [MG] }]);
  });
});

describe("A2P registration", () => {
  let campaign: string;
  beforeEach(async () => {
    await arrangeLeads(bench.db, org.id, 3);
    campaign = await arrangeCampaign(bench.db, org, { status: "ready" });
  });

  test("plain numbers start without one, unless the organisation asks for it", async () => {
    await bench.sql`update public.sending_limits set a2p_required = true where org_id = ${org.id}`;
    expect(await asAdmin("start_campaign", campaign)).toMatch(
      /^a2p_not_verified: \+1\d+ is in no messaging service/,
    );
    await bench.sql`update public.sending_limits set a2p_required = false where org_id = ${org.id}`;
    expect(await asAdmin("start_campaign", campaign)).toBe("done");
  });

  test("of a messaging service: before it is read, start asks to try again in a moment; then it follows the result", async () => {
    await useService(MG);
    expect(await asAdmin("start_campaign", campaign)).toBe(
      `a2p_not_checked: The A2P registration of messaging service ${MG} is being read from Twilio. Try again in a moment.`,
    );
    for (const status of ["PENDING", "IN_PROGRESS", "NONE", "FAILED"]) {
      await record({
        services: [registration(status, MG, status === "FAILED" ? [{ error_code: 30951 }] : [])],
      });
      expect(await asAdmin("start_campaign", campaign)).toMatch(
        `a2p_not_verified: The A2P registration of messaging service ${MG} is ${status}${status === "FAILED" ? " (30951)" : ""}.`,
      );
    }
    await record({ services: [registration("VERIFIED")] });
    // A registration that could not be read for two days counts as unknown.
    expect(await asAdmin("start_campaign", campaign, minutes(60 * 48 + 1))).toMatch(/^a2p_not_checked/);
    expect(await asAdmin("start_campaign", campaign)).toBe("done");
  });

  test("only of the services this campaign sends through; toll-free numbers need none", async () => {
    await useService(MG);
    await record({ services: [registration("FAILED")] });
    const own = await arrangeNumber(bench.sql, org.id, { messaging_service_sid: MG2 });
    const tollFree = await arrangeNumber(bench.sql, org.id, { e164: "+18885550100" });
    await record({ services: [registration("VERIFIED", MG2)] });
    expect(await asAdmin("start_campaign", campaign)).toMatch(/^a2p_not_verified/);
    for (const { id } of [own, tollFree]) {
      await bench.sql`insert into public.campaign_phone_numbers values (${org.id}, ${campaign}, ${id})`;
    }
    expect(await asAdmin("start_campaign", campaign)).toBe("done");
    expect(await guard()).toEqual([]);
  });

  test("no longer verified while campaigns run: paused with one alert, not resumed before it is verified again", async () => {
    await useService(MG);
    await record({ services: [registration("VERIFIED")] });
    const second = await arrangeCampaign(bench.db, org);
    expect(await asAdmin("start_campaign", campaign)).toBe("done");
    expect(await guard()).toEqual([]);
    await record({ services: [registration("FAILED")] }, minutes(1));
    expect((await guard(minutes(1))).sort()).toEqual([campaign, second].sort());
    expect(await statusOf(campaign)).toEqual({
      status: "paused",
      needs_attention: expect.stringContaining(`messaging service ${MG} is FAILED`),
    });
    expect(await openAlerts()).toEqual(["a2p_not_verified"]);
    expect(await asAdmin("resume_campaign", campaign, minutes(2))).toMatch(/^a2p_not_verified/);
    await record({ services: [registration("VERIFIED")] }, minutes(12));
    expect(await openAlerts()).toEqual([]);
    expect(await asAdmin("resume_campaign", campaign, minutes(12))).toBe("done");
    expect(await guard(minutes(12))).toEqual([]);
  });

  test("one that is only read late stops no running campaign", async () => {
    await useService(MG);
    await record({ services: [registration("VERIFIED")] });
    await asAdmin("start_campaign", campaign);
    expect(await guard(minutes(60 * 72))).toEqual([]);
  });

  test("a scheduled campaign whose time comes while it is not verified is paused there, with an alert", async () => {
    await bench.sql`update public.campaigns set scheduled_at = ${minutes(5)} where id = ${campaign}`;
    await useService(MG);
    expect(await asAdmin("start_campaign", campaign)).toBe("done");
    expect((await statusOf(campaign))?.status).toBe("scheduled");
    await record({ services: [registration("PENDING")] });
    await bench.holder.sql`select private.start_scheduled(${minutes(5)})`;
    expect(await statusOf(campaign)).toEqual({
      status: "paused",
      needs_attention: expect.stringContaining("PENDING"),
    });
    expect(await openAlerts()).toEqual(["start_refused"]);
    await record({ services: [registration("VERIFIED")] }, minutes(15));
    expect(await asAdmin("resume_campaign", campaign, minutes(15))).toBe("done");
    expect([(await statusOf(campaign))?.status, await openAlerts()]).toEqual(["running", []]);
  });
});

describe("balance", () => {
  let campaign: string;
  beforeEach(async () => {
    await arrangeLeads(bench.db, org.id, 3);
    campaign = await arrangeCampaign(bench.db, org);
  });

  test.each([
    ["10", "running"],
    ["9.99999", "paused"],
    ["-3.5", "paused"],
  ])("%s with the default minimum of 10: %s", async (balance, status) => {
    await record({ balance, currency: "USD" });
    await guard();
    expect((await statusOf(campaign))?.status).toBe(status);
    expect(await openAlerts()).toEqual(status === "paused" ? ["balance_low"] : []);
  });

  test("paid in: resumed, it is read again at once, and the old reading stops nothing", async () => {
    await record({ balance: "2", currency: "EUR" });
    expect(await guard()).toEqual([campaign]);
    expect(await statusOf(campaign)).toEqual({
      status: "paused",
      needs_attention:
        "The balance at Twilio is 2.00 EUR, under your minimum of 10.00. Pay in at Twilio, then resume.",
    });
    expect(await due(minutes(3))).toEqual([]);
    expect(await asAdmin("resume_campaign", campaign, minutes(4))).toBe("done");
    expect(await guard(minutes(4))).toEqual([]);
    expect(await due(minutes(4))).toEqual([{ check_balance: true, messaging_service_sids: [] }]);
    await record({ balance: "52.10", currency: "EUR" }, minutes(4));
    expect(await guard(minutes(5))).toEqual([]);
    expect(await openAlerts()).toEqual([]);
  });

  test("resumed without paying in: the next reading stops it again", async () => {
    await record({ balance: "2", currency: "USD" });
    await guard();
    await asAdmin("resume_campaign", campaign, minutes(4));
    await record({ balance: "2", currency: "USD" }, later(minutes(4), 1));
    expect(await guard(minutes(5))).toEqual([campaign]);
  });
});
