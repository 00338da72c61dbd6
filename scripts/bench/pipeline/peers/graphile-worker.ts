// graphile-worker as its documentation sets it up for high throughput: a local queue, completions in batches.
import { Logger, run } from "graphile-worker";
import { order, waitForWord } from "./begin.ts";
import { type Job, QUEUE } from "./protocol.ts";
import { connect, sendJob } from "./send-job.ts";

const { databaseUrl, concurrency } = order;

await connect();
await waitForWord();
await run({
  taskList: { [QUEUE]: (payload) => sendJob(payload as Job) },
  noHandleSignals: true,
  preset: {
    worker: {
      connectionString: databaseUrl,
      concurrentJobs: concurrency,
      maxPoolSize: concurrency + 2,
      pollInterval: 500,
      localQueue: { size: 500 },
      completeJobBatchDelay: 50,
      failJobBatchDelay: 50,
      logger: new Logger(() => () => {}),
    },
  },
});
