// Live figures: for any number of changes in a second, a channel gets a campaign's figures once, and loses none.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { type Heard, joinChannel } from "../fixtures/join-channel.ts";
import { buildCampaign } from "../fixtures/run-campaign.ts";
import { runTask } from "../fixtures/run-task.ts";

const stack = inject("stack");
let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(stack);
});
afterAll(() => org?.close());

const figuresOf = (heard: Heard[], id: string) =>
  heard.flatMap(({ payload }) =>
    payload.table === "campaign_stats"
      ? payload.records.filter((row: { campaign_id: string }) => row.campaign_id === id)
      : [],
  );

test("changes by the dozen and folds that come late and close together: one broadcast a second on each channel", async () => {
  await addLeads(org, 200);
  const id = await buildCampaign(org);
  const [ofCampaign, ofOrg] = [
    await joinChannel(org.admin, `campaign:${id}`),
    await joinChannel(org.admin, `org:${org.id}`),
  ];
  const targets =
    await org.sql`select id from public.campaign_targets where campaign_id = ${id} and state = 'waiting'`;
  expect(targets).toHaveLength(200);
  // One change after the other, each a transaction, until figures were received five times; the task also runs beside the
  // ticks, as if one of them were late.
  for (let i = 0; figuresOf(ofCampaign, id).length < 5; i++) {
    const [state, reason] = Math.floor(i / 200) % 2 === 0 ? ["canceled", "stopped"] : ["waiting", null];
    await org.sql`update public.campaign_targets set state = ${state}, reason = ${reason} where id = ${targets[i % 200]?.id}`;
    if (i % 10 === 0) await runTask(org.sql, "fold");
  }
  await org.sql`
    update public.campaign_targets set state = 'canceled', reason = 'stopped' where campaign_id = ${id} and state = 'waiting'`;
  for (const heard of [ofCampaign, ofOrg]) {
    await waitFor(() => figuresOf(heard, id).at(-1)?.canceled === 200);
    const times = figuresOf(heard, id).map((row) => Date.parse(row.updated_at));
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    expect(times.length).toBeGreaterThanOrEqual(5);
    expect(gaps.filter((gap) => gap < 950)).toEqual([]);
  }
});
