// A campaign from build to completed, judged by Twilio's record.
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { doubleSends, worstSlidingSecond } from "../../scripts/twilio-simulator/judge.ts";
import type { PostEntry } from "../../scripts/twilio-simulator/state/record.ts";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, readFigures, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { waitFor } from "../wait-for.ts";

let org: TestOrg;
let leads: TestLead[];
beforeAll(async () => {
  org = await createOrg(inject("stack"), { mps: 20 });
  leads = await addLeads(org, 150);
});
afterAll(() => org.close());

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
  for (const { count } of worstSlidingSecond(record).values()) expect(count).toBeLessThanOrEqual(20);
  const [brand] = await org.sql`select brand from public.orgs where id = ${org.id}`;
  expect(posts[0]?.body).toBe(
    `Hola Rosa, somos ${brand?.brand}. Compramos terrenos. Responda ALTO para no recibir mas.`,
  );
});
