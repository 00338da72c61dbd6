// The sample a soak takes every minute: how much was sent, its cost, and the size of the hot tables.
import type postgres from "postgres";
import { round } from "../measure/describe-machine.ts";
import { readProcesses } from "../measure/read-processes.ts";
import { cpuOf } from "../measure/watch-cpu.ts";
import type { StackProcess } from "../stack/start-stack-process.ts";

/** Tables whose rows are inserted and deleted all the time: the queues, and tables that change with every batch. */
export const HOT_TABLES = [
  "pgmq.q_sends",
  "pgmq.q_replies",
  "private.campaign_deltas",
  "private.number_pace",
  "private.campaign_pace",
  "private.campaign_turns",
  "private.org_pace",
  "private.daily_usage",
  "private.template_usage",
  "public.campaign_stats",
];

export interface SoakSample {
  /** Messages of the campaign sent so far. */
  sent: number;
  /** For each table: kilobytes with its indexes, and dead rows. */
  tables: Record<string, { kb: number; dead: number }>;
  databaseCpuMs: number;
  workerRssMb: number;
}

export async function sampleSoak(
  stack: StackProcess,
  sql: postgres.Sql,
  campaignId: string,
): Promise<SoakSample> {
  const [figures] = await sql`select sent from public.campaign_stats where campaign_id = ${campaignId}`;
  const tables = await sql`
    select s.schemaname || '.' || s.relname as name, (pg_total_relation_size(s.relid) / 1024)::integer as kb, s.n_dead_tup::integer as dead
    from pg_catalog.pg_stat_all_tables s where s.schemaname || '.' || s.relname = any (${HOT_TABLES})`;
  const pids = await stack.pids();
  const worker = await readProcesses(pids.functions.worker ?? []);
  return {
    sent: figures?.sent ?? 0,
    tables: Object.fromEntries(tables.map(({ name, kb, dead }) => [name, { kb, dead }])),
    databaseCpuMs: await cpuOf(pids.database),
    workerRssMb: round(Math.max(0, ...worker.map(({ rssKb }) => rssKb)) / 1024),
  };
}

export const sumOf = (sample: SoakSample, part: "kb" | "dead") =>
  Object.values(sample.tables).reduce((sum, table) => sum + table[part], 0);
