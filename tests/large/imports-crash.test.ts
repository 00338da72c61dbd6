// An import of 20,000 rows whose worker is killed at ten random instants, and its undo at five more: every row is accounted for
// exactly once, and the database comes back row for row.
import { setTimeout as sleep } from "node:timers/promises";
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashLeads, readImport } from "../fixtures/apply-import.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { expectRows, makeCrashFile } from "../fixtures/crash-file.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { seededRandom } from "../fixtures/seeded-random.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";
import { finishImport, importCsv, startImport } from "../fixtures/upload-csv.ts";

const ROWS = 20_000;
const random = seededRandom("imports crash");
let own: OwnStack;
let org: TestOrg;
// A stack of its own, because other files' imports would lose their worker with ours.
beforeAll(async () => {
  own = await startOwnStack();
  org = await createOrg(own.stack, { numbers: 0 });
});
afterAll(async () => {
  await org?.close();
  await own?.stop();
});

/** Kills the worker repeatedly, each time at some instant after it has made progress. @returns how often it was at work */
async function kill(times: number, progress: () => Promise<number | "done">): Promise<number> {
  let last: number | "done" = await progress();
  for (let killed = 0; killed < times; killed++) {
    const next = await waitFor(
      async () => {
        const now = await progress();
        return now !== last && now;
      },
      { seconds: 120, every: 10 },
    );
    if (next === "done") return killed;
    last = next;
    // Somewhere in the next chunk or two.
    await sleep(random.below(600));
    await own.running.killFunction("background-worker");
  }
  return times;
}

test("kill -9 at ten random instants of an import, and at five of its undo", {
  timeout: 900_000,
}, async () => {
  const file = makeCrashFile(ROWS);
  await importCsv(org, file.prior, { fields: { merge_strategy: "skip" } });
  const before = await hashLeads(org);
  const { id } = await startImport(org, file.csv, { fields: { merge_strategy: "update" } });
  const importing = async () => {
    const { status, next_chunk } = await readImport(org, id);
    return status === "completed" ? "done" : (next_chunk as number);
  };
  expect(await kill(10, importing)).toBe(10);
  await finishImport(org, id, 180);
  await expectRows(org, id, file);

  const { status } = await callFunction(own.stack, org.admin, "POST", `/leads/import/${id}/undo`);
  expect(status).toBe(200);
  const undoing = async () => {
    const { status, undone_rows } = await readImport(org, id);
    return status === "undone" ? "done" : (undone_rows as number);
  };
  expect(await kill(5, undoing)).toBe(5);
  await waitFor(async () => (await undoing()) === "done", { seconds: 180, every: 200 });
  const { undo_total, undone_rows, kept_rows, hidden_rows } = await readImport(org, id);
  expect([undone_rows, kept_rows, hidden_rows]).toEqual([undo_total, 0, 0]);
  expect(await hashLeads(org)).toEqual(before);
});
