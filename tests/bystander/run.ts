// npm run test:bystander -- --seeds N [--seed S] [--times T] [--only A,B]: many runs, each with a stack of its own; exit code 1
// if there is a finding.
import { parseArgs } from "node:util";
import { describeFindings } from "./findings.ts";
import { runSeed } from "./run-seed.ts";
import { forkStack } from "./stack-process.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    seed: { type: "string" },
    times: { type: "string" },
    poisons: { type: "string" },
    only: { type: "string" },
    poison: { type: "string" },
  },
});
const whole = (name: string, text: string) => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}".`);
  return Number(text);
};

const first = whole("seed", values.seed ?? process.env.SEED ?? String(Math.floor(Math.random() * 1e9)));
const count = whole("seeds", values.seeds ?? "1");
const times = whole("times", values.times ?? "8");
const poisons = whole("poisons", values.poisons ?? "120");
const numbers = (name: "only" | "poison") => values[name]?.split(",").map((number) => whole(name, number));
const only = numbers("only");

const WIDTH = 40;
let shown = -1;
/** A progress bar on a terminal, else a line for every tenth. */
function showProgress(seed: number, done: number, of: number): void {
  const part = Math.floor((done / of) * (process.stdout.isTTY ? WIDTH : 10));
  if (part === shown) return;
  shown = part;
  if (process.stdout.isTTY)
    process.stdout.write(
      `\rseed ${seed} [${"█".repeat(part)}${" ".repeat(WIDTH - part)}] ${done} of ${of} calls`,
    );
  else console.log(`seed ${seed}: ${done} of ${of} calls`);
  if (done === of && process.stdout.isTTY) console.log();
}

const failed: number[] = [];
for (let seed = first; seed < first + count; seed++) {
  shown = -1;
  const begun = performance.now();
  const own = await forkStack(seed);
  try {
    const { findings, statuses, stored, rounds, pace, calls } = await runSeed(own.stack, seed, {
      times: { function: times, route: times, table: Math.ceil(times / 4), storage: Math.ceil(times / 2) },
      lanes: 4,
      poisons,
      only,
      onlyPoisons: numbers("poison"),
      onProgress: (done, of) => showProgress(seed, done, of),
    });
    const seconds = Math.round((performance.now() - begun) / 1_000);
    console.log(
      `seed ${seed}: ${calls} calls in ${seconds} s, answered ${[...statuses]
        .sort()
        .map(([status, n]) => `${n} × ${status}`)
        .join(", ")}`,
    );
    if (!only) {
      console.log(
        `  bystander: ${rounds} rounds; ${pace.map(({ step, alone, worst }) => `${step} ${(alone / 1_000).toFixed(1)} s alone, ${(worst / 1_000).toFixed(1)} s at most`).join("; ")}`,
      );
      console.log(`  ${stored.length} of ${poisons} poisons were accepted`);
      if (findings.faults.length > 0 || process.env.VERBOSE)
        for (const what of stored) console.log(`    ${what}`);
    }
    for (const [note, times] of findings.notes)
      console.log(`  note: ${note}${times > 1 ? ` (${times} times)` : ""}`);
    console.log(`${describeFindings(findings.all, `--seed ${seed} --times ${times}`).join("\n")}\n`);
    if (findings.all.length > 0) failed.push(seed);
  } finally {
    await own.stop();
  }
}
console.log(
  `${count - failed.length} of ${count} seeds without a finding${failed.length > 0 ? `; with: ${failed.join(", ")}` : ""}.`,
);
process.exit(failed.length > 0 ? 1 : 0);
