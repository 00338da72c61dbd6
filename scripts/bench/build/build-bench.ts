// A campaign's audience, from leads to targets: phone, variables of texts, consent and limits of every lead are checked.
import type postgres from "postgres";
import { startBareServer } from "../../stack/start-bare-server.ts";
import { addLeads } from "../arrange/add-leads.ts";
import { startAfternoonClock } from "../arrange/afternoon-clock.ts";
import { buildCampaign, CHUNK } from "../arrange/build-campaign.ts";
import { copyDatabase } from "../arrange/copy-database.ts";
import { type BenchOrg, createOrg } from "../arrange/create-org.ts";
import { round } from "../measure/describe-machine.ts";
import { medianBy } from "../measure/median.ts";
import { defineBench } from "../report/bench-types.ts";
import { atMost } from "../report/report.ts";

const BUDGET_S = 5;
const TAG = "BUILD";

const options = {
  leads: { what: "leads, all of which become targets", value: 100_000 },
  runs: { what: "runs, of which the median counts", value: 3 },
  durable: { what: "1: a commit waits for the disk; 0: it does not", value: 1 },
};

interface Run {
  seconds: number;
  slowestChunkMs: number;
}

export const buildBench = defineBench({
  name: "build",
  summary: "a campaign's targets from 100,000 leads, chunk by chunk as the worker builds",
  options,
  async run({ leads, runs, durable }, say) {
    const server = await startBareServer({ durable: durable === 1 });
    try {
      const arranged = await copyDatabase(server);
      const org = await createOrg(arranged.sql, { n: 0, numbers: 10, mps: 5 });
      await addLeads(arranged.sql, org.id, { from: 0, count: leads, tag: TAG });
      await arranged.sql`vacuum analyze`;
      await arranged.sql`checkpoint`;
      await arranged.disconnect();
      const first: Run[] = [];
      const again: Run[] = [];
      let bare = 0;
      for (let n = 1; n <= runs; n++) {
        const db = await copyDatabase(server, arranged.name);
        try {
          // The first campaign also makes each phone's contact; a second finds them.
          first.push(await build(db.sql, org, leads));
          again.push(await build(db.sql, org, leads));
          bare = await writeBarely(db.sql, leads);
          say(`run ${n}: ${describe(first.at(-1))}; a second campaign: ${describe(again.at(-1))}`);
        } finally {
          await db.drop();
        }
      }
      const of = (all: Run[]) => medianBy(all, ({ seconds }) => seconds);
      const slowest = Math.max(...[...first, ...again].map(({ slowestChunkMs }) => slowestChunkMs));
      return {
        figures: [
          atMost(`${leads} targets, s`, of(first).seconds, BUDGET_S, bare),
          atMost(`${leads} targets of a second campaign, s`, of(again).seconds, BUDGET_S, bare),
          { name: `slowest chunk of ${CHUNK}, ms`, value: slowest },
        ],
        result: {
          targets: leads,
          seconds: round(of(first).seconds),
          again_seconds: round(of(again).seconds),
          slowest_chunk_ms: Math.round(slowest),
          bare_seconds: round(bare),
          runs: first.map(({ seconds }) => round(seconds)),
        },
      };
    } finally {
      await server.stop();
    }
  },
});

const describe = (run?: Run) =>
  run ? `${run.seconds.toFixed(2)} s, slowest chunk ${Math.round(run.slowestChunkMs)} ms` : "";

async function build(sql: postgres.Sql, org: BenchOrg, expected: number): Promise<Run> {
  const chunks: number[] = [];
  const now = startAfternoonClock()();
  await buildCampaign(sql, org, { tag: TAG, expected, now, onChunk: (ms) => chunks.push(ms) });
  return { seconds: chunks.reduce((sum, ms) => sum + ms, 0) / 1000, slowestChunkMs: Math.max(...chunks) };
}

/** The same rows, as wide, in chunks into a table with a primary key and nothing else. @returns seconds */
async function writeBarely(sql: postgres.Sql, rows: number): Promise<number> {
  await sql`create table public.bare_targets (like public.campaign_targets including defaults including generated, primary key (id))`;
  const started = performance.now();
  for (let from = 0; from < rows; from += CHUNK)
    await sql`
      insert into public.bare_targets (org_id, campaign_id, lead_id, lead_phone_id, e164, ordinal, window_key)
      select p.org_id, p.org_id, p.lead_id, p.id, p.e164, 1, 'America/Chicago|TX'
      from public.lead_phones p order by p.lead_id offset ${from} limit ${CHUNK}`;
  return (performance.now() - started) / 1000;
}
