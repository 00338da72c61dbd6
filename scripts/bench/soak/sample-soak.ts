// What a soak looks at every minute: how much was sent, what it cost, and how large the hot tables have become.
import type postgres from "postgres";
import { round } from "../measure/describe-machine.ts";
import { readProcesses } from "../measure/read-processes.ts";
import { cpuOf } from "../measure/watch-cpu.ts";
import type { StackProcess } from "../stack/start-stack-process.ts";

/** Tables whose rows come and go: the queues, and what changes with every batch. */
export const HOT_TABLES = [
  "pgmq.q_sends",
  "pgmq.q_replies",
  "private.campaign_deltas",
  "private.number_pace",
  "private.campaign_pace",
  "private.org_pace",
  "private.daily_usage",
  "private.template_usage",
  "public.campaign_stats",
];

export interface SoakSample {
  /** Of the campaign, so far. */
  sent: number;
  /** By table: kilobytes with its indexes, and rows that nobody can see any more. */
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
