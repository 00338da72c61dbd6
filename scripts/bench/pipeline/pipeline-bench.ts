// From the queue through Twilio's simulator to settled: our worker beside graphile-worker and pg-boss, on equal terms.

import { round } from "../measure/describe-machine.ts";
import { medianBy } from "../measure/median.ts";
import { defineBench, type Say } from "../report/bench-types.ts";
import { atLeast, atMost } from "../report/report.ts";
import { options, type PipelineRun } from "./pipeline-options.ts";
import { runOurs } from "./run-ours.ts";
import { type Peer, runBareLoop, runPeer } from "./run-peer.ts";

const BUDGET = 1_000;
/** More than the idle runtime has. */
const MEMORY_MB = 128;

/** ours_with_planning includes planning, as deployed. It is not compared with the peers, which don't plan. */
type Contender = "ours" | "ours_with_planning" | Peer;
const OURS: Contender[] = ["ours", "ours_with_planning"];

export const pipelineBench = defineBench({
  name: "pipeline",
  summary: "queue to Twilio's simulator to settled, one worker process; ours, graphile-worker and pg-boss",
  options,
  async run(counts, say) {
    const contenders: Contender[] = counts.peers === 1 ? [...OURS, "graphile_worker", "pg_boss"] : OURS;
    const runs = new Map<Contender, PipelineRun[]>(contenders.map((name) => [name, []]));
    for (let n = 0; n < counts.runs; n++) {
      for (const name of inTurn(contenders, n)) {
        const run =
          name === "ours" || name === "ours_with_planning"
            ? await runOurs(counts, name === "ours")
            : await runPeer(name, counts);
        runs.get(name)?.push(run);
        say(`run ${n + 1}, ${name}: ${describeRun(run)}`);
      }
    }
    const bare = await runBareLoop(counts);
    say(`bare loop: ${Math.round(bare)} POSTs/s`);
    return report(runs, bare, say);
  },
});

function describeRun({ perSecond, cpuMsPer1k, cpuParts, isolates }: PipelineRun): string {
  const parts = Object.entries(cpuParts).map(([part, ms]) => `${part} ${ms}`);
  const used = isolates === undefined ? "" : `, ${isolates} isolates used up`;
  return `${Math.round(perSecond)} messages/s, ${cpuMsPer1k} ms of CPU per 1,000 (${parts.join(", ")})${used}`;
}

/** Rotates the order, so that none is always first. */
const inTurn = (all: Contender[], n: number) => [
  ...all.slice(n % all.length),
  ...all.slice(0, n % all.length),
];

function report(runs: Map<Contender, PipelineRun[]>, bare: number, say: Say) {
  const medians = new Map(
    [...runs].map(([name, all]) => [name, medianBy(all, ({ perSecond }) => perSecond)]),
  );
  const ours = medians.get("ours") as PipelineRun;
  const peers = [...medians].filter(([name]) => !OURS.includes(name));
  const planned = medians.get("ours_with_planning") as PipelineRun;
  const figures = [
    atLeast("ours, messages/s", ours.perSecond, BUDGET, bare),
    atLeast("ours with planning, messages/s", planned.perSecond, BUDGET, bare),
    ...peers.map(([name, run]) => ({ name: `${name}, messages/s`, value: run.perSecond, bare })),
    ...peers.map(([name, run]) => atLeast(`ours over ${name}`, ours.perSecond / run.perSecond, 1)),
    ...[...medians].map(([name, run]) => ({ name: `${name}, CPU ms per 1,000`, value: run.cpuMsPer1k })),
    atMost("our worker's memory over the idle runtime, MB", ours.memoryMb ?? Number.NaN, MEMORY_MB),
  ];
  say("CPU is that of every process but the simulator: server, worker, and for ours the whole platform.");
  const result = {
    ...Object.fromEntries(
      [...medians].map(([name, run]) => [
        name,
        { msgs_per_s: Math.round(run.perSecond), cpu_ms_per_1k: run.cpuMsPer1k, cpu_parts: run.cpuParts },
      ]),
    ),
    bare_ratio: round(bare / ours.perSecond, 2),
    bare_per_s: Math.round(bare),
    memory_mb: ours.memoryMb,
    isolates: ours.isolates,
    runs: Object.fromEntries(
      [...runs].map(([name, all]) => [name, all.map((one) => Math.round(one.perSecond))]),
    ),
  };
  return { figures, result };
}
