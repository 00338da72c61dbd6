// Nothing is claimed outside its window or in its last minute; which messages are exempt, and which are not.
import { beforeEach, expect, test } from "vitest";
import {
  AFTERNOON,
  type ArrangedLead,
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, newSid, plan, writeStop } from "../../fixtures/drive-sending.ts";
import { CENTRAL, EASTERN, local } from "../../fixtures/read-window.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let org: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  org = await arrangeOrg(bench.db, {
    fields: { cooldown_days: 0, quiet_starts: "03:00", quiet_ends: "03:01" },
  });
});

/** Texas is open until 21:00. */
const CLOSING = local("2026-06-10T21:00", CENTRAL);
const targets = () =>
  bench.sql`select state::text, reason, not_before from public.campaign_targets where org_id = ${org.id} order by ordinal`;
const charged = async () =>
  (await bench.sql`select sum(messages)::int as n from private.daily_usage where scope_id = ${org.id}`)[0]?.n;

/** One person in Texas, or with another phone, whose message was queued half an hour before the window closes. */
async function queueOne(
  fields: Record<string, unknown> = {},
  phone?: string,
  at = later(CLOSING, -1800),
): Promise<ArrangedLead> {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  const e164 = phone ?? "+12145550142";
  await bench.sql`update public.lead_phones set e164 = ${e164} where lead_id = ${lead.id}`;
  await arrangeCampaign(bench.db, org, fields);
  expect(await plan(bench.a.sql, at)).toBe(1);
  await makeDue(bench.sql);
  return { ...lead, e164 };
}

test("a message may be claimed until a minute before the window closes, and lives no longer than it", async () => {
  await queueOne();
  const [send] = await claim(bench.a.sql, { now: later(CLOSING, -60) });
  expect(send?.validity_seconds).toBe(60);
});

test("a message lives ten hours at most", async () => {
  await queueOne({}, "+12145550143");
  const [send] = await claim(bench.a.sql, { now: local("2026-06-10T09:00", CENTRAL) });
  expect(send?.validity_seconds).toBe(36_000);
});

test("in the last minute it is put off, its charge is refunded, and it is not planned before the morning", async () => {
  await queueOne();
  const now = later(CLOSING, -59);
  expect(await claim(bench.a.sql, { now })).toEqual([]);
  expect(await targets()).toMatchObject([{ state: "waiting", reason: null }]);
  expect(await charged()).toBe(0);
  expect(await plan(bench.a.sql, later(now, 1))).toBe(0);
  const morning = local("2026-06-11T09:00", CENTRAL);
  expect(await plan(bench.a.sql, later(morning, -1))).toBe(0);
  expect(await plan(bench.a.sql, morning)).toBe(1);
});

test("at night it waits until the window opens, and no longer than until a rule opens it", async () => {
  await queueOne();
  const night = local("2026-06-10T23:00", CENTRAL);
  expect(await claim(bench.a.sql, { now: night })).toEqual([]);
  expect(await targets()).toMatchObject([{ state: "waiting" }]);
  expect(await plan(bench.a.sql, local("2026-06-11T08:59", CENTRAL))).toBe(0);
  expect(await plan(bench.a.sql, local("2026-06-11T09:00", CENTRAL))).toBe(1);
});

test("nothing is planned in the last minute of a window", async () => {
  await queueOne();
  await arrangeLeads(bench.db, org.id, 1);
  await arrangeCampaign(bench.db, org, { target_criteria: { never_contacted: true } });
  await bench.sql`update public.campaign_targets set window_key = ${`${CENTRAL}|TX`} where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, later(CLOSING, -60))).toBe(0);
});

test("a rule that closes the window after planning is applied by the claim", async () => {
  await queueOne();
  await bench.sql`
    insert into public.quiet_hour_rules (org_id, state, dow, opens, closes, source, effective_from, reviewed_at)
    values (${org.id}, 'TX', 3, null, null, 'counsel', '2024-01-01', '2026-01-01')`;
  expect(await claim(bench.a.sql, { now: later(CLOSING, -1800) })).toEqual([]);
  expect(await targets()).toMatchObject([{ state: "waiting" }]);
  // It is put off only because of the rule: if the rule is withdrawn within the hour, nobody waits.
  expect(await plan(bench.a.sql, later(CLOSING, -1700))).toBe(0);
  await bench.sql`delete from public.quiet_hour_rules where org_id = ${org.id} and source = 'counsel'`;
  expect(await plan(bench.a.sql, later(CLOSING, -1600))).toBe(1);
});

test("its number's own hours close it too, and shorten its validity", async () => {
  await queueOne();
  await bench.sql`update public.phone_numbers set quiet_starts = '20:45', quiet_ends = '08:00' where org_id = ${org.id}`;
  const quarterTo = later(CLOSING, -900);
  expect(await claim(bench.a.sql, { now: later(quarterTo, -59) })).toEqual([]);
  expect(await plan(bench.a.sql, later(quarterTo, -50))).toBe(0);
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, later(quarterTo, -200))).toBe(1);
  await makeDue(bench.sql);
  const [send] = await claim(bench.a.sql, { now: later(quarterTo, -90) });
  expect(send?.validity_seconds).toBe(90);
});

test("the override is honoured against a simulator only; anywhere else quiet hours hold and an alert says so", async () => {
  await queueOne({ quiet_hours_override: true });
  const night = local("2026-06-10T23:30", CENTRAL);
  expect(await claim(bench.a.sql, { now: night, loopback: false })).toEqual([]);
  const [alert] = await bench.sql`select kind, campaign_id from public.alerts where org_id = ${org.id}`;
  expect(alert).toMatchObject({ kind: "quiet_hours_override_refused" });
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  // It is planned by the hours that claims enforce, until a person resolves the alert.
  expect(await plan(bench.a.sql, night)).toBe(0);
  await bench.sql`update public.alerts set resolved_at = now() where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, night)).toBe(1);
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: night, loopback: true })).toHaveLength(1);
});

