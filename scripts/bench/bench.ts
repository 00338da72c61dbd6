// `npm run bench -- NAME`: measures one thing against its budget; the last line of --json is the result.
import { benches } from "./benches.ts";
import { describeMachine } from "./measure/describe-machine.ts";
import { readOptions } from "./read-options.ts";
import { printReport } from "./report/report.ts";

const HELP = `
npm run bench -- NAME [--json] [options]

${benches.map(({ name, summary }) => `  ${name.padEnd(12)}  ${summary}`).join("\n")}

Each bench starts what it needs on free ports, in a temporary folder, and removes it. Figures count on an idle machine only.
Options are whole numbers: npm run bench -- NAME --help lists them with their defaults.
Exit code: 0 when the budget is met, 1 when it is not or the bench could not run.
`;

async function main([name, ...args]: string[]): Promise<number> {
  const bench = benches.find((one) => one.name === name);
  if (bench === undefined) {
    console.log(HELP);
    if (name === undefined) return 0;
    throw new Error(`There is no bench "${name}".`);
  }
  const { json, help, counts } = readOptions(bench.options, args);
  if (help) {
    const options = Object.entries(bench.options).map(
      ([name, { what, value }]) => `  --${name} N  ${what} (${value})`,
    );
    console.log(
      `\nnpm run bench -- ${bench.name} [--json] [options]\n\n${bench.summary}\n\n${options.join("\n")}\n`,
    );
    return 0;
  }
  const machine = describeMachine();
  // With --json, progress is written to stderr: stdout is for the result.
  const say = (line: string) => (json ? console.error(line) : console.log(line));
  say(`${bench.name}: ${bench.summary}`);
  say(
    `on ${machine.cpus} × ${machine.model}, ${machine.memory_gb} GB, ${machine.runtime}, load ${machine.load} at the start`,
  );
  if (machine.load > 0.5) say("WARNING: this machine is busy; its figures say little.");
  const report = await bench.run(counts, say);
  printReport(report, say);
  const { figures, result } = report;
  const ok = figures.every((figure) => figure.ok !== false);
  const budgets = figures.map(({ name, value, budget, bare, ok }) => ({ name, value, budget, bare, ok }));
  if (json) console.log(JSON.stringify({ bench: bench.name, ok, ...result, budgets, machine }));
  return ok ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
