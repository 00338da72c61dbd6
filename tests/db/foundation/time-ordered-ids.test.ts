// Ids of rows that one transaction writes one after the other: now() is the same for all of them, so the ids must tell the order.
import { expect, test } from "vitest";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();

/** The microseconds in an id: 48 bits of milliseconds, then 12 bits with the fraction of a millisecond. */
function timeOf(id: string): { at: bigint; version: string; variant: number } {
  const hex = id.replaceAll("-", "");
  const fraction = Number.parseInt(hex.slice(13, 16), 16);
  const at = BigInt(`0x${hex.slice(0, 12)}`) * 1000n + BigInt(Math.ceil((fraction * 1000) / 4096));
  return { at, version: hex[12] as string, variant: Number.parseInt(hex[16] as string, 16) >> 2 };
}

test("an id has the time to the microsecond, and the version and variant of its kind", async () => {
  const rows = await bench.sql`
    select (extract(epoch from before) * 1000000)::bigint::text as before, id,
      (extract(epoch from clock_timestamp()) * 1000000)::bigint::text as after
    from (
      select b.before, private.uuid_v7() as id from (
        select clock_timestamp() as before from generate_series(1, 2000) offset 0
      ) b offset 0
    ) x`;
  for (const { before, id, after } of rows) {
    const { at, version, variant } = timeOf(id);
    expect({ version, variant }).toEqual({ version: "7", variant: 2 });
    expect(at).toBeGreaterThanOrEqual(BigInt(before));
    expect(at).toBeLessThanOrEqual(BigInt(after));
  }
  expect(new Set(rows.map(({ id }) => id)).size).toBe(2000);
});

test("rows that a transaction writes one after the other are in the order of their ids", async () => {
  await bench.sql.begin(async (tx) => {
    const ids: string[] = [];
    for (let i = 0; i < 200; i++) ids.push((await tx`select private.uuid_v7() as id`)[0]?.id);
    expect(ids.toSorted()).toEqual(ids);
  });
});
