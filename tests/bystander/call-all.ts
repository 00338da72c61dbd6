// The stranger's calls, several at a time: caller, target and values of each are drawn from the seed.
import { createRandom, type Random } from "../../scripts/demo/random.ts";
import type { Findings } from "./findings.ts";
import type { Judge } from "./judge-answer.ts";
import { send } from "./send.ts";
import { sendByClient } from "./send-by-client.ts";
import type { Call, Caller, Target } from "./targets.ts";
import type { World } from "./world.ts";

export interface CallPlan {
  seed: number;
  /** In this order, each as often as listed. */
  targets: Target[];
  /** Numbers of the calls to make, all unless told. */
  only?: readonly number[];
  /** How many at a time. */
  lanes: number;
  onProgress(done: number): void;
}

/** @returns how many were answered, by status */
export async function callAll(
  world: World,
  plan: CallPlan,
  judge: Judge,
  findings: Findings,
): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  const numbers = plan.only ?? plan.targets.map((_target, number) => number);
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < numbers.length) {
      const number = numbers[next++] as number;
      const target = plan.targets[number] as Target;
      const random = randomOf(plan.seed, number);
      const caller = pickCaller(random, world.callers, target);
      const call = await prepare(world, target, caller, random, findings, number);
      if (call) {
        const answer = await perform(world, call, caller, random);
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        const name = `${call.method} ${target.name}`;
        judge.hear(call, answer, { target: name, caller: caller.name, label: call.label, call: number });
      }
      if (number % 50 === 0) await world.restoreRoles();
      plan.onProgress(++done);
    }
  };
  await Promise.all(Array.from({ length: plan.lanes }, lane));
  return statuses;
}

async function prepare(
  world: World,
  target: Target,
  caller: Caller,
  random: Random,
  findings: Findings,
  call: number,
): Promise<Call | undefined> {
  const { stack, stranger: own, loot } = world;
  try {
    return await target.prepare({ stack, random, caller, own, loot });
  } catch (error) {
    // The stranger may have deleted all rows of its own organisation that a call could refer to.
    findings.note(
      `${target.name} could not be prepared: ${(error as Error).message.slice(0, 120)} (call ${call})`,
    );
    return undefined;
  }
}

async function perform(world: World, call: Call, caller: Caller, random: Random) {
  const byClient = call.rpc && random.next() < 0.3;
  return byClient ? await sendByClient(world.stack, caller, call) : await send(world.stack.API_URL, call);
}

/** Each call has its own random source, so that it can be repeated without the earlier ones. */
export function randomOf(seed: number, number: number): Random {
  const random = createRandom((seed + Math.imul(number + 1, 0x9e3779b1)) >>> 0);
  random.next();
  return random;
}

/** Mostly a caller whose values are read; now and then any caller. */
function pickCaller(random: Random, callers: readonly Caller[], { ablest }: Target): Caller {
  const able = callers.filter(({ name }) => ablest.includes(name));
  return random.next() < 0.7 && able.length > 0 ? random.pick(able) : random.pick(callers);
}
