// A number that carriers filter beside a clean one: the first is quarantined at the next run, and the campaign goes on.

import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { doubleSends } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestNumber, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, callApi, readFigures, startCampaign } from "../fixtures/run-campaign.ts";
import { makeDue } from "../fixtures/send-to.ts";

let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 2, mps: 15 });
  // The guard quarantines such a number too, and may see it first: this is about the score.
  await org.sql`update public.sending_limits set filtered_rate = 1 where org_id = ${org.id}`;
  await addLeads(org, 360);
});
afterAll(() => org.close());

interface Told {
  status: string;
  status_reason: string | null;
  health_score: number | null;
}
const read = (number: TestNumber) => callApi<Told>(org, "GET", `/phone-numbers/${number.id}`);
const settled = async (number: TestNumber) =>
  (
    await org.sql`
      select count(*)::int as n from public.messages where phone_number_id = ${number.id} and status in ('delivered', 'undelivered')`
  )[0]?.n;

test("a number filtered at 30 % falls under 50 and is quarantined, the clean one stays above 90, and the campaign goes on", async () => {
  const [burnt, clean] = org.numbers as [TestNumber, TestNumber];
  await org.simulator.addOverride({
    number: burnt.e164,
    behaviour: { delivery: { failures: [{ code: 30007, share: 0.3 }] } },
  });
  const id = await buildCampaign(org);
  await startCampaign(org, id);
  // The stack's own schedule may come first.
  const isJudged = async () => (await settled(burnt)) >= 90 || (await read(burnt)).status !== "active";
  await waitFor(async () => (await isJudged()) && (await settled(clean)) >= 60);

  // The next run, which is the schedule's own command.
  const [job] = await org.sql`select command from cron.job where jobname = 'score'`;
  await org.sql.unsafe(job?.command).simple();
  const quarantined = await read(burnt);
  const [seen] = await org.sql`select clock_timestamp() as at`;
  expect(quarantined.status).toBe("quarantined");
  expect(quarantined.health_score).toBeLessThan(50);
  expect(quarantined.status_reason).toMatch(/^Health score \d+: .* were filtered/);
  expect(await read(clean)).toMatchObject({ status: "active" });
  expect((await read(clean)).health_score).toBeGreaterThan(90);
  const alerts = await org.sql`
    select severity, phone_number_id from public.alerts where org_id = ${org.id} and kind = 'number_quarantined'`;
  expect(alerts).toEqual([{ severity: "critical", phone_number_id: burnt.id }]);
  const before = await readFigures(org, id);
  expect(before.waiting + before.queued).toBeGreaterThan(0);
  // Slow so far, so that some were left; the clean number sends them fast.
  await org.sql`update public.phone_numbers set mps = 100 where id = ${clean.id}`;

  // A person whose claim was given back on a busy machine now has a known number, and may be put off.
  await waitFor(
    async () => {
      await makeDue(org, id);
      const [campaign] = await org.sql`select status from public.campaigns where id = ${id}`;
      return campaign?.status === "completed";
    },
    { seconds: 120 },
  );
  const figures = await waitFor(async () => {
    const now = await readFigures(org, id);
    return now.unconfirmed === 0 && now;
  });
  expect(figures).toMatchObject({ audience: 360, sent: 360, failed: 0 });
  const record = await org.simulator.readRecord();
  expect(doubleSends(record, () => "step 1")).toEqual([]);
  // Messages claimed before the quarantine committed are sent; after that nothing from that number.
  const posts = record.filter((entry): entry is PostEntry => entry.kind === "post");
  const [row] = await org.sql`
    select max(a.claimed_at) <= ${seen?.at} as before
    from public.send_attempts a join public.messages m on m.id = a.message_id where m.phone_number_id = ${burnt.id}`;
  expect(row?.before).toBe(true);
  expect(posts.filter((post) => post.from === burnt.e164).length).toBeLessThan(posts.length / 2);

  // A person reactivates it: its score begins again, and the next run leaves it alone.
  const answer = await callFunction(org.stack, org.admin, "POST", `/phone-numbers/${burnt.id}/status`, {
    status: "active",
  });
  expect(answer.body.data).toMatchObject({ status: "active", status_reason: null, health_score: null });
  await org.sql.unsafe(job?.command).simple();
  expect(await read(burnt)).toMatchObject({ status: "active", health_score: null });
}, 180_000);
