// A request for a page of a table can't fill the shared memory: the large values of an organisation are limited in total.
import { beforeEach, expect, test } from "vitest";
import { type ArrangedOrg, arrangeOrg, signedIn } from "../../fixtures/arrange-sending.ts";
import { useBareDatabase } from "../../fixtures/use-bare-database.ts";

const bench = useBareDatabase();
let hoarder: ArrangedOrg;
let neighbour: ArrangedOrg;
beforeEach(async () => {
  await bench.clear();
  hoarder = await arrangeOrg(bench.db);
  neighbour = await arrangeOrg(bench.db);
});

/** A filter of some 820,000 bytes, of which compression leaves next to nothing. */
const LARGE = `(select jsonb_build_object('cities', c.names, 'counties', c.names, 'zips', c.names, 'sources', c.names)
  from (select jsonb_agg(lpad(i::text, 200, 'x')) as names from generate_series(1, 1000) i) c)`;
const SMALL = `'{"states": ["TX"]}'::jsonb`;
interface Way {
  column: string;
  /** A row as the table takes it, of organisation $1. */
  row: string;
  /** The function that a person calls to add such a row, with a filter. */
  call(filter: string): string;
}
const WAYS: Record<string, Way> = {
  campaigns: {
    column: "target_criteria",
    row: `insert into public.campaigns (org_id, name, target_criteria) select $1, 'Hoard', jsonb_build_object('filter', ${LARGE})`,
    call: (filter) =>
      `public.create_campaign(jsonb_build_object('name', 'Small', 'target_criteria', jsonb_build_object('filter', ${filter})))`,
  },
  segments: {
    column: "filter",
    row: `insert into public.segments (org_id, name, kind, filter) select $1, gen_random_uuid(), 'filter', ${LARGE}`,
    call: (filter) =>
      `public.save_segment(jsonb_build_object('name', gen_random_uuid(), 'kind', 'filter', 'filter', ${filter}))`,
  },
  jobs: {
    column: "input",
    row: `insert into public.jobs (org_id, kind, required_role, status, finished_at, input)
      select $1, 'lead_export', 'admin', 'canceled', now(), jsonb_build_object('filter', ${LARGE})`,
    call: (filter) => `public.create_export(${filter}, '{"format": "csv", "rows_per": "lead"}')`,
  },
};

/** Adds rows until one is refused, 200 at most. @returns how many were accepted, and the refusal */
async function hoard(org: ArrangedOrg, row: string): Promise<{ rows: number; refusal: string }> {
  for (let rows = 0; rows < 200; rows++) {
    try {
      await bench.sql.unsafe(row, [org.id]);
    } catch (error) {
      return { rows, refusal: (error as Error).message };
    }
  }
  return { rows: 200, refusal: "" };
}

async function call(org: ArrangedOrg, statement: string): Promise<unknown> {
  const person = await signedIn(bench.db, org.adminId);
  try {
    const [row] = await person.sql.unsafe(`select ${statement} as result`);
    return row?.result;
  } finally {
    await person.end();
  }
}

/** As if the organisation had long values in that table already, up to less than one more. */
const fillUp = (org: ArrangedOrg, table: string, column = WAYS[table]?.column ?? "") =>
  bench.sql`insert into private.large_values (org_id, table_name, row_id, column_name, bytes)
    values (${org.id}, ${table}, gen_random_uuid(), ${column}, 63990000)`;

test.each(Object.entries(WAYS))("long values of %s are refused above the sum", async (table, way) => {
  await call(hoarder, way.call(LARGE));
  await fillUp(hoarder, table);
  const { rows, refusal } = await hoard(hoarder, way.row);
  expect([rows, refusal]).toEqual([
    0,
    expect.stringContaining(`The long values in ${way.column} of your ${table} take 6`),
  ]);
  await expect(call(hoarder, way.call(LARGE))).rejects.toMatchObject({
    code: "PT422",
    message: expect.stringContaining("a segment instead of lead ids"),
  });
  // Small values, and other organisations, are still accepted.
  await call(hoarder, way.call(SMALL));
  await call(neighbour, way.call(LARGE));
});

test.each(["columns", "mapping"])("many long %s of imports are refused above the sum", async (column) => {
  await fillUp(hoarder, "imports", column);
  // 500 names of 100 characters, or 10 of them.
  const importOf = (org: ArrangedOrg, names: number) => bench.sql`
    insert into public.imports (org_id, file_name, file_bytes, content_hash, storage_path, encoding, delimiter, columns, mapping)
    select ${org.id}, 'a.csv', 10, repeat('0', 64), 'x', 'utf-8', ',', array_agg(n.name), jsonb_object_agg(n.name, 'ignore')
    from (select lpad(i::text, 100, 'x') as name from generate_series(1, ${names}::int) i) n`;
  await expect(importOf(hoarder, 500)).rejects.toMatchObject({
    code: "PT422",
    message: expect.stringContaining(`The long values in ${column} of your imports take 6`),
  });
  await importOf(hoarder, 10);
  await importOf(neighbour, 500);
});

test("the heaviest page is bounded", async () => {
  const { rows } = await hoard(hoarder, WAYS.segments?.row ?? "");
  expect(rows).toBeGreaterThan(70);
  const [page] = await bench.sql`
    select sum(octet_length(to_jsonb(x)::text))::int as bytes from (select * from public.segments limit 1000) x`;
  expect(page?.bytes).toBeLessThan(70_000_000);
});

test("a filter made large later is counted as well", async () => {
  await fillUp(hoarder, "segments");
  const id = await call(hoarder, WAYS.segments?.call(SMALL) ?? "");
  const grown = call(hoarder, `public.save_segment(jsonb_build_object('filter', ${LARGE}), '${id}')`);
  await expect(grown).rejects.toMatchObject({ code: "PT422" });
});

test("a value that is deleted or made short again no longer counts", async () => {
  const { rows } = await hoard(hoarder, WAYS.segments?.row ?? "");
  const freed = bench.sql`select id from public.segments where org_id = ${hoarder.id} order by id limit 4`;
  const [deleted, other, shortened, ours] = await freed;
  await bench.sql`delete from public.segments where id in (${deleted?.id}, ${other?.id})`;
  await bench.sql`update public.segments set filter = '{"states": ["TX"]}' where id in (${shortened?.id}, ${ours?.id})`;
  expect((await hoard(hoarder, WAYS.segments?.row ?? "")).rows).toBe(4);
  const [kept] =
    await bench.sql`select count(*)::int as n from private.large_values where org_id = ${hoarder.id}`;
  expect(kept?.n).toBe(rows);
});
