// Stands in for the platform's background workers: runs cron jobs and sends pg_net's requests.
import postgres from "postgres";
import { runCron } from "./run-cron.ts";
import { sendNetRequests } from "./send-net-requests.ts";

export type SchedulerOptions = {
  /** URL as the superuser: jobs run as the role that scheduled them. */
  adminUrl: string;
  log?: (line: string) => void;
};
export type Scheduler = { stop(): Promise<void> };

/** Starts both; works whether or not the extensions exist yet. Uses two connections, and one for each job that runs. */
export async function startScheduler({ adminUrl, log = () => {} }: SchedulerOptions): Promise<Scheduler> {
  const sql = postgres(adminUrl, {
    // Jobs and LISTEN have connections of their own.
    max: 2,
    idle_timeout: 30,
    max_lifetime: null,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: "scheduler" },
  });
  const cron = await runCron(sql, adminUrl, log);
  const net = await sendNetRequests(sql, log);
  return {
    async stop() {
      await cron.stop();
      await net.stop();
      await sql.end({ timeout: 2 });
    },
  };
}
