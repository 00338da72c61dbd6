// The cost of a chunk of an import or of its undo does not grow with the number of leads: everything is found by an index,
// for any statistics.
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { addOwners } from "../../scripts/bench/search/owners.ts";
import { addImport, type ChunkRow, chunkRow, type Sql } from "../fixtures/apply-import.ts";
import { createOrg, type TestOrg } from "../fixtures/create-org.ts";

const SMALL = 2_000;
const LARGE = 40_000;
/** Index trees are a level deeper; reading a table or an index from end to end would cost twenty times as much. */
const GROWTH = 1.7;
const STRATEGIES = ["skip", "update", "fill", "add_phones", "create"];

let org: TestOrg;
let known: string[];
let small: Record<string, number>;
let large: Record<string, number>;

beforeAll(async () => {
  org = await createOrg(inject("stack"), { numbers: 0 });
  small = await measure(0, SMALL);
  large = await measure(SMALL, LARGE);
}, 180_000);
afterAll(() => org.close());

/** Buffers that each call touches, its inner statements included, with `to` leads. Nothing is analysed, on purpose. */
async function measure(from: number, to: number): Promise<Record<string, number>> {
  await addOwners(org.sql, org.id, { from, count: to - from, seed: from });
  known = (
    await org.sql`
      select e164 from public.lead_phones where org_id = ${org.id} and role = 'primary' order by md5(e164 || ${to}) limit 1000`
  ).map((row) => row.e164);
  const costs: Record<string, number> = {};
  for (const strategy of STRATEGIES) {
    const id = await addImport(org, { merge_strategy: strategy });
    costs[strategy] = await buffers(async (tx, explain) => {
      await tx`delete from pgmq.q_imports where message ->> 'import_id' = ${id}`;
      return await explain("select private.import_chunk($1, 0, 0, 100, 12, $2::text::jsonb, true)", [
        id,
        JSON.stringify(makeRows()),
      ]);
    });
    await org.sql`update public.imports set status = 'undoing', undo_total = 1000 where id = ${id}`;
    costs[`undo of ${strategy}`] = await buffers((_tx, explain) =>
      explain("select private.undo_import_chunk($1, null)", [id]),
    );
  }
  return costs;
}

/** A hundred rows, of which every second is about an existing lead. */
function makeRows(): ChunkRow[] {
  return Array.from({ length: 100 }, (_, i) => {
    const phones = i % 2 === 0 ? [known.pop() as string] : [`+1512224${String(made++).padStart(4, "0")}`];
    return chunkRow(i + 2, phones, { lead: { city: "Marfa" }, parcel: { apn: `N-${i}`, county: "Travis" } });
  });
}
let made = 0;

type Explain = (text: string, params: unknown[]) => Promise<number>;
const buffers = async (work: (tx: Sql, explain: Explain) => Promise<number>) => {
  // Entries that earlier calls left on the pending lists of these indexes would be inserted by the call that fills the list.
  await org.sql`
    select gin_clean_pending_list(i.indexrelid) from pg_index i
    join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
    where a.amname = 'gin' and i.indrelid = 'public.leads'::regclass`;
  return await org.sql.begin((tx) =>
    work(tx, async (text, params) => {
      const [row] = await tx.unsafe(`explain (analyze, buffers, format json) ${text}`, params as never[]);
      const plan = row?.["QUERY PLAN"][0].Plan;
      return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"];
    }),
  );
};

it.each(STRATEGIES.flatMap((strategy) => [strategy, `undo of ${strategy}`]))("%s", (call) => {
  expect(small[call]).toBeGreaterThan(100);
  expect(large[call], `${small[call]} buffers with ${SMALL} leads`).toBeLessThan((small[call] ?? 0) * GROWTH);
});
