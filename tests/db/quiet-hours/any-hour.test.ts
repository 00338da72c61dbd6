// Sending at any hour is for simulators. A caller can't decide whether Twilio is one, and planning follows what the claim will
// do.
import { beforeEach, expect, test } from "vitest";
import {
  type ArrangedOrg,
  arrangeCampaign,
  arrangeLeads,
  arrangeOrg,
  later,
  signedIn,
} from "../../fixtures/arrange-sending.ts";
import { claim, makeDue, plan } from "../../fixtures/drive-sending.ts";
import type { Session } from "../../fixtures/open-session.ts";
import { CENTRAL, local } from "../../fixtures/read-window.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
const NIGHT = local("2026-06-10T23:30", CENTRAL);
const MORNING = local("2026-06-11T10:00", CENTRAL);
let org: ArrangedOrg;
let admin: Session;
beforeEach(async () => {
  await bench.clear();
  await setLoopback("true");
  org = await arrangeOrg(bench.db);
  await arrangeLeads(bench.db, org.id, 50);
  // All are in one place, whose hours the test uses.
  await bench.sql`
    update public.lead_phones p set e164 = '+1214555' || lpad((100 + x.n)::text, 4, '0')
    from (select id, row_number() over () as n from public.lead_phones where org_id = ${org.id}) x where x.id = p.id`;
  admin = await signedIn(bench.db, org.adminId);
});

const setLoopback = (value: string) => bench.sql`
  select vault.update_secret(id, ${value}) from vault.decrypted_secrets where name = 'twilio_is_loopback'`;
const canceled = async () =>
  (
    await bench.sql`select count(*)::int as n from public.messages where org_id = ${org.id} and status = 'canceled'`
  )[0]?.n;
/** Rounds of tick and worker through the night. */
async function rounds(loopback: boolean): Promise<void> {
  for (let n = 0; n < 10; n++) {
    const now = later(NIGHT, n * 60);
    await plan(bench.a.sql, now);
    await makeDue(bench.sql);
    await claim(bench.a.sql, { now, loopback });
  }
}
const save = (input: object) =>
  admin.sql`select public.create_campaign(${JSON.stringify({ name: "Night", ...input })}::text::jsonb) as id`;
const OVERRIDE = { quiet_hours_override: true };

test("it is refused when a campaign is made, changed, started and resumed, unless Twilio is a simulator", async () => {
  const [saved] = await save(OVERRIDE);
  await setLoopback("false");
  const refusal = { code: "PT422", detail: expect.stringContaining("quiet_hours_override") };
  await expect(save(OVERRIDE)).rejects.toMatchObject(refusal);
  const [plain] = await save({});
  await expect(
    admin.sql`select public.update_campaign(${plain?.id}, ${JSON.stringify(OVERRIDE)}::text::jsonb)`,
  ).rejects.toMatchObject(refusal);
  await admin.sql`select public.update_campaign(${saved?.id}, '{"quiet_hours_override": false}')`;

  const ready = await arrangeCampaign(bench.db, org, { ...OVERRIDE, status: "ready" }, { now: NIGHT });
  const start = () => admin.sql`select public.start_campaign(${ready})`;
  const resume = () => admin.sql`select public.resume_campaign(${ready})`;
  const blocked = { code: "PT409", detail: expect.stringContaining("quiet_hours_override") };
  await expect(start()).rejects.toMatchObject(blocked);
  await bench.sql`update public.campaigns set status = 'paused' where id = ${ready}`;
  await expect(resume()).rejects.toMatchObject(blocked);
  await admin.sql`select public.update_campaign(${ready}, '{"quiet_hours_override": false}')`;
  await resume();
});

test("a campaign that asks for it without a simulator waits for the morning: nothing is planned and canceled all night", async () => {
  await setLoopback("false");
  await arrangeCampaign(bench.db, org, OVERRIDE, { now: NIGHT });
  await rounds(false);
  expect(await canceled()).toBe(0);
  expect(await plan(bench.a.sql, MORNING)).toBe(50);
});

test("a worker that refuses what the platform allows stops it after one claim", async () => {
  await arrangeCampaign(bench.db, org, OVERRIDE, { now: NIGHT });
  await rounds(false);
  expect(await canceled()).toBeLessThanOrEqual(50);
  expect(await bench.sql`select count(*)::int as n from public.messages where org_id = ${org.id}`).toEqual([
    { n: await canceled() },
  ]);
});

test("against a simulator it sends at night", async () => {
  await arrangeCampaign(bench.db, org, OVERRIDE, { now: NIGHT });
  await rounds(true);
  const [sending] =
    await bench.sql`select count(*)::int as n from public.messages where org_id = ${org.id} and status = 'sending'`;
  expect([sending?.n, await canceled()]).toEqual([50, 0]);
});

test("a caller who asks about hours can't claim that Twilio is a simulator", async () => {
  const id = await arrangeCampaign(bench.db, org, OVERRIDE, { now: NIGHT });
  const ask = async () =>
    (
      await admin.sql`select public.explain_window('+12145550142', p_campaign_id => ${id}, p_at => ${NIGHT}) as told`
    )[0]?.told.override;
  expect(await ask()).toMatchObject({ is_asked: true, is_honoured: true });
  await setLoopback("false");
  expect(await ask()).toMatchObject({ is_asked: true, is_honoured: false });
  await expect(
    admin.sql`select public.explain_window('+12145550142', p_twilio_is_loopback => true)`,
  ).rejects.toMatchObject({ code: "42883" });
});
