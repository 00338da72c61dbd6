// One run: the bystander's work, the stranger's calls, and the judgement.
import { createRandom } from "../../scripts/demo/random.ts";
import { startFaultyServer } from "../fixtures/faulty-server.ts";
import type { TestStack } from "../fixtures/test-stack.ts";
import { BystanderWork, STEPS } from "./bystander-work.ts";
import { callAll } from "./call-all.ts";
import { Findings } from "./findings.ts";
import { functionTargets } from "./function-targets.ts";
import { Judge } from "./judge-answer.ts";
import { judgeBystander, lookBefore } from "./judge-bystander.ts";
import { judgePlatform, lookAtPlatform } from "./judge-platform.ts";
import { poisonAll } from "./poison-all.ts";
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
  /** Numbers of the poisons to try, all unless told. */
  onlyPoisons?: readonly number[];
  /** Numbers of the calls to make, without a bystander and without poison. */
  only?: readonly number[];
  onProgress(done: number, of: number): void;
}

export interface RunResult {
  findings: Findings;
  calls: number;
  statuses: Map<number, number>;
  /** The accepted poisons, in order. */
  stored: string[];
  rounds: number;
  /** Milliseconds of the bystander's steps: alone, and the most beside the stranger. */
  pace: { step: string; alone: number; worst: number }[];
}

/** Never throws for a fault of the platform: that is a finding. @param stack used by this run only */
export async function runSeed(stack: TestStack, seed: number, options: RunOptions): Promise<RunResult> {
  const world = await openWorld(stack);
  try {
    const targets = await drawTargets(stack, seed, options.times);
    const findings = new Findings();
    const plan = { seed, targets, lanes: options.lanes };
    if (options.only) {
      const { only } = options;
      const judge = new Judge(stack.API_URL, world.secrets, findings);
      const onProgress = (done: number) => options.onProgress(done, only.length);
      const statuses = await callAll(world, { ...plan, only, onProgress }, judge, findings);
      await judge.judgeSlow();
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
  await work.round();
  const alone = STEPS.map((step) => Math.min(...work.timings.map((one) => one[step])));
  work.fixBounds();
  world.secrets.push(work.marker);
  const before = await lookBefore(world);
  const platform = await lookAtPlatform(stack, sql);
  const service = await startFaultyServer();
  const judge = new Judge(stack.API_URL, world.secrets, findings);
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
        judge,
        findings,
      ),
      poisonAll(world, { ...options, seed: plan.seed, service, judge, findings, stored }),
      joinStrangely(world, createRandom(plan.seed + 1), findings),
    ]);
    isOver = true;
    findings.note(
      `called: ${kinds.map((kind) => `${plan.targets.filter((one) => one.kind === kind).length} × ${kind}`).join(", ")}`,
    );
    return statuses;
  };
  try {
    const [statuses] = await Promise.all([stranger(), bystander()]);
    await judge.judgeSlow();
    // One more round, so that the bystander's work meets what was stored last.
    const [judged] = await Promise.all([judgePlatform(stack, sql, platform, 30), work.round()]);
    for (const { target, found } of judged) findings.add({ kind: "platform", target, found });
    for (const found of await judgeBystander(world, work, before))
      findings.add({
        kind: found.includes(" changed: ") ? "changed" : "bystander",
        target: "bystander",
        found,
      });
    const pace = STEPS.map((step, n) => ({
      step,
      alone: alone[n] as number,
      worst: Math.max(0, ...work.timings.slice(1).map((one) => one[step])),
    }));
    return { findings, calls: plan.targets.length, statuses, stored, rounds: work.rounds, pace };
  } finally {
    await service.close();
  }
}
