// What the database tells the worker to do next, and when.
import { expect, test } from "vitest";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

async function nextDueMs(): Promise<number | null> {
  const [row] = await bench.a.sql`select private.due_work('5 seconds') ->> 'next_due_ms' as ms`;
  return row?.ms === null ? null : Number(row?.ms);
}

async function queue(name: string, delay: number) {
  await bench.sql`select pgmq.send(${name}, '{"message_id": "00000000-0000-4000-8000-000000000000"}'::jsonb, ${delay}::integer)`;
}

test("with nothing due the answer is null, not 0: else a worker that drains other work would ask 50 times a second", async () => {
  expect(await nextDueMs()).toBeNull();
  await queue("sends", 60);
  await queue("replies", 60);
  expect(await nextDueMs()).toBeNull();
});

test("the next message is so many milliseconds away, one that is due is 0", async () => {
  await queue("sends", 4);
  const away = await nextDueMs();
  expect(away).toBeGreaterThan(0);
  expect(away).toBeLessThanOrEqual(4_000);
  await queue("replies", 0);
  expect(await nextDueMs()).toBe(0);
});
