// pg-boss with batches large enough that its shortest polling interval never leaves it idle.
import PgBoss from "pg-boss";
import { order, waitForWord } from "./begin.ts";
import { type Job, QUEUE } from "./protocol.ts";
import { connect, sendJob } from "./send-job.ts";

/** Two, so that one fetches and completes while the other sends. */
const WORKERS = 2;
const BATCH = 250;

const { databaseUrl, concurrency } = order;
const boss = new PgBoss({ connectionString: databaseUrl, max: 4, supervise: false, schedule: false });
boss.on("error", console.error);

await boss.start();
await connect();
await waitForWord();
for (let n = 0; n < WORKERS; n++) {
  const id: string = await boss.work<Job>(
    QUEUE,
    { batchSize: BATCH, pollingIntervalSeconds: 0.5 },
    async (jobs) => {
      const waiting = [...jobs];
      const lane = async () => {
        for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await sendJob(job.data);
      };
      await Promise.all(Array.from({ length: concurrency / WORKERS }, lane));
      boss.notifyWorker(id);
    },
  );
}
