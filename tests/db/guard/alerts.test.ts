// Alerts resolve with their cause; those that only a person can settle stay until one does. Stuck work gets one.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { runGuard } from "../../fixtures/run-guard.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
let campaign: string;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db);
  campaign = await arrangeCampaign(bench.db, org, { status: "ready" });
});

const open = async () =>
  (await bench.sql`select kind from public.alerts where org_id = ${org.id} and resolved_at is null`).map(
    (a) => a.kind,
  );
const number = () => org.numbers[0]?.id as string;
const later15 = later(AFTERNOON, 15);

/** Each kind with its cause when the alert is raised, and the way to remove the cause. */
const CAUSES: [kind: string, cause: () => Promise<unknown>, gone: () => Promise<unknown>][] = [
  ["campaign_paused", () => setStatus("paused"), () => setStatus("running")],
  ["campaign_paused", () => setStatus("paused"), () => setStatus("stopped")],
  ["breaker_tripped", () => setStatus("paused"), () => setStatus("stopped")],
  ["start_refused", () => setStatus("paused"), () => setStatus("stopped")],
  [
    "campaign_stalled",
    async () => {
      await setStatus("running");
      await bench.sql`update public.campaigns set needs_attention = 'no numbers' where id = ${campaign}`;
    },
    () => setStatus("stopped"),
  ],
  [
    "quiet_hours_override_refused",
    () =>
      bench.sql`update public.campaigns set quiet_hours_override = true, status = 'running' where id = ${campaign}`,
    () => bench.sql`update public.campaigns set quiet_hours_override = false where id = ${campaign}`,
  ],
  [
    "number_quarantined",
    () => bench.sql`update public.phone_numbers set status = 'quarantined' where id = ${number()}`,
    () => bench.sql`update public.phone_numbers set status = 'active' where id = ${number()}`,
  ],
  [
    "number_queue_full",
    () =>
      bench.sql`update private.number_pace set resting_until = ${later(AFTERNOON, 60)} where phone_number_id = ${number()}`,
    () =>
      bench.sql`update private.number_pace set resting_until = ${AFTERNOON} where phone_number_id = ${number()}`,
  ],
  [
    "account_daily_limit",
    () =>
      bench.sql`update private.org_pace set resting_until = ${later(AFTERNOON, 60)} where org_id = ${org.id}`,
    () => bench.sql`update private.org_pace set resting_until = ${AFTERNOON} where org_id = ${org.id}`,
  ],
  [
    "spending_limit_reached",
    () => bench.sql`update public.sending_limits set daily_spending_limit = 0 where org_id = ${org.id}`,
    () => bench.sql`update public.sending_limits set daily_spending_limit = null where org_id = ${org.id}`,
  ],
  [
    "balance_low",
    () =>
      bench.sql`update public.twilio_accounts set balance = 1, balance_checked_at = ${AFTERNOON} where org_id = ${org.id}`,
    () => bench.sql`update public.sending_limits set min_balance = null where org_id = ${org.id}`,
  ],
  [
    "a2p_not_verified",
    () =>
      bench.sql`insert into public.a2p_registrations (org_id, messaging_service_sid, status, checked_at) values (${org.id}, ${`MG${"1".repeat(32)}`}, 'FAILED', ${AFTERNOON})`,
    () => bench.sql`update public.a2p_registrations set status = 'VERIFIED' where org_id = ${org.id}`,
  ],
  [
    "account_check_failed",
    () => bench.sql`update private.account_checks set failures = 3 where org_id = ${org.id}`,
    () => bench.sql`update private.account_checks set failures = 0 where org_id = ${org.id}`,
  ],
];

async function setStatus(status: string): Promise<void> {
  const finished = ["completed", "stopped"].includes(status) ? AFTERNOON : null;
  await bench.sql`update public.campaigns set status = ${status}, finished_at = ${finished} where id = ${campaign}`;
}

