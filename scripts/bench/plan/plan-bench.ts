// The speed of the database alone: plan, claim and settle, with every check and with rates lifted.
import { type BareServer, startBareServer } from "../../stack/start-bare-server.ts";
import { copyDatabase, type DatabaseCopy } from "../arrange/copy-database.ts";
import { round } from "../measure/describe-machine.ts";
import { medianBy } from "../measure/median.ts";
import { defineBench, type Say } from "../report/bench-types.ts";
import { atLeast } from "../report/report.ts";
import { arrangePlan } from "./arrange-plan.ts";
import { options, type PlanCounts } from "./plan-options.ts";
import { runBareWrites } from "./run-bare-writes.ts";
import { type PlanRun, runPlan } from "./run-plan.ts";
import { readTopStatements } from "./top-statements.ts";

const BUDGET = 3_000;

export const planBench = defineBench({
  name: "plan",
  summary: "plan + claim + settle in the database, all checks on, rates lifted",
  options,
  async run(counts, say) {
    const server = await startBareServer({ durable: counts.durable === 1 });
    try {
      return await measure(server, counts, say);
    } finally {
      await server.stop();
    }
  },
});

async function measure(server: BareServer, counts: PlanCounts, say: Say) {
  const arranged = await copyDatabase(server);
  await arrangePlan(arranged.sql, counts, say);
  await arranged.disconnect();
  const runs: PlanRun[] = [];
  for (let n = 1; n <= counts.runs; n++) {
    const run = await onCopy(server, arranged.name, async (db) => {
      const result = await runPlan(server, db, counts);
      if (counts.statements > 0) for (const line of await readTopStatements(db.sql, counts)) say(line);
      return result;
    });
    runs.push(run);
    say(`run ${n}: ${describeRun(run)}`);
  }
  const bare = await onCopy(server, server.template, (db) => runBareWrites(db, counts));
  say(
    `bare: ${Math.round(bare)} messages/s written to plain tables in the same batches, with no check and no other index`,
  );
  const run = medianBy(runs, ({ perSecond }) => perSecond);
  const { perSecond, batches, meanBatch, msPerMessage, cpuMsPer1k, serverCpuMsPer1k, clientCpuMsPer1k } = run;
  const result = {
    msgs_per_s: Math.round(perSecond),
    batches,
    connections: counts.connections,
    mean_batch: round(meanBatch),
    ms_per_message: msPerMessage,
    backend_cpu_ms_per_1k: cpuMsPer1k,
    server_cpu_ms_per_1k: serverCpuMsPer1k,
    client_cpu_ms_per_1k: clientCpuMsPer1k,
    bare_ratio: round(bare / perSecond, 2),
    runs: runs.map((one) => Math.round(one.perSecond)),
    messages: counts.messages,
  };
  const figures = [
    atLeast("plan + claim + settle, messages/s", perSecond, BUDGET, bare),
    ...Object.entries(msPerMessage).map(([phase, value]) => ({
      name: `${phase}, ms a message and connection`,
      value,
    })),
    { name: "CPU of the connections' backends, ms per 1,000", value: cpuMsPer1k },
    { name: "CPU of the whole server, ms per 1,000", value: serverCpuMsPer1k },
    { name: "CPU of the bench itself, ms per 1,000", value: clientCpuMsPer1k },
    { name: "messages a claim", value: meanBatch },
  ];
  return { figures, result };
}

async function onCopy<T>(
  server: BareServer,
  from: string,
  use: (db: DatabaseCopy) => Promise<T>,
): Promise<T> {
  const db = await copyDatabase(server, from);
  try {
    return await use(db);
  } finally {
    await db.drop();
  }
}

function describeRun({ perSecond, msPerMessage, cpuMsPer1k, serverCpuMsPer1k, meanBatch }: PlanRun): string {
  const phases = Object.entries(msPerMessage).map(([phase, ms]) => `${phase} ${ms}`);
  return `${Math.round(perSecond)} messages/s; ms a message and connection: ${phases.join(", ")}; CPU ms per 1,000: backends ${cpuMsPer1k}, server ${serverCpuMsPer1k}; ${round(meanBatch)} a claim`;
}
