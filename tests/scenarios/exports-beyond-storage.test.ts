// A file that Storage refuses for its size: its export fails with the remedy.
import { afterAll, beforeAll, expect, test } from "vitest";
import { arrangeOwners } from "../fixtures/arrange-owners.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";
import { finishJob } from "../fixtures/wait-for-job.ts";

let own: OwnStack;
let org: TestOrg;
// A stack of its own, because the limit is of the bucket, which all organisations share.
beforeAll(async () => {
  own = await startOwnStack();
  org = await createOrg(own.stack, { numbers: 0 });
  await arrangeOwners(org.sql, org.id, 10);
  await org.sql`update storage.buckets set file_size_limit = 100 where id = 'exports'`;
});
afterAll(async () => {
  await org?.close();
  await own?.stop();
});

test("an export fails with the remedy if Storage refuses a file of that size", async () => {
  const started = await callFunction(own.stack, org.admin, "POST", "/leads/exports", { format: "csv" });
  const job = await finishJob(org, started.body.data.id);
  expect([job.status, job.error_message]).toEqual([
    "failed",
    "The file is larger than this project's Storage takes. Export fewer leads or columns.",
  ]);
});
