// Campaigns that take more CPU than an isolate has: worker after worker takes over, each message goes out once, and nobody is unclear.

import type { PostEntry } from "twilio-simulator";
import { doubleSends } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addLeads, type TestLead } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, readFigures, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";

/** As many as there are phones for. */
const LEADS = 1_800;
let own: OwnStack;
const orgs: TestOrg[] = [];
const leads: TestLead[][] = [];
const workerSaid: string[] = [];
// A stack of its own: its log tells what became of the worker's isolates, which nobody else's messages go through.
beforeAll(async () => {
  own = await startOwnStack({}, { log: (source, line) => source === "worker" && workerSaid.push(line) });
  for (let n = 0; n < 2; n++) {
    const org = await createOrg(own.stack, { numbers: 6, mps: 40 });
    orgs.push(org);
    leads.push(await addLeads(org, LEADS));
  }
});
afterAll(async () => {
  await Promise.all(orgs.map((org) => org.close()));
  await own?.stop();
});

test("everybody gets one message, over several isolates, and no isolate is told to end", {
  timeout: 180_000,
}, async () => {
  const ids = await Promise.all(orgs.map((org) => buildCampaign(org)));
  await Promise.all(orgs.map((org, n) => startCampaign(org, ids[n] as string)));
  for (const [n, org] of orgs.entries()) {
    const id = ids[n] as string;
    await waitForStatus(org, id, "completed", 120);
    expect(await readFigures(org, id)).toMatchObject({ sent: LEADS, failed: 0, unknown: 0, waiting: 0 });
    const record = await org.simulator.readRecord({ kind: "post" });
    const posts = record.filter((entry): entry is PostEntry => entry.kind === "post");
    expect(posts.map((post) => post.to).sort()).toEqual((leads[n] ?? []).map((lead) => lead.e164).sort());
    expect(doubleSends(record, () => "step 1")).toEqual([]);
  }
  const saying = (text: string) => workerSaid.filter((line) => line.includes(text));
  expect(saying("gets no more calls").length).toBeGreaterThanOrEqual(2);
  expect(saying("stopped at its")).toEqual([]);
  // By itself, before the platform announces the end: an eighth of the CPU is left for what is under way.
  expect(saying("unload=cpu")).toEqual([]);
});
