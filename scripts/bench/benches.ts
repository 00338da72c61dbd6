// Every bench there is, in the order in which they are listed.

import { buildBench } from "./build/build-bench.ts";
import { concurrencyBench } from "./concurrency/concurrency-bench.ts";
import { idleBench } from "./idle/idle-bench.ts";
import { importBench } from "./import/import-bench.ts";
import { inboxBench } from "./inbox/inbox-bench.ts";
import { liveBench } from "./live/live-bench.ts";
import { pacingBench } from "./pacing/pacing-bench.ts";
import { pipelineBench } from "./pipeline/pipeline-bench.ts";
import { planBench } from "./plan/plan-bench.ts";
import type { Bench } from "./report/bench-types.ts";
import { searchBench } from "./search/search-bench.ts";
import { soakBench } from "./soak/soak-bench.ts";
import { webhooksBench } from "./webhooks/webhooks-bench.ts";

export const benches: Bench[] = [
  buildBench,
  planBench,
  pipelineBench,
  pacingBench,
  webhooksBench,
  liveBench,
  concurrencyBench,
  searchBench,
  inboxBench,
  importBench,
  idleBench,
  soakBench,
];
