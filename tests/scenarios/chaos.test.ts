// One seed of chaos: everything goes wrong at once, and afterwards Twilio's record and our tables agree message by message.
// `npm run test:chaos -- --seeds 20` is the long run; SEED repeats this one.
import { expect, test } from "vitest";
import { describeChecks } from "../../scripts/judging/check.ts";
import { runSeed } from "../chaos/run-seed.ts";
import { seededRandom } from "../fixtures/seeded-random.ts";

test("timeouts, resets, kills, lost and late callbacks, opt-outs, pauses and people's decisions", {
  timeout: 180_000,
}, async () => {
  const { seed } = seededRandom("chaos");
  const { failed } = await runSeed(seed, { seconds: 12, say: console.log });
  expect(describeChecks(failed).join("\n"), `SEED=${seed}`).toBe("");
});
