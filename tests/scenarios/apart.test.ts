// Sending and CPU-heavy work run apart: killing the background worker in the middle of one organisation's import does not affect
// another's campaign, and killing the worker does not affect the import. Neither waits for the scheduler to begin or to go on.

import { waitFor } from "local-supabase/testing/wait-for";
import type { PostEntry } from "twilio-simulator";
import { doubleSends } from "twilio-simulator/judge";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addLeads } from "../fixtures/add-leads.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { fictionalPhoneAt } from "../fixtures/list-phones.ts";
import { buildCampaign, readFigures, startCampaign, waitForStatus } from "../fixtures/run-campaign.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";
import { finishImport, startImport } from "../fixtures/upload-csv.ts";
import { exportLeads } from "../fixtures/wait-for-job.ts";

const LEADS = 200;
const ROWS = 6_000;
let own: OwnStack;
let sender: TestOrg;
let importer: TestOrg;
// A stack of its own, because other files' work would lose its workers with ours.
beforeAll(async () => {
  own = await startOwnStack();
  sender = await createOrg(own.stack, {
    mps: 4,
    numbers: 2,
    behaviour: { timeFactor: 1, delays: { answer: 150, queued: 0, sent: 0, final: 0 } },
  });
  importer = await createOrg(own.stack, { numbers: 0 });
  await addLeads(sender, LEADS);
});
afterAll(async () => {
  await Promise.all([sender?.close(), importer?.close()]);
  await own?.stop();
});

const posts = async () => (await sender.simulator.readRecord({ kind: "post" })) as PostEntry[];
/** Waits until a chunk is being worked on; the import ends with the last chunk. */
const chunkUnderWay = () =>
  waitFor(
    async () => (await importer.sql`select 1 from pgmq.q_imports where vt > clock_timestamp()`).length > 0,
    { every: 5 },
  );
const file = (rows = ROWS) =>
  `Last Name,Phone\n${Array.from({ length: rows }, (_, i) => `Owner ${i},${fictionalPhoneAt(i)}`).join("\n")}\n`;

test("kill -9 of the background worker, again and again in the middle of an import, leaves no send unclear", {
  timeout: 180_000,
}, async () => {
  const campaign = await buildCampaign(sender);
  await startCampaign(sender, campaign);
  await waitFor(async () => (await posts()).length >= 10);
  const { id } = await startImport(importer, file());
  const before = (await posts()).length;
  for (let kills = 0; kills < 4; kills++) {
    await chunkUnderWay();
    expect(await own.running.killFunction("background-worker")).not.toEqual([]);
    // Another worker may claim its chunk at once, instead of after 15 s and then longer each time.
    await importer.sql`update pgmq.q_imports set vt = clock_timestamp()`;
  }
  // Slow so far, so that it was under way at each kill.
  await sender.sql`update public.phone_numbers set mps = 50 where org_id = ${sender.id}`;
  await waitForStatus(sender, campaign, "completed", 120);
  expect((await posts()).length).toBeGreaterThan(before);
  expect(await readFigures(sender, campaign)).toMatchObject({ sent: LEADS, unknown: 0, failed: 0 });
  const attempts = await sender.sql`
    select outcome, count(*)::int as n from public.send_attempts where org_id = ${sender.id} and outcome <> 'not_posted' group by 1`;
  expect(attempts).toEqual([{ outcome: "accepted", n: LEADS }]);
  const sent = await posts();
  expect(new Set(sent.map(({ to }) => to)).size).toBe(LEADS);
  expect(doubleSends(sent, () => "step 1")).toEqual([]);
  const row = await finishImport(importer, id, 90);
  expect(row).toMatchObject({ status: "completed", imported_rows: ROWS });
});

test("kill -9 of the worker in the middle of an import leaves the import as it is", async () => {
  const other = await createOrg(own.stack, { numbers: 0 });
  const { id } = await startImport(other, file());
  await waitFor(
    async () =>
      (await other.sql`select 1 from public.imports where id = ${id} and next_chunk >= 1`).length > 0,
  );
  await own.running.killFunction("worker");
  const row = await finishImport(other, id, 90);
  expect(row).toMatchObject({ status: "completed", imported_rows: ROWS });
  const calls = await other.sql`select 1 from pgmq.q_imports where message ->> 'import_id' = ${id}`;
  expect(calls).toEqual([]);
  await other.close();
});

test("imports, exports and campaigns begin and go on without the scheduler, over several isolates", async () => {
  const org = await createOrg(own.stack, { numbers: 1 });
  await own.running.killFunction("background-worker");
  // The task that calls workers every two seconds.
  await org.sql`update private.tasks set is_active = false where name = 'sending'`;
  try {
    await finishImport(org, (await startImport(org, file(2 * ROWS))).id);
    // Three steps each: more than the CPU of an isolate has room for by the largest estimate.
    for (let exports = 0; exports < 4; exports++) await exportLeads(org, { filter: { search: "Owner 7" } });
    const [lead] = await addLeads(org, 1);
    const campaign = await buildCampaign(org, { target_criteria: { lead_ids: [lead?.id] } });
    await startCampaign(org, campaign);
    await waitFor(async () => (await org.simulator.readRecord({ kind: "post" })).length === 1);
  } finally {
    await org.sql`update private.tasks set is_active = true where name = 'sending'`;
    await org.close();
  }
});
