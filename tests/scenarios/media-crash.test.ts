// A background worker that is killed between fetching a picture and storing it, and between storing and recording it.
import { waitFor } from "local-supabase/testing/wait-for";
import { afterAll, beforeAll, expect, test } from "vitest";
import { phoneAt } from "../fixtures/arrange-sending.ts";
import { callFunction } from "../fixtures/call-function.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";
import { asSent, FILES } from "../fixtures/pictures.ts";
import { type OwnStack, startOwnStack } from "../fixtures/start-own-stack.ts";

let own: OwnStack;
let org: TestOrg;
// A stack of its own, because other files' work would lose its worker with ours.
beforeAll(async () => {
  own = await startOwnStack();
  org = await createOrg(own.stack, { numbers: 1 });
});
afterAll(async () => {
  await org?.close();
  await own?.stop();
});

const rowOf = async (from: string) => {
  const [row] = await org.sql`
    select x.id, x.state, x.attempts, x.message_id from public.message_media x join public.messages m on m.id = x.message_id
    where m.from_number = ${from} and m.org_id = ${org.id}`;
  return row;
};

test.each([
  ["fetching and storing", "storage.objects", phoneAt(1)],
  ["storing and recording", "public.message_media", phoneAt(2)],
])("killed between %s, it loses nothing and stores one file", async (_when, table, from) => {
  const to = org.numbers[0]?.e164 as string;
  // Slow, so that the lock is there before the file.
  const media = [asSent(FILES.jpeg, { faults: { slowMs: 2_000 } })];
  await org.simulator.sendInbound({ from, to, body: "", media });
  await waitFor(async () => (await rowOf(from))?.attempts === 1);
  await org.sql.begin(async (tx) => {
    await tx.unsafe(`lock table ${table} in share row exclusive mode`);
    const [backend] = await tx`select pg_backend_pid() as pid`;
    const waiting = await waitFor(async () => {
      const found = await org.sql`
        select pid from pg_stat_activity where ${backend?.pid} = any (pg_blocking_pids(pid))
          and (${table} = 'storage.objects' or query like '%settle_media%')`;
      return found.length > 0 && found;
    });
    expect(await own.running.killFunction("background-worker")).not.toEqual([]);
    // What it asked the database for would be done all the same once the lock is free.
    if (table !== "storage.objects") await org.sql`select pg_terminate_backend(${waiting[0]?.pid})`;
  });
  expect(await rowOf(from)).toMatchObject({ state: "pending", attempts: 1 });
  // Another worker takes it after a minute; for this test it has passed.
  await org.sql`update pgmq.q_media set vt = clock_timestamp() where message ->> 'org_id' = ${org.id}`;
  await waitFor(async () => (await rowOf(from))?.state === "stored");
  const row = await rowOf(from);
  expect(row?.attempts).toBe(2);
  const [objects] = await org.sql`
    select count(*)::int as n from storage.objects where bucket_id = 'media' and name = ${`${org.id}/${row?.id}`}`;
  expect(objects?.n).toBe(1);
  const link = await callFunction(own.stack, org.admin, "GET", `/messages/media/${row?.id}`);
  expect(Buffer.from(await (await fetch(link.body.data.url)).arrayBuffer())).toEqual(FILES.jpeg);
  expect((await org.sql`select 1 from pgmq.q_media where message ->> 'org_id' = ${org.id}`).length).toBe(0);
});
