// One short run: a bystander works while a stranger calls everything with harmful values. `npm run test:bystander --
// --seeds 20` is the long run; SEED repeats this one.
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createRandom } from "../../scripts/demo/random.ts";
import { seededRandom } from "../fixtures/seeded-random.ts";
import { describeFindings } from "./findings.ts";
import { functionTargets } from "./function-targets.ts";
import { POISONS } from "./poison.ts";
import { PoisonTools } from "./poison-tools.ts";
import { routeTargets } from "./route-targets.ts";
import { runSeed } from "./run-seed.ts";
import { tableTargets } from "./table-targets.ts";
import { openWorld, type World } from "./world.ts";

const stack = inject("stack");

describe("the stranger knows how to call", () => {
  it("every function, table and route: each has a valid call to change", async () => {
    const targets = [await functionTargets(stack), await tableTargets(stack), await routeTargets(stack)];
    for (const some of targets) expect(some.length).toBeGreaterThan(0);
  });
});

describe("what the stranger stores", () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld(stack);
  });
  afterAll(() => world?.close());

  it.each(POISONS)("is accepted before any part of it is changed: $name", async ({ store }) => {
    // Some draw a file that is valid anyway, or a kind that needs another: one of a few is taken.
    const answers: string[] = [];
    for (let seed = 0; seed < 6; seed++) {
      const judge = (_call: unknown, { status, text }: { status: number; text: string }) =>
        answers.push(`${status} ${text.slice(0, 150)}`);
      const tools = new PoisonTools(world, createRandom(seed * 7_919), judge, "http://127.0.0.1:9", true);
      if (await store(tools)) return;
    }
    expect.fail(answers.join("\n"));
  });
});

describe("a neighbour", () => {
  it("works undisturbed and exactly, while every role calls everything with harmful values", {
    timeout: 240_000,
  }, async () => {
    const { seed } = seededRandom("bystander");
    const { findings, calls, rounds, pace } = await runSeed(stack, seed, {
      times: { function: 2, route: 2, table: 1, storage: 1 },
      lanes: 4,
      poisons: 24,
      onProgress: () => {},
    });
    console.log(`${calls} calls beside ${rounds} rounds: ${JSON.stringify(pace)}`);
    expect(describeFindings(findings.all, `--seed ${seed} --times 2`).join("\n")).toBe("no findings");
  });
});
