// One run: a bystander at work, a stranger at the door, and the reckoning.
import { createRandom, type Random } from "../../scripts/demo/random.ts";
import { drip, flood, hang, hangUp, startLyingServer } from "../fixtures/lying-server.ts";
import type { TestStack } from "../test-stack.ts";
import { BystanderWork, STEPS } from "./bystander-work.ts";
import { callAll } from "./call-all.ts";
import { Findings } from "./findings.ts";
import { functionTargets } from "./function-targets.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { judgeBystander, lookBefore } from "./judge-bystander.ts";
import { judgePlatform, lookAtPlatform } from "./judge-platform.ts";
import { Kitchen, POISONS } from "./poison.ts";
import { joinStrangely } from "./realtime.ts";
import { routeTargets } from "./route-targets.ts";
import { storageTargets } from "./storage-targets.ts";
import { tableTargets } from "./table-targets.ts";
import type { Target } from "./targets.ts";
import { openWorld, type World } from "./world.ts";

export interface RunOptions {
  /** How often each function, route, table's verb and path of Storage is called. */
  times: Record<Target["kind"], number>;
  lanes: number;
  /** How many poisons are tried, some at a time. */
  poisons: number;
  /** Numbers of the calls to make, without a bystander and without poison. */
  only?: readonly number[];
  onProgress(done: number, of: number): void;
}

export interface RunResult {
  findings: Findings;
  calls: number;
  statuses: Map<number, number>;
  /** What poison was accepted, in order. */
  stored: string[];
  rounds: number;
  /** Milliseconds of the bystander's steps: alone, and beside the stranger, at most. */
  pace: { step: string; alone: number; worst: number }[];
}

/** Never throws for what the platform does wrong: that is a finding. @param stack used by nobody else */
export async function runSeed(stack: TestStack, seed: number, options: RunOptions): Promise<RunResult> {
  const world = await openWorld(stack);
  try {
    const targets = await drawTargets(stack, seed, options.times);
    const findings = new Findings();
    const plan = { seed, targets, lanes: options.lanes };
    if (options.only) {
      const statuses = await callAll(
        world,
        {
          ...plan,
          only: options.only,
          onProgress: (done) => options.onProgress(done, options.only?.length ?? 0),
        },
        findings,
      );
      return { findings, calls: options.only.length, statuses, stored: [], rounds: 0, pace: [] };
    }
    return await runAll(world, plan, findings, options);
  } finally {
    await world.close();
  }
}

async function drawTargets(stack: TestStack, seed: number, times: RunOptions["times"]): Promise<Target[]> {
  const all = [
    ...(await functionTargets(stack)),
    ...(await tableTargets(stack)),
    ...(await routeTargets(stack)),
    ...storageTargets(),
  ];
  return createRandom(seed).shuffle(
    all.flatMap((target) => Array.from({ length: times[target.kind] }, () => target)),
  );
}

type Plan = { seed: number; targets: Target[]; lanes: number };

async function runAll(world: World, plan: Plan, findings: Findings, options: RunOptions): Promise<RunResult> {
  const { stack, sql } = world;
  const work = new BystanderWork(world.bystander);
  // Twice: the first starts functions that were not called before.
  await work.round();
  await work.round();
  const alone = STEPS.map((step) => Math.min(...work.timings.map((one) => one[step])));
  work.fixBounds();
  world.secrets.push(work.marker);
  const before = await lookBefore(world);
  const platform = await lookAtPlatform(stack, sql);
  const service = await startLyingServer();
  const random = createRandom(plan.seed + 1);
  let isOver = false;
  const bystander = async () => {
    do await work.round();
    while (!isOver && work.hasPeople);
  };
  const stored: string[] = [];
  const stranger = async () => {
    const kinds = ["function", "table", "route", "storage"];
    const [statuses] = await Promise.all([
      callAll(
        world,
        { ...plan, onProgress: (done) => options.onProgress(done, plan.targets.length) },
        findings,
      ),
      poison(world, random, options.poisons, service, stored, findings),
      joinStrangely(world, random, findings),
    ]);
    isOver = true;
    findings.note(
      `called: ${kinds.map((kind) => `${plan.targets.filter((one) => one.kind === kind).length} × ${kind}`).join(", ")}`,
    );
    return statuses;
  };
  try {
    const [statuses] = await Promise.all([stranger(), bystander()]);
    // What was stored last is met by her last round.
    await work.round();
    for (const { target, found } of await judgePlatform(stack, sql, platform, 30))
      findings.add({ kind: "platform", target, found });
    for (const found of await judgeBystander(world, work, before))
      findings.add({
        kind: found.includes(" changed: ") ? "changed" : "bystander",
        target: "bystander",
        found,
      });
    const pace = STEPS.map((step, n) => ({
      step,
      alone: alone[n] as number,
      worst: Math.max(0, ...work.timings.slice(2).map((one) => one[step])),
    }));
    return { findings, calls: plan.targets.length, statuses, stored, rounds: work.rounds, pace };
  } finally {
    await service.close();
  }
}

type Service = Awaited<ReturnType<typeof startLyingServer>>;

/** Two at a time: what stops one must not keep the other from the door. */
async function poison(
  world: World,
  random: Random,
  count: number,
  service: Service,
  stored: string[],
  findings: Findings,
): Promise<void> {
  let made = 0;
  const lane = async () => {
    while (made < count) {
      const number = made++;
      const own = createRandom(random.below(2 ** 31));
      const kind = own.pick(POISONS);
      service.behave(own.pick([drip, hang, hangUp, flood]));
      const kitchen = new Kitchen(
        ...([world, own] as const),
        (call, answer) => {
          for (const finding of judgeAnswer(call, answer, world.secrets))
            findings.add({
              target: `${call.method} ${call.path.split("?")[0]}`,
              caller: "admin",
              label: call.label,
              ...finding,
              found: `${finding.found} (poison ${number}, ${kind.name})`,
            });
        },
        service.url,
      );
      const what = await kind.store(kitchen).catch((error: Error) => {
        findings.note(`poison ${kind.name} could not be made: ${error.message.slice(0, 100)}`);
        return undefined;
      });
      if (what) stored.push(what.slice(0, 200));
    }
  };
  await Promise.all([lane(), lane()]);
}
