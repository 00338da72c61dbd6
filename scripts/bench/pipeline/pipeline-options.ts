// The options of the bench of the pipeline, and the result of one of its runs.
import type { Counts } from "../report/bench-types.ts";

export const options = {
  messages: { what: "messages a run", value: 10_000 },
  concurrency: {
    what: "POSTs in flight of the peers and the bare loop; 20 is our worker's own limit",
    value: 20,
  },
  runs: { what: "runs of each, of which the median counts; each run has another order", value: 3 },
  durable: { what: "1: a commit waits for the disk; 0: it does not", value: 1 },
  peers: { what: "1: with the peers; 0: ours alone", value: 1 },
};
export type PipelineCounts = Counts<typeof options>;

export interface PipelineRun {
  perSecond: number;
  /** CPU of every process but the simulator. */
  cpuMsPer1k: number;
  /** The same by process: database server, worker or functions, and for ours the rest of the platform. */
  cpuParts: Record<string, number>;
  /** The most memory our worker had, less that of its idle runtime. */
  memoryMb?: number;
  /** How many isolates our worker used up. */
  isolates?: number;
}
