// A campaign from build to completed, judged by the simulator's record.

import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { doubleSends } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import {
  buildCampaign,
  callApi,
  readFigures,
  startCampaign,
  waitForStatus,
} from "../fixtures/run-campaign.ts";
import { passRounds } from "../fixtures/run-task.ts";

let org: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  org = await createOrg(inject("stack"), { mps: 20 });
  leads = await addLeads(org, 150);
});
afterAll(() => org.close());

/** The most of these times, in ms, within any period of the given ms. */
const most = (times: number[], span: number) =>
  Math.max(...times.map((start) => times.filter((time) => time >= start && time < start + span).length));

test("every target gets one message, within its number's pace, and the receipts are counted", async () => {
  const id = await buildCampaign(org);
  expect(await readFigures(org, id)).toMatchObject({ audience: 150, waiting: 150 });
  await startCampaign(org, id);
  await waitForStatus(org, id, "completed");
  const figures = await waitFor(async () => {
    const now = await readFigures(org, id);
    return now.delivered === 150 && now;
  });
  expect(figures).toMatchObject({ sent: 150, delivered: 150, failed: 0, unknown: 0 });

  const record = await org.simulator.readRecord();
  const posts = record.filter((entry): entry is PostEntry => entry.kind === "post");
  expect(posts.map((post) => post.to).sort()).toEqual(leads.map((lead) => lead.e164).sort());
  expect(doubleSends(record, () => "step 1")).toEqual([]);
  for (const { e164 } of org.numbers) {
    const slots = await org.sql`
      select a.slot_at from public.send_attempts a join public.messages m on m.id = a.message_id
      where m.from_number = ${e164} and a.outcome = 'accepted'`;
    expect(
      most(
        slots.map((row) => row.slot_at.getTime()),
        1_000,
      ),
    ).toBeLessThanOrEqual(20);
    // POSTs start up to 35 ms after their slots, and a busy machine delays their arrival further.
    const arrivals = posts.filter((post) => post.from === e164).map((post) => post.receivedMono);
    expect(most(arrivals, 900)).toBeLessThanOrEqual(20);
  }
  const [brand] = await org.sql`select brand from public.orgs where id = ${org.id}`;
  expect(posts[0]?.body).toBe(
    `Hola Rosa, somos ${brand?.brand}. Compramos terrenos. Responda ALTO para no recibir mas.`,
  );
});

test.each(["pause", "stop"])(
  "after the answer to %s nothing is claimed, and what was is posted within 2 s",
  async (verb) => {
    const own = await createOrg(inject("stack"), { mps: 15 });
    try {
      await addLeads(own, 150);
      const id = await buildCampaign(own);
      await startCampaign(own, id);
      const posts = async () => (await own.simulator.readRecord({ kind: "post" })) as PostEntry[];
      await waitFor(async () => (await posts()).length >= 20);
      await callApi(own, "POST", `/campaigns/${id}/${verb}`);
      const answeredAt = Date.now();
      const [last] =
        await own.sql`select max(claimed_at) as at from public.send_attempts where org_id = ${own.id}`;
      await waitFor(async () => {
        const figures = await readFigures(own, id);
        return figures.queued + figures.sending === 0;
      });
      // Three rounds of the scheduler later, still nothing.
      await passRounds(own);
      const [now] =
        await own.sql`select max(claimed_at) as at from public.send_attempts where org_id = ${own.id}`;
      expect(now).toEqual(last);
      const late = (await posts()).filter((post) => post.receivedAt > answeredAt + 2_000);
      expect(late).toEqual([]);
      const figures = await readFigures(own, id);
      expect(figures.sent + (verb === "pause" ? figures.waiting : figures.canceled)).toBe(150);
      if (verb === "stop") return;
      await callApi(own, "POST", `/campaigns/${id}/resume`);
      await waitForStatus(own, id, "completed");
      expect(doubleSends(await own.simulator.readRecord(), () => "step 1")).toEqual([]);
      expect(await posts()).toHaveLength(150);
    } finally {
      await own.close();
    }
  },
);
