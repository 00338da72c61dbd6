// Quiet hours while a campaign runs, by the simulator's record: messages expire with the hours, and an edit of a rule acts at
// once.

import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, readFigures, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { passRounds } from "../fixtures/run-task.ts";

const MINUTE = 60_000;
/** Of the day in universal time. */
const timeOfDay = (time: number) => new Date(time).toISOString().slice(11, 19);

let org: TestOrg;
let leads: TestLead[];
/** Texans of an organisation whose own rules and hours are open at all hours: tests run at any. */
beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 1, mps: 5 });
  const soon = Date.now() + 12 * 60 * MINUTE;
  const hours = {
    time_zone: "UTC",
    quiet_starts: timeOfDay(soon),
    quiet_ends: timeOfDay(soon + MINUTE),
  };
  await org.sql`update public.orgs set ${org.sql(hours)} where id = ${org.id}`;
  await org.sql`update public.phone_numbers set ${org.sql(hours)} where org_id = ${org.id}`;
  const rules = ["US", "TX"].flatMap((state) =>
    [0, 1, 2, 3, 4, 5, 6].map((dow) => ({
      org_id: org.id,
      state,
      dow,
      opens: "00:00",
      closes: "24:00",
      source: "a test",
      effective_from: "2020-01-01",
      reviewed_at: "2026-01-01",
    })),
  );
  const { error } = await org.admin.client.from("quiet_hour_rules").insert(rules);
  expect(error).toBeNull();
  leads = await addLeads(org, 60);
  // Out of the way first: one may have the phone that another is to get.
  await org.sql`
    update public.lead_phones set e164 = '+1214555' || (1000 + x.n)
    from unnest(${leads.map(({ id }) => id)}::uuid[]) with ordinality as x(id, n) where lead_id = x.id`;
  for (const [n, lead] of leads.entries()) {
    lead.e164 = `+121455501${String(n).padStart(2, "0")}`;
    await org.sql`update public.lead_phones set e164 = ${lead.e164} where lead_id = ${lead.id}`;
  }
});
afterAll(() => org.close());

const build = (some: TestLead[]) =>
  buildCampaign(org, {
    quiet_hours_override: false,
    cooldown_days: 0,
    target_criteria: { lead_ids: some.map(({ id }) => id) },
  });
const postsTo = async (some: TestLead[]) => {
  const posts = (await org.simulator.readRecord({ kind: "post" })) as PostEntry[];
  return posts.filter((post) => some.some(({ e164 }) => e164 === post.to));
};

test("a posted message is valid until the number's own hours end, and no longer", async () => {
  const some = leads.slice(0, 10);
  const end = Math.ceil(Date.now() / 1000) * 1000 + 20 * MINUTE;
  await org.sql`
    update public.phone_numbers set quiet_starts = ${timeOfDay(end)}, quiet_ends = ${timeOfDay(end - 60 * MINUTE)} where org_id = ${org.id}`;
  const id = await build(some);
  await startCampaign(org, id);
  await waitForStatus(org, id, "completed");
  const claims = new Map(
    (
      await org.sql`
        select m.to_number, a.claimed_at from public.send_attempts a join public.messages m on m.id = a.message_id
        where m.campaign_id = ${id} and a.outcome = 'accepted'`
    ).map((row) => [row.to_number as string, (row.claimed_at as Date).getTime()]),
  );
  const posts = await postsTo(some);
  expect(posts).toHaveLength(10);
  for (const post of posts) {
    const left = (end - (claims.get(post.to) ?? 0)) / 1000;
    // Whole seconds, counted from the claim; a claim is posted within 2 s.
    expect(post.validityPeriod).toBeLessThanOrEqual(left);
    expect(post.validityPeriod).toBeGreaterThan(left - 4);
    expect(post.receivedAt + (post.validityPeriod ?? 0) * 1000).toBeLessThanOrEqual(end);
  }
  await org.sql`update public.phone_numbers n set quiet_starts = o.quiet_starts, quiet_ends = o.quiet_ends
    from public.orgs o where o.id = n.org_id and n.org_id = ${org.id}`;
});

test("a rule that an admin closes stops a running campaign at the next claim; opened again, it goes on", async () => {
  const some = leads.slice(10);
  const id = await build(some);
  await startCampaign(org, id);
  await waitFor(async () => (await postsTo(some)).length >= 5);

  const edit = (hours: { opens: string | null; closes: string | null }) =>
    org.admin.client.from("quiet_hour_rules").update(hours).eq("org_id", org.id).eq("state", "TX");
  expect((await edit({ opens: null, closes: null })).error).toBeNull();
  const [answered] = await org.sql`select clock_timestamp() as at`;
  await waitFor(async () => {
    const { queued, sending } = await readFigures(org, id);
    return queued + sending === 0;
  });
  // Three rounds of the scheduler later, still nothing.
  await passRounds(org);
  const late = await org.sql`
    select a.claimed_at from public.send_attempts a join public.messages m on m.id = a.message_id
    where m.campaign_id = ${id} and a.claimed_at > ${answered?.at}`;
  expect(late).toEqual([]);
  const sent = (await postsTo(some)).length;
  const { waiting } = await readFigures(org, id);
  expect(sent + waiting).toBe(some.length);
  expect(waiting).toBeGreaterThan(0);
  const { data } = await org.admin.client.rpc("explain_window", { p_e164: some[0]?.e164 as string });
  expect(data).toMatchObject({
    is_open: false,
    may_send: false,
    blocked_by: ["quiet_hours"],
    next_open_at: null,
  });

  expect((await edit({ opens: "00:00", closes: "24:00" })).error).toBeNull();
  await waitFor(async () => (await postsTo(some)).length >= sent + 5);
  const numbers = (await postsTo(some)).map((post) => post.to);
  expect(new Set(numbers).size).toBe(numbers.length);
});
