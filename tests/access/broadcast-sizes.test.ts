// No broadcast is larger than Realtime delivers on the smallest plan, even for the largest rows that tables accept: Realtime
// drops a larger one without a report.
import type postgres from "postgres";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { buildWorld, type World } from "./build-world.ts";

/** The Free plan's, in bytes. */
const LARGEST = 256_000;
/** Of one value alone. A column that takes it limits nothing, and its broadcast would be too large already. */
const TOO_LONG = 270_000;
/** Tried from the smallest on, until the table takes none. */
const LENGTHS = [90, 300, 1_900, 9_000, 60_000];
/** Characters of four bytes, or of one if a table limits bytes. */
const SIGNS = ["😀", "x"];

interface Sent {
  bytes: number;
  withheld: boolean;
  records: { id?: string; campaign_id?: string }[];
}

class Undo extends Error {}

let world: World;
beforeAll(async () => {
  world = await buildWorld(inject("stack"));
});
afterAll(() => world?.close());

/** Tables whose rows are broadcast. */
async function readTables(): Promise<string[]> {
  const rows = await world.sql`
    select distinct c.relname as name from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and p.prosrc ~ 'broadcast_rows\\(|realtime\\.send\\('
    order by 1`;
  return rows.map(({ name }) => name);
}

/** Runs it in a transaction that is rolled back. */
async function arranged<T>(work: (tx: postgres.TransactionSql) => Promise<T>): Promise<T> {
  let result: T | undefined;
  await world.sql
    .begin(async (tx) => {
      result = await work(tx);
      throw new Undo();
    })
    .catch((error) => {
      if (!(error instanceof Undo)) throw error;
    });
  return result as T;
}

/** The broadcasts of a table that the work caused, in the organisation's channels. */
async function sentBy(
  tx: postgres.TransactionSql,
  table: string,
  work: () => Promise<unknown>,
): Promise<Sent[]> {
  const { id, row } = world.ours;
  const ids = [
    id,
    ...["campaigns", "conversations", "imports", "jobs"].map((name) => row[name]?.id as string),
  ];
  const read = () => tx<(Sent & { id: string })[]>`
    select m.id, octet_length(m.payload::text) as bytes, m.payload ? 'withheld' as withheld, m.payload -> 'records' as records
    from realtime.messages m where m.payload ->> 'table' = ${table} and split_part(m.topic, ':', 2) = any (${ids})`;
  const before = new Set((await read()).map((sent) => sent.id));
  await work();
  return (await read()).filter((sent) => !before.has(sent.id));
}

/** The row's own part of an update. */
const keyOf = (tx: postgres.ISql, table: string) => {
  const row = world.ours.row[table] ?? {};
  const key = row.id === undefined ? "campaign_id" : "id";
  return tx`${tx(`${table}.${key}`)} = ${row[key]}`;
};

/** Writes the largest value that the table accepts into every text column. */
async function grow(tx: postgres.TransactionSql, table: string): Promise<void> {
  const columns = await tx`
    select a.attname as name, format_type(a.atttypid, null) as type
    from pg_attribute a
    where a.attrelid = ${`public.${table}`}::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      and a.atttypid in ('text'::regtype, 'text[]'::regtype, 'jsonb'::regtype)`;
  for (const { name, type } of columns) await takeLargest(tx, table, name, type);
}

async function takeLargest(
  tx: postgres.TransactionSql,
  table: string,
  name: string,
  type: string,
): Promise<void> {
  const takes = (length: number, sign: string) => {
    const text = tx`repeat(${sign}, ${length}::int)`;
    const value =
      type === "jsonb" ? tx`jsonb_build_object('x', ${text})` : type === "text" ? text : tx`array[${text}]`;
    return tx
      .savepoint(
        (point) =>
          point`update ${point(`public.${table}`)} set ${point(name)} = ${value} where ${keyOf(tx, table)}`,
      )
      .then(
        () => true,
        () => false,
      );
  };
  if (await takes(TOO_LONG, "😀")) return;
  for (const length of LENGTHS) {
    let isTaken = false;
    for (const sign of SIGNS) isTaken ||= await takes(length, sign);
    if (!isTaken) return;
  }
}

const NEW_ROWS_ONLY = ["lead_events", "conversation_events"];

/** Updates the row without a change. If a table broadcasts new rows only, adds as many as one broadcast has. */
const touch = (tx: postgres.TransactionSql, table: string) =>
  NEW_ROWS_ONLY.includes(table)
    ? tx`insert into ${tx(`public.${table}`)}
        select (jsonb_populate_record(null::${tx(`public.${table}`)}, to_jsonb(${tx(table)}) || jsonb_build_object('id', gen_random_uuid()))).*
        from ${tx(`public.${table}`)}, generate_series(1, 50) where ${keyOf(tx, table)}`
    : tx`update ${tx(`public.${table}`)} set org_id = org_id where ${keyOf(tx, table)}`;

it("the largest row of each table is broadcast in a size that arrives, as ids only if it must be", async () => {
  const tables = await readTables();
  expect(tables.length).toBeGreaterThan(5);
  const [unfit, silent, withheld]: string[][] = [[], [], []];
  for (const table of tables)
    await arranged(async (tx) => {
      await grow(tx, table);
      const sent = await sentBy(tx, table, () => touch(tx, table));
      if (sent.length === 0) silent?.push(table);
      if (sent.some((one) => one.withheld)) withheld?.push(table);
      unfit?.push(...sent.filter(({ bytes }) => bytes > LARGEST).map(({ bytes }) => `${table}: ${bytes}`));
    });
  expect(unfit).toEqual([]);
  expect(silent).toEqual([]);
  // Shows that the rows were large.
  expect(withheld).toEqual(expect.arrayContaining(["campaigns", "imports", "jobs"]));
});

it("a statement that changes thousands of rows reports each of them, in several broadcasts", async () => {
  const count = 3000;
  const sent = await arranged(async (tx) => {
    await tx`
      insert into public.conversations (org_id, e164, last_message)
      select ${world.ours.id}, '+1214777' || to_char(n, 'FM0000'), repeat('x', 1600) from generate_series(1, ${count}::int) n`;
    return sentBy(
      tx,
      "conversations",
      () => tx`
      update public.conversations set unread_count = 1 where org_id = ${world.ours.id} and e164 like '+1214777%'`,
    );
  });
  expect(sent.filter(({ bytes }) => bytes > LARGEST)).toEqual([]);
  expect(sent.every((one) => one.withheld)).toBe(true);
  expect(new Set(sent.flatMap(({ records }) => records.map(({ id }) => id))).size).toBe(count);
});

it("a row of the usual size is broadcast whole", async () => {
  const sent = await arranged((tx) => sentBy(tx, "campaigns", () => touch(tx, "campaigns")));
  expect(sent).toHaveLength(2);
  for (const { withheld, records } of sent) {
    expect(withheld).toBe(false);
    expect(records).toMatchObject([{ id: world.ours.row.campaigns?.id, status: "draft" }]);
  }
});