test("Florida's third text within 24 hours is the last", async () => {
  const now = local("2026-06-10T15:00", EASTERN);
  const lead = await queueOne({}, "+13055550142", now);
  const sent = (hours: number, status = "delivered", kind = "campaign") => bench.sql`
    insert into public.messages (org_id, kind, step, from_number, to_number, status, created_at)
    values (${org.id}, ${kind}, ${kind === "campaign" ? 1 : null}, '+12065550100', ${lead.e164}, ${status}::public.message_status, ${later(now, -hours * 3600)})`;
  for (const hours of [1, 23, 25]) await sent(hours);
  await sent(2, "failed");
  await sent(2, "canceled");
  await bench.a.begin();
  expect(await claim(bench.a.sql, { now })).toHaveLength(1);
  await bench.a.rollback();
  await sent(3, "unknown");
  expect(await claim(bench.a.sql, { now })).toEqual([]);
  expect((await targets())[0]).toMatchObject({ state: "waiting", not_before: later(now, 3600) });
  // Planning sees it as well.
  await bench.sql`update public.campaign_targets set not_before = '-infinity' where org_id = ${org.id}`;
  expect(await plan(bench.a.sql, now)).toBe(0);
  expect(await plan(bench.a.sql, later(now, 21 * 3600))).toBe(1);
});

const inbound = (lead: ArrangedLead, kind: string, now: Date) => bench.b.sql`
  select private.receive_inbound(${org.accountSid}, ${newSid()}, ${lead.e164}, ${org.numbers[0]?.e164 ?? ""}, ${kind}, '{}', ${kind},
    'exact', false, 'es', false, ${kind}, ${now})`;

test("the one confirmation of a STOP is sent at night to the suppressed person; a campaign's message is not", async () => {
  const lead = await queueOne();
  const night = local("2026-06-10T23:30", CENTRAL);
  await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", night);
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: later(night, 1) });
  expect(sends.map((send) => [send.kind, send.to_number])).toEqual([["auto_reply", lead.e164]]);
  // A second STOP is not answered.
  await writeStop(bench.b.sql, org.accountSid, lead.e164, org.numbers[0]?.e164 ?? "", later(night, 60));
  expect(
    await bench.sql`select 1 from public.messages where to_number = ${lead.e164} and kind = 'auto_reply'`,
  ).toHaveLength(1);
});

test("an answer to HELP is sent at night, but not after a STOP", async () => {
  const [one, two] = (await arrangeLeads(bench.db, org.id, 2)) as [ArrangedLead, ArrangedLead];
  const night = local("2026-06-10T23:30", CENTRAL);
  await inbound(one, "help", night);
  await inbound(two, "help", night);
  await bench.b.sql`select 1`;
  await writeStop(bench.b.sql, org.accountSid, two.e164, org.numbers[0]?.e164 ?? "", later(night, 1));
  await makeDue(bench.sql);
  const sends = await claim(bench.a.sql, { now: later(night, 2) });
  const kinds = await bench.sql`
    select m.to_number, m.exempt from public.messages m where m.id = any (${sends.map((send) => send.message_id)}::uuid[]) order by m.exempt`;
  expect(kinds).toEqual([
    { to_number: two.e164, exempt: "confirmation" },
    { to_number: one.e164, exempt: "conversation" },
  ]);
  const [dropped] = await bench.sql`
    select status::text, error_message from public.messages where to_number = ${two.e164} and exempt = 'conversation'`;
  expect(dropped).toEqual({ status: "canceled", error_message: "suppressed" });
});

test("an answer to a person who last wrote over 24 hours ago waits for the morning", async () => {
  const [lead] = (await arrangeLeads(bench.db, org.id, 1)) as [ArrangedLead];
  await inbound(lead, "help", AFTERNOON);
  await makeDue(bench.sql);
  const night = local("2026-06-12T03:30", CENTRAL);
  expect(await claim(bench.a.sql, { now: night })).toEqual([]);
  const [queued] =
    await bench.sql`select count(*)::int from pgmq.q_replies where vt > now() + interval '30 minutes'`;
  expect(queued?.count).toBe(1);
  await makeDue(bench.sql);
  expect(await claim(bench.a.sql, { now: local("2026-06-12T12:00", CENTRAL) })).toHaveLength(1);
});
