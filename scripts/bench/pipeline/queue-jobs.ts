// Handles the peers' queues from outside: makes their tables, adds their jobs, and checks whether all are done.
import { makeWorkerUtils } from "graphile-worker";
import PgBoss from "pg-boss";
import type postgres from "postgres";
import { type Job, QUEUE } from "./peers/protocol.ts";

export interface PeerQueue {
  add(jobs: Job[]): Promise<void>;
  isDone(sql: postgres.Sql): Promise<boolean>;
  close(): Promise<void>;
}

export async function openGraphileWorker(databaseUrl: string): Promise<PeerQueue> {
  const utils = await makeWorkerUtils({ connectionString: databaseUrl });
  await utils.migrate();
  return {
    add: async (jobs) => void (await utils.addJobs(jobs.map((payload) => ({ identifier: QUEUE, payload })))),
    async isDone(sql) {
      const [row] = await sql`select not exists (select 1 from graphile_worker._private_jobs) as done`;
      return row?.done;
    },
    close: async () => await utils.release(),
  };
}

export async function openPgBoss(databaseUrl: string): Promise<PeerQueue> {
  const boss = new PgBoss({ connectionString: databaseUrl, max: 1, supervise: false, schedule: false });
  boss.on("error", console.error);
  await boss.start();
  await boss.createQueue(QUEUE);
  return {
    add: async (jobs) => await boss.insert(jobs.map((data) => ({ name: QUEUE, data }))),
    async isDone(sql) {
      const [row] =
        await sql`select not exists (select 1 from pgboss.job where name = ${QUEUE} and state <> 'completed') as done`;
      return row?.done;
    },
    close: async () => await boss.stop({ graceful: false }),
  };
}
