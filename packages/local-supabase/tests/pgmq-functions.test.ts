// The queue extension offers exactly what hosted projects offer: pgmq 1.5.1.
import postgres from "postgres";
import { afterAll, expect, inject, test } from "vitest";

const sql = postgres(inject("platform").DB_URL, { max: 1, onnotice: () => {} });
afterAll(() => sql.end());

const sends = (name: string, body: string, headers: string) => [
  `${name}(text,${body})`,
  `${name}(text,${body},${headers})`,
  `${name}(text,${body},integer)`,
  `${name}(text,${body},timestamp with time zone)`,
  `${name}(text,${body},${headers},integer)`,
  `${name}(text,${body},${headers},timestamp with time zone)`,
];

const FUNCTIONS_OF_1_5_1 = [
  "_belongs_to_pgmq(text)",
  "_ensure_pg_partman_installed()",
  "_extension_exists(text)",
  "_get_partition_col(text)",
  "_get_pg_partman_major_version()",
  "_get_pg_partman_schema()",
  "archive(text,bigint)",
  "archive(text,bigint[])",
  "convert_archive_partitioned(text,text,text,integer)",
  "create(text)",
  "create_non_partitioned(text)",
  "create_partitioned(text,text,text)",
  "create_unlogged(text)",
  "delete(text,bigint)",
  "delete(text,bigint[])",
  "detach_archive(text)",
  "drop_queue(text)",
  "drop_queue(text,boolean)",
  "format_table_name(text,text)",
  "list_queues()",
  "metrics(text)",
  "metrics_all()",
  "pop(text)",
  "purge_queue(text)",
  "read(text,integer,integer,jsonb)",
  "read_with_poll(text,integer,integer,integer,integer,jsonb)",
  ...sends("send", "jsonb", "jsonb"),
  ...sends("send_batch", "jsonb[]", "jsonb[]"),
  "set_vt(text,bigint,integer)",
  "validate_queue_name(text)",
];

test("pgmq has the functions of 1.5.1, no more and no fewer", async () => {
  const rows = await sql`
    select p.proname || '(' || coalesce(
      (select string_agg(format_type(t.type, null), ',' order by t.position)
       from unnest(p.proargtypes::oid[]) with ordinality as t (type, position)), '') || ')' as signature
    from pg_proc p where p.pronamespace = 'pgmq'::regnamespace`;
  expect(rows.map((row) => row.signature).sort()).toEqual([...FUNCTIONS_OF_1_5_1].sort());
  const [extension] = await sql`select extversion from pg_extension where extname = 'pgmq'`;
  expect(extension?.extversion).toBe("1.5.1");
});

test("a pgmq message has the columns of 1.5.1, without last_read_at", async () => {
  const rows = await sql`
    select attname from pg_attribute
    where attrelid = 'pgmq.message_record'::regclass and attnum > 0 and not attisdropped order by attnum`;
  expect(rows.map((row) => row.attname)).toEqual([
    "msg_id",
    "read_ct",
    "enqueued_at",
    "vt",
    "message",
    "headers",
  ]);
});

test("postgres makes a queue, sends, reads, pops, archives, deletes and drops it", async () => {
  await sql`select pgmq.create('function_list')`;
  try {
    const sent =
      await sql`select * from pgmq.send_batch('function_list', array['{"n":1}', '{"n":2}', '{"n":3}']::jsonb[])`;
    expect(sent).toHaveLength(3);
    const read = await sql`select * from pgmq.read('function_list', 30, 1)`;
    expect(read[0]).toMatchObject({ read_ct: 1, message: { n: 1 } });
    expect(await sql`select pgmq.archive('function_list', ${read[0]?.msg_id}::bigint) as done`).toMatchObject(
      [{ done: true }],
    );
    expect((await sql`select * from pgmq.pop('function_list')`)[0]).toMatchObject({ message: { n: 2 } });
    const left = await sql`select * from pgmq.read('function_list', 0, 9)`;
    expect(left.map((row) => row.message)).toEqual([{ n: 3 }]);
    expect(await sql`select pgmq.delete('function_list', ${left[0]?.msg_id}::bigint) as done`).toMatchObject([
      { done: true },
    ]);
  } finally {
    await sql`select pgmq.drop_queue('function_list')`;
  }
});
