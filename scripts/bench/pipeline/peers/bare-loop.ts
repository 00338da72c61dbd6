// The least work: the same POSTs with the same concurrency, without a database.
import { order, waitForWord } from "./begin.ts";
import { makeJobs } from "./make-jobs.ts";
import { DONE } from "./protocol.ts";
import { post } from "./send-job.ts";

await waitForWord();
const waiting = makeJobs(order.messages, order.numbers);
const lane = async () => {
  for (let job = waiting.pop(); job !== undefined; job = waiting.pop()) {
    const { outcome } = await post(job, job.id);
    if (outcome !== "accepted") throw new Error(`a POST was ${outcome}`);
  }
};
await Promise.all(Array.from({ length: order.concurrency }, lane));
console.log(DONE);
