// npm run test:chaos -- --seeds N [--seed S] [--seconds T]: many runs, one seed after the other; exit code 1 if a check fails.
import { parseArgs } from "node:util";
import { describeChecks } from "../../scripts/judging/check.ts";
import { runSeed } from "./run-seed.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string" }, seed: { type: "string" }, seconds: { type: "string" } },
});
const whole = (name: string, text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}".`);
  return Number(text);
};

const first = whole("seed", values.seed ?? process.env.SEED ?? String(Math.floor(Math.random() * 1e9)));
const count = whole("seeds", values.seeds ?? "1");
const seconds = whole("seconds", values.seconds ?? "15");
const failed: number[] = [];
for (let seed = first; seed < first + count; seed++) {
  const result = await runSeed(seed, { seconds, say: console.log });
  console.log(describeChecks(result.failed.length > 0 ? result.checks : []).join("\n"));
  console.log(
    `seed ${seed}: ${result.failed.length === 0 ? "every check holds" : `FAILED, again by --seed ${seed}`}\n`,
  );
  if (result.failed.length > 0) failed.push(seed);
}
console.log(
  `${count - failed.length} of ${count} seeds held${failed.length > 0 ? `; failed: ${failed.join(", ")}` : ""}.`,
);
process.exit(failed.length > 0 ? 1 : 0);
