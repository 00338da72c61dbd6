// Scheduled work (tasks, and jobs of pg_cron) and queues (pgmq).
import type postgres from "postgres";

export interface Task {
  name: string;
  seconds: number;
  isPrompt: boolean;
  due: string;
  /** Its parts in order: queries for items, and the call for each item. */
  parts: { kind: string | null; items: string | null; call: string; seconds: number }[];
}

export interface Job {
  name: string;
  schedule: string;
  /** The role it runs as. */
  role: string;
  isActive: boolean;
  command: string;
}

export interface Queue {
  name: string;
  /** Settings that differ from those of a queue as pgmq makes it. */
  settings: string[];
}

export async function readTasks(sql: postgres.Sql): Promise<Task[]> {
  return await sql<Task[]>`
    select t.name, t.seconds, t.is_prompt as "isPrompt", t.due,
      (select jsonb_agg(jsonb_build_object('kind', p.kind, 'items', p.items, 'call', p.call, 'seconds', p.seconds) order by p.place)
       from private.task_parts p where p.task = t.name) as parts
    from private.tasks t order by t.name collate "C"`;
}

export async function readJobs(sql: postgres.Sql): Promise<Job[]> {
  return await sql<Job[]>`
    select j.jobname as name, j.schedule, j.username as role, j.active as "isActive", j.command
    from cron.job j order by j.jobname collate "C"`;
}

export async function readQueues(sql: postgres.Sql): Promise<Queue[]> {
  return await sql<Queue[]>`
    select q.queue_name as name,
      case when q.is_partitioned then '{partitioned}'::text[] else '{}' end
        || case when q.is_unlogged then '{unlogged}'::text[] else '{}' end
        || array(select unnest(c.reloptions) order by 1) as settings
    from pgmq.meta q
    join pg_class c on c.oid = format('pgmq.%I', 'q_' || q.queue_name)::regclass
    order by q.queue_name collate "C"`;
}
