// Refusals that come in a row: a region that the account may not text, and a code that we don't know.
import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { expect, inject, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, callApi, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { waitForAlert, waitForNoAlert } from "../fixtures/wait-for-alert.ts";

const stack = inject("stack");
const posts = async (org: TestOrg) => (await org.simulator.readRecord({ kind: "post" })) as PostEntry[];
const sentTo = async (org: TestOrg, campaign: string, prefix: string) => {
  const [row] = await org.sql`
    select count(*)::int as n from public.campaign_targets
    where campaign_id = ${campaign} and e164 like ${`${prefix}%`} and state = 'sent'`;
  return row?.n as number;
};

test("21408 for Puerto Rico: its people wait with an alert, all others are written to; enabled and resolved, they are sent", async () => {
  const org = await createOrg(stack, { numbers: 1 });
  try {
    const leads = await addLeads(org, 36);
    const abroad = leads
      .filter((_lead, n) => n % 3 === 0)
      .map(({ id }, n) => ({ id, e164: `+1787555${1000 + n}` }));
    for (const { id, e164 } of abroad) {
      await org.sql`update public.lead_phones set e164 = ${e164} where lead_id = ${id}`;
      await org.simulator.addOverride({ to: e164, behaviour: { rejections: [{ code: 21408, share: 1 }] } });
    }
    // So slow that the first refusal comes before the others are posted.
    const campaign = await buildCampaign(org, { mps: 8 });
    await startCampaign(org, campaign);
    expect(await waitForAlert(org, "region_not_permitted")).toContain("Puerto Rico");
    await waitFor(async () => (await sentTo(org, campaign, "+1")) === 24, { every: 200 });
    const asked = (await posts(org)).filter((post) => post.code === 21408);
    expect(asked.length).toBeLessThan(12);
    const waiting = await org.sql`
      select distinct state::text, reason, attempts from public.campaign_targets
      where campaign_id = ${campaign} and e164 like '+1787%'`;
    expect(waiting.map((row) => ({ ...row }))).toEqual([{ state: "waiting", reason: null, attempts: 0 }]);

    await org.simulator.clearOverrides();
    const [alert] = await org.sql`
      select id from public.alerts where org_id = ${org.id} and kind = 'region_not_permitted' and resolved_at is null`;
    await callApi(org, "POST", `/settings/alerts/${alert?.id}/resolve`);
    await waitForStatus(org, campaign, "completed");
    expect(await sentTo(org, campaign, "+1787")).toBe(12);
    await waitForNoAlert(org, "region_not_permitted");
  } finally {
    await org.close();
  }
});

test.each([39_999, 30_037, 30_883])(
  "%i for everybody pauses the campaign soon, with an alert that names it",
  async (code) => {
    const org = await createOrg(stack, {
      numbers: 1,
      behaviour: { rejections: [{ code, share: 1 }] },
    });
    try {
      await addLeads(org, 60);
      const campaign = await buildCampaign(org, { mps: 10 });
      await startCampaign(org, campaign);
      await waitForStatus(org, campaign, "paused");
      expect(await waitForAlert(org, "campaign_paused", campaign)).toContain(String(code));
      expect((await posts(org)).length).toBeLessThan(60);
      await org.simulator.replaceBehaviour({ timeFactor: 0 });
      // A refusal that is settled after the campaign was resumed would pause it again.
      await waitFor(async () => {
        const open = await org.sql`
          select from public.send_attempts where org_id = ${org.id} and outcome = 'open' limit 1`;
        return open.length === 0;
      });
      await callApi(org, "POST", `/campaigns/${campaign}/resume`);
      await waitForNoAlert(org, "campaign_paused");
    } finally {
      await org.close();
    }
  },
);
