// One run of chaos: a platform, faults for some seconds, time to finish, and the judgement.
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom } from "../../scripts/demo/random.ts";
import { type Check, equal, nothingWrong } from "../../scripts/judging/check.ts";
import { startCampaign } from "../fixtures/run-campaign.ts";
import { calmDown } from "./calm-down.ts";
import { checkOrg } from "./check-org.ts";
import { Faults } from "./faults.ts";
import { startWorld, type World } from "./start-world.ts";

export interface ChaosOptions {
  /** Seconds of faults; campaigns last about as long. */
  seconds?: number;
  /** The most seconds until everything has ended. */
  calmSeconds?: number;
  say(line: string): void;
}

export interface ChaosResult {
  checks: Check[];
  failed: Check[];
}

const LANES = 2;

/** Never throws for a fault of the platform: the checks report it. */
export async function runSeed(
  seed: number,
  { seconds = 15, calmSeconds = 60, say }: ChaosOptions,
): Promise<ChaosResult> {
  const begun = performance.now();
  const random = createRandom(seed);
  const world = await startWorld(random, seed);
  const since = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  try {
    const faults = new Faults(world);
    await Promise.all(
      world.orgs.flatMap(({ org, campaigns }) => campaigns.map((campaign) => startCampaign(org, campaign))),
    );
    say(`seed ${seed}: ${world.orgs.length} organisations began to send after ${since()}`);
    const end = performance.now() + seconds * 1000;
    const lane = async () => {
      while (performance.now() < end) {
        await faults.next();
        await sleep(random.below(120));
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const { counts } = faults;
    say(
      `seed ${seed}: ${Object.keys(counts)
        .map((name) => `${counts[name]} × ${name}`)
        .join(", ")}`,
    );
    const open = await calmDown(world, faults, calmSeconds);
    say(`seed ${seed}: calm after ${since()}; attempts: ${await tallyAttempts(world)}`);
    const checks = [nothingWrong("nothing is stuck", open), ...(await checkWorld(world))];
    for (const [place, one] of world.orgs.entries())
      for (const check of await checkOrg(one, faults))
        checks.push({ ...check, name: `organisation ${place + 1}: ${check.name}` });
    return { checks, failed: checks.filter(({ ok }) => !ok) };
  } finally {
    await world.close();
  }
}

/** Numbers of each outcome, which show how much a run has tested. */
async function tallyAttempts({ orgs }: World): Promise<string> {
  const { sql } = (orgs[0] as World["orgs"][number]).org;
  const rows = await sql`
    select outcome, count(*)::int as n from public.send_attempts where org_id = any (${orgs.map(({ org }) => org.id)}::uuid[])
    group by 1 order by 2 desc`;
  return rows.map(({ outcome, n }) => `${n} ${outcome}`).join(", ");
}

async function checkWorld({ orgs, complaints }: World): Promise<Check[]> {
  const { sql } = (orgs[0] as World["orgs"][number]).org;
  const [row] = await sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
  return [
    equal("deadlocks", row?.deadlocks, 0),
    nothingWrong("nothing went wrong that was not meant to", complaints),
  ];
}