test.each(CAUSES)("%s stays while its cause does, and resolves with it", async (kind, cause, gone) => {
  await cause();
  await bench.sql`select private.raise_alert(${org.id}, ${kind}, 'critical', 'why', ${campaign}, ${number()})`;
  await bench.holder.sql`select private.resolve_alerts(${later15})`;
  expect(await open()).toEqual([kind]);
  await gone();
  await bench.holder.sql`select private.resolve_alerts(${later15})`;
  expect(await open()).toEqual([]);
  const [alert] =
    await bench.sql`select resolved_at, resolved_by from public.alerts where org_id = ${org.id}`;
  expect(alert).toEqual({ resolved_at: later15, resolved_by: null });
});

test.each(["message_refused", "double_send", "send_unanswered", "reply_not_sent", "figures_do_not_add_up"])(
  "%s waits for a person",
  async (kind) => {
    await bench.sql`select private.raise_alert(${org.id}, ${kind}, 'warning', 'why', ${campaign})`;
    await setStatus("stopped");
    await bench.holder.sql`select private.resolve_alerts(${later(AFTERNOON, 86_400)})`;
    expect(await open()).toEqual([kind]);
  },
);

test("send_unclear resolves once the message is settled", async () => {
  const [message] = await bench.sql`
    insert into public.messages (org_id, kind, phone_number_id, from_number, to_number, content, status)
    values (${org.id}, 'reply', ${number()}, '+12145550100', '+12145550101', 'Hola', 'unknown') returning id`;
  await bench.sql`select private.raise_alert(${org.id}, 'send_unclear', 'warning', 'why', null, null, ${bench.sql.json({ message_id: message?.id })})`;
  await bench.holder.sql`select private.resolve_alerts(${AFTERNOON})`;
  expect(await open()).toEqual(["send_unclear"]);
  await bench.sql`update public.messages set status = 'sent' where id = ${message?.id}`;
  await bench.holder.sql`select private.resolve_alerts(${AFTERNOON})`;
  expect(await open()).toEqual([]);
});

test("an audience without progress for ten minutes raises an alert, which resolves once it goes on", async () => {
  await setStatus("building");
  const [row] = await bench.sql`select updated_at from public.campaigns where id = ${campaign}`;
  const begun: Date = row?.updated_at;
  await runGuard(bench.holder.sql, later(begun, 599));
  expect(await open()).toEqual([]);
  await runGuard(bench.holder.sql, later(begun, 601));
  await runGuard(bench.holder.sql, later(begun, 616));
  expect(await open()).toEqual(["build_stuck"]);
  const attention = async () =>
    (await bench.sql`select needs_attention from public.campaigns where id = ${campaign}`)[0]
      ?.needs_attention;
  expect(await attention()).toContain("10 minutes");
  await setStatus("ready");
  await runGuard(bench.holder.sql, later(begun, 630));
  expect([await open(), await attention()]).toEqual([[], null]);
});

test("old rows are removed: traffic and marks after a day, resolved alerts after half a year", async () => {
  const hours = (n: number) => later(AFTERNOON, n * 3600);
  await bench.sql`insert into private.number_traffic values (${number()}, ${hours(-26)}, 1), (${number()}, ${hours(-24)}, 1)`;
  for (const at of [-72, -48, -25, -23, 0]) {
    await bench.sql`insert into private.campaign_marks values (${campaign}, ${hours(at)}, 0, 0, 0, 0)`;
  }
  await bench.sql`select private.raise_alert(${org.id}, 'double_send', 'critical', 'why')`;
  await bench.sql`update public.alerts set resolved_at = ${hours(-181 * 24)} where org_id = ${org.id}`;
  await bench.sql`select private.raise_alert(${org.id}, 'double_send', 'critical', 'why')`;
  await bench.holder.sql`select private.prune_guard(${AFTERNOON})`;
  const [left] = await bench.sql`
    select array(select t.bin from private.number_traffic t where t.phone_number_id = ${number()}) as bins,
      array(select m.taken_at from private.campaign_marks m where m.campaign_id = ${campaign} order by 1) as marks,
      (select count(*)::int from public.alerts where org_id = ${org.id}) as alerts`;
  // The last 24 hours are counted from the newest mark that is a day old.
  expect(left).toEqual({ bins: [hours(-24)], marks: [hours(-25), hours(-23), hours(0)], alerts: 1 });
});
