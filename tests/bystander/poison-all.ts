// The stranger stores each kind of poison in turn, several at a time.
import { createRandom } from "../../scripts/demo/random.ts";
import { drip, type FaultyServer, flood, hang, hangUp } from "../fixtures/faulty-server.ts";
import { randomOf } from "./call-all.ts";
import type { Findings } from "./findings.ts";
import type { Judge } from "./judge-answer.ts";
import { POISONS, type Poison } from "./poison.ts";
import { KNOWN } from "./poison-known.ts";
import { PoisonTools } from "./poison-tools.ts";
import type { World } from "./world.ts";

export interface PoisonPlan {
  seed: number;
  /** How many are tried, besides those that are tried in every run. */
  poisons: number;
  /** Numbers of those to try, all unless told. */
  onlyPoisons?: readonly number[];
  /** A service outside that misbehaves. */
  service: FaultyServer;
  judge: Judge;
  findings: Findings;
  /** Called with each accepted poison. */
  stored: string[];
}

/** One that waits must not delay the others. */
const LANES = 2;
/** Most values are refused, so it tries until one is accepted. */
const TRIES = 5;

export async function poisonAll(world: World, plan: PoisonPlan): Promise<void> {
  const kinds = createRandom(plan.seed + 2).shuffle(POISONS);
  const count = plan.poisons > 0 ? KNOWN.length + plan.poisons : 0;
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const number = next++;
      if (plan.onlyPoisons && !plan.onlyPoisons.includes(number)) continue;
      const known = KNOWN[number];
      if (known) await poison(world, plan, known, number, 1);
      else await poison(world, plan, kinds[number % kinds.length] as Poison, number, TRIES);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function poison(
  world: World,
  plan: PoisonPlan,
  { name, store }: Poison,
  number: number,
  most: number,
): Promise<void> {
  // A random source separate from that of the calls.
  const random = randomOf(~plan.seed, number);
  plan.service.behave(random.pick([drip, hang, hangUp, flood]));
  const tools = new PoisonTools(
    world,
    random,
    (call, answer) => {
      const target = `${call.method} ${call.path.split("?")[0]} (${name})`;
      plan.judge.hear(call, answer, { target, caller: "admin", label: call.label, poison: number });
    },
    plan.service.url,
  );
  try {
    for (let tries = 0; tries < most; tries++) {
      const what = await store(tools);
      if (what) return void plan.stored.push(`${number}: ${what.slice(0, 200)}`);
    }
  } catch (error) {
    plan.findings.note(`poison ${name} could not be made: ${(error as Error).message.slice(0, 100)}`);
  }
}
