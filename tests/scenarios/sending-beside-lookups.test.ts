// A campaign beside lookups that Twilio answers slowly or not at all: neither waits for the other.

import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { doubleSends } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { buildCampaign, callApi, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";

let org: TestOrg;
beforeAll(async () => {
  org = await createOrg(inject("stack"), {
    mps: 15,
    // Half of the lookups hang for three seconds and are tried again half a minute later.
    behaviour: { lookups: { held: 0.5 }, answers: { holdMs: 3_000 } },
  });
  await addLeads(org, 300);
});
afterAll(() => org.close());

interface Lookups {
  queued: number;
  done_today: number;
}
const lookups = () => callApi<Lookups>(org, "GET", "/leads/lookups");

test("a campaign is sent at its pace while lookups hang, and lookups go on while it is sent", async () => {
  const id = await buildCampaign(org);
  await callApi(org, "PATCH", "/settings/organisation", { lookup_enabled: true });
  await callApi(org, "POST", "/leads/lookups", { all: true });
  await waitFor(async () => (await lookups()).done_today > 0);
  await startCampaign(org, id);
  await waitForStatus(org, id, "completed");
  // A phone whose lookup hung has not been retried yet.
  expect((await lookups()).queued).toBeGreaterThan(50);
  const record = await org.simulator.readRecord();
  const posts = record.filter((entry): entry is PostEntry => entry.kind === "post");
  expect(new Set(posts.map(({ to }) => to)).size).toBe(300);
  expect(doubleSends(record, () => "step 1")).toEqual([]);
  const during = record.filter(
    (entry) =>
      entry.kind === "request" &&
      entry.path.startsWith("/v2/PhoneNumbers/") &&
      entry.receivedAt > (posts[0] as PostEntry).receivedAt &&
      entry.receivedAt < (posts.at(-1) as PostEntry).receivedAt,
  );
  expect(during.length).toBeGreaterThan(0);
});
