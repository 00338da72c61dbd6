// The worker is killed by kill -9 at each point of an import and of its undo: every row is accounted for exactly once, and the
// undo restores everything.

import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { hashLeads } from "../fixtures/apply-import.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { expectRows, makeCrashFile } from "../fixtures/crash-file.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { openSession, type Session } from "../fixtures/open-session.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";
import { finishImport, importCsv, startImport } from "../fixtures/upload-csv.ts";

/** Three chunks; the second is the one where workers are killed. */
const ROWS = 2200;
const UPDATING = { fields: { merge_strategy: "update" } };
let own: OwnStack;
let org: TestOrg;
let row: Session;
let queue: Session;
// A stack of its own, because other files' imports would lose their worker with ours.
beforeAll(async () => {
  own = await startOwnStack();
});
afterAll(async () => {
  await Promise.all([row?.end(), queue?.end()]);
  await org?.close();
  await own?.stop();
});
beforeEach(async () => {
  await Promise.all([row?.end(), queue?.end()]);
  await org?.close();
  org = await createOrg(own.stack, { numbers: 0 });
  row = await openSession(own.stack.ADMIN_DB_URL, org.sql);
  queue = await openSession(own.stack.ADMIN_DB_URL, org.sql);
});

const blockedWorkers = async () =>
  (
    await org.sql`select pid from pg_stat_activity where application_name like 'background worker%' and wait_event_type = 'Lock'`
  ).map(({ pid }) => pid as number);
/** Kills the worker where it waits, and its connection too if its current statement must not be done. */
async function killBlocked(withConnection: boolean): Promise<void> {
  const pids = await waitFor(async () => {
    const found = await blockedWorkers();
    return found.length > 0 && found;
  });
  expect(await own.running.killFunction("background-worker")).not.toEqual([]);
  if (withConnection) await org.sql`select pg_terminate_backend(pid) from unnest(${pids}::int[]) pid`;
}
/** Moves time on, so that another worker may claim the chunk of one that reported nothing. */
const makeDue = () => org.sql`update pgmq.q_imports set vt = clock_timestamp()`;
const control = (id: string, verb: string) =>
  callFunction(own.stack, org.admin, "POST", `/leads/import/${id}/${verb}`);
const finish = async (id: string, status: string) =>
  await waitFor(
    async () => {
      const { body } = await callFunction(own.stack, org.admin, "GET", `/leads/import/${id}`);
      if (["completed", "undone", "failed"].includes(body.data.status)) expect(body.data.status).toBe(status);
      return body.data.status === status && body.data;
    },
    { every: 200 },
  );
const holdContact = async (e164: string) => {
  await org.sql`insert into private.contacts (org_id, e164) values (${org.id}, ${e164}) on conflict do nothing`;
  await row.begin();
  await row.sql`select 1 from private.contacts where org_id = ${org.id} and e164 = ${e164} for update`;
};
const holdQueue = async () => {
  await queue.begin();
  await queue.sql`lock table pgmq.q_imports in exclusive mode`;
};

/** The import under way, with its barrier. @returns its id once the worker was killed and all locks are free */
const points: Record<
  string,
  (file: ReturnType<typeof makeCrashFile>, start: () => Promise<string>) => Promise<string>
> = {
  "before the claim": async (_file, start) => {
    const id = await start();
    await holdQueue();
    await killBlocked(true);
    return id;
  },
  "after the claim, before the chunk": async (file, start) => {
    await holdContact(file.phoneOf(1500));
    const id = await start();
    await waitFor(async () => (await blockedWorkers()).length > 0);
    await queue.begin();
    const held = queue.sql`select 1 from public.imports where id = ${id} for no key update`.execute();
    await queue.blocked();
    await row.rollback();
    await held;
    await killBlocked(true);
    return id;
  },
  "in the chunk, which is rolled back": async (file, start) => {
    await holdContact(file.phoneOf(1500));
    const id = await start();
    await waitFor(async () => (await blockedWorkers()).length > 0);
    await killBlocked(true);
    return id;
  },
  "in the chunk, which is committed all the same": async (file, start) => {
    await holdContact(file.phoneOf(1500));
    const id = await start();
    await waitFor(async () => (await blockedWorkers()).length > 0);
    await killBlocked(false);
    return id;
  },
  "between a chunk and the next claim": async (file, start) => {
    await holdContact(file.phoneOf(1500));
    const id = await start();
    await waitFor(async () => (await blockedWorkers()).length > 0);
    // The chunk has written to the queue: a lock requested now is granted when the chunk commits, before the next claim.
    const held = holdQueue();
    await queue.blocked();
    await row.rollback();
    await held;
    await killBlocked(true);
    return id;
  },
};

test.each(Object.entries(points))(
  "%s",
  async (_name, reach) => {
    const file = makeCrashFile(ROWS);
    await importCsv(org, file.prior);
    const before = await hashLeads(org);
    const id = await reach(file, async () => (await startImport(org, file.csv, UPDATING)).id);
    await Promise.all([row.rollback(), queue.rollback()]);
    await waitFor(async () => (await blockedWorkers()).length === 0);
    await makeDue();
    await finishImport(org, id, 60);
    await expectRows(org, id, file);

    await control(id, "undo");
    expect(await finish(id, "undone")).toMatchObject({ kept_rows: 0, hidden_rows: 0 });
    expect(await hashLeads(org)).toEqual(before);
  },
  150_000,
);

test.each([
  "in a chunk, which is rolled back",
  "in a chunk, which is committed all the same",
  "between two chunks",
])(
  "undo: %s",
  async (point) => {
    const file = makeCrashFile(ROWS);
    await importCsv(org, file.prior);
    const before = await hashLeads(org);
    const { id } = await importCsv(org, file.csv, UPDATING);
    // The last but not the only chunk that the first kill may come to.
    const [lead] = await org.sql`
      select p.e164 from public.leads l join public.lead_phones p on p.lead_id = l.id where l.import_id = ${id} order by l.id offset 700 limit 1`;
    await holdContact(lead?.e164);
    await control(id, "undo");
    await waitFor(async () => (await blockedWorkers()).length > 0);
    if (point === "between two chunks") {
      const held = holdQueue();
      await queue.blocked();
      await row.rollback();
      await held;
    }
    await killBlocked(point !== "in a chunk, which is committed all the same");
    await Promise.all([row.rollback(), queue.rollback()]);
    await waitFor(async () => (await blockedWorkers()).length === 0);
    await makeDue();
    const { undo_total, undone_rows, kept_rows, hidden_rows } = await finish(id, "undone");
    expect([undone_rows, kept_rows, hidden_rows]).toEqual([undo_total, 0, 0]);
    expect(await hashLeads(org)).toEqual(before);
  },
  150_000,
);
