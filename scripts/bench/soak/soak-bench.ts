// Whether sending stays as fast as it began while a transaction is held open, which keeps vacuum from removing dead rows.
import { setTimeout as wait } from "node:timers/promises";
import postgres from "postgres";
import { arrangeCampaign } from "../arrange/arrange-campaign.ts";
import { round } from "../measure/describe-machine.ts";
import { percentile } from "../measure/median.ts";
import { defineBench, type Say } from "../report/bench-types.ts";
import { atLeast, atMost } from "../report/report.ts";
import { startCampaign, warmWorker } from "../stack/follow-campaign.ts";
import { withStack } from "../stack/start-stack-process.ts";
import { HOT_TABLES, type SoakSample, sampleSoak, sumOf } from "./sample-soak.ts";

const NUMBERS = 10;
/** Slots are (1 s + 40 ms)/mps apart: ten numbers at 5.2 make 50 a second. */
const MPS = 5.2;
const IDEAL = (NUMBERS * MPS) / 1.04;
const HISTORY = 20_000;
const LEAST_SHARE = 0.95;
/**
 * While the transaction is held, no dead row can be removed. A message leaves two in the queue (read, deleted), and its batch
 * one in each clock, cap and figure. So hot tables may grow by this much for each message, and no more.
 */
const BYTES_A_MESSAGE = 1_024;
/** Once it has ended, vacuum removes dead rows; at most so many may be left. */
const DEAD_AFTERWARDS = 1_000;
/** The medians of so many first and last minutes are compared. */
const COMPARED = 3;

export const soakBench = defineBench({
  name: "soak",
  summary:
    "50 messages a second for minutes on end, with an idle repeatable-read transaction open all the time",
  options: { minutes: { what: "for how long", value: 20 } },
  async run({ minutes }, say) {
    return await withStack({ durable: true }, async (stack) => {
      const sql = postgres(stack.adminUrl, { max: 2, onnotice: () => {} });
      const holder = postgres(stack.adminUrl, { max: 1, onnotice: () => {} });
      try {
        const messages = Math.ceil(NUMBERS * MPS * 60 * (minutes + 1));
        const spec = { messages, numbers: NUMBERS, mps: MPS, history: HISTORY, isShort: true };
        const { id } = await arrangeCampaign(stack, sql, spec);
        await warmWorker(stack);
        await holder.unsafe("begin isolation level repeatable read");
        await holder`select count(*) from public.campaigns`;
        await startCampaign(stack, sql, id);
        // Skip the start, until the steady state.
        await wait(10_000);
        const samples = [await sampleSoak(stack, sql, id)];
        for (let n = 1; n <= minutes; n++) {
          await wait(60_000);
          samples.push(await sampleSoak(stack, sql, id));
          say(describe(samples, n));
        }
        await holder.unsafe("commit");
        await sql`update public.campaigns set status = 'paused' where id = ${id}`;
        for (const table of HOT_TABLES) await sql.unsafe(`vacuum analyze ${table}`);
        return report(samples, await sampleSoak(stack, sql, id), say);
      } finally {
        await Promise.all([holder.end({ timeout: 1 }), sql.end({ timeout: 5 })]);
      }
    });
  },
});

interface Minute {
  sent: number;
  cpuMsPer1k: number;
}

function minutesOf(samples: SoakSample[]): Minute[] {
  return samples.slice(1).map((sample, n) => {
    const before = samples[n] as SoakSample;
    const sent = sample.sent - before.sent;
    return {
      sent,
      cpuMsPer1k: round(((sample.databaseCpuMs - before.databaseCpuMs) * 1000) / Math.max(sent, 1)),
    };
  });
}

function describe(samples: SoakSample[], n: number): string {
  const sample = samples[n] as SoakSample;
  const { sent, cpuMsPer1k } = minutesOf(samples)[n - 1] as Minute;
  const queue = sample.tables["pgmq.q_sends"];
  return `minute ${n}: ${sent} sent, database CPU ${cpuMsPer1k} ms per 1,000; q_sends ${queue?.kb} kB, ${queue?.dead} dead; all hot tables ${sumOf(sample, "kb")} kB, ${sumOf(sample, "dead")} dead; worker ${sample.workerRssMb} MB`;
}

function report(samples: SoakSample[], after: SoakSample, say: Say) {
  const minutes = minutesOf(samples);
  const [first, last] = [minutes.slice(0, COMPARED), minutes.slice(-COMPARED)];
  const middle = (some: Minute[], part: keyof Minute) =>
    percentile(
      some.map((one) => one[part]),
      50,
    );
  const [begun, ended] = [samples[0] as SoakSample, samples.at(-1) as SoakSample];
  const sent = ended.sent - begun.sent;
  const grown = ((sumOf(ended, "kb") - sumOf(begun, "kb")) * 1024) / sent;
  const share = middle(last, "sent") / middle(first, "sent");
  say(`after the transaction ended and vacuum ran: ${JSON.stringify(after.tables)}`);
  const figures = [
    atLeast("last minutes over the first, messages", share, LEAST_SHARE),
    atMost("hot tables' growth with a transaction held, bytes a message", grown, BYTES_A_MESSAGE),
    atMost("dead rows of hot tables after it ended and vacuum ran", sumOf(after, "dead"), DEAD_AFTERWARDS),
    { name: "messages/s in the last minutes", value: middle(last, "sent") / 60, bare: IDEAL },
    { name: "database CPU of the first minutes, ms per 1,000", value: middle(first, "cpuMsPer1k") },
    { name: "database CPU of the last minutes, ms per 1,000", value: middle(last, "cpuMsPer1k") },
    { name: "worker's memory at the end, MB", value: ended.workerRssMb },
  ];
  const result = {
    minutes: minutes.length,
    sent,
    share: round(share, 3),
    bytes_per_message: round(grown),
    per_minute: minutes,
    tables: ended.tables,
    tables_after: after.tables,
    worker_rss_mb: samples.map(({ workerRssMb }) => workerRssMb),
  };
  return { figures, result };
}
