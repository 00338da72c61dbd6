// The statements inside the functions that cost most.
import type postgres from "postgres";
import type { PlanCounts } from "./plan-options.ts";

const WIDTH = 150;

/** @returns a line for each: its cost per message, its number of runs, its buffers, and its first words */
export async function readTopStatements(
  sql: postgres.Sql,
  { statements, messages }: PlanCounts,
): Promise<string[]> {
  const rows = await sql`
    select s.total_exec_time::float8 as ms, s.calls::integer as calls, (s.shared_blks_hit + s.shared_blks_read)::float8 as blocks, s.toplevel,
      regexp_replace(s.query, '\\s+', ' ', 'g') as query
    from extensions.pg_stat_statements s
    join pg_catalog.pg_database d on d.oid = s.dbid
    join pg_catalog.pg_roles r on r.oid = s.userid
    where d.datname = current_database() and s.query !~* '^(begin|commit|set) ?' 
    order by s.total_exec_time desc limit ${statements}`;
  const line = (a: string, b: string, c: string, text: string) =>
    `${a.padStart(10)}  ${b.padStart(8)}  ${c.padStart(11)}  ${text}`;
  return [
    line("µs/message", "calls", "blocks/msg", "statement"),
    ...rows.map(({ ms, calls, blocks, toplevel, query }) =>
      line(
        ((ms / messages) * 1000).toFixed(1),
        String(calls),
        (blocks / messages).toFixed(1),
        `${toplevel ? "CALL " : ""}${query.slice(0, WIDTH)}`,
      ),
    ),
  ];
}
