// `npm run demo`: a real campaign on a fresh platform, live, checked against the Twilio simulator's record.
import { describeChecks } from "../judging/check.ts";
import type { LeadFile } from "./lead-file.ts";
import { makeLeadFile } from "./make-lead-file.ts";
import { readLeadFile } from "./read-lead-file.ts";
import { type DemoOptions, HELP, readOptions } from "./read-options.ts";
import { runDemo } from "./run-demo.ts";
import { createScreen, type Screen } from "./screen.ts";
import { type Platform, startPlatform } from "./start-platform.ts";

const startedMono = performance.now();
let starting: Promise<Platform> | undefined;
let endingSince: number | undefined;
/** npm and tsx pass on a signal that the terminal has already sent to every process. */
const SAME_SIGNAL_MS = 1_000;

/** Stops the platform, whatever state it is in, and ends the process. */
async function end(exitCode: number): Promise<never> {
  endingSince = performance.now();
  const platform = await starting?.catch(() => undefined);
  await platform?.remove().catch((error: Error) => console.error(`While stopping: ${error.message}`));
  process.exit(exitCode);
}

async function main(options: DemoOptions, file: LeadFile, screen: Screen): Promise<number> {
  const from = file.expected ? `${file.expected.rows} made-up owners` : file.name;
  screen.say(`SMS Control Tower, demo: ${from}, seed ${options.seed}`);
  screen.say("Starting a fresh platform …");
  starting = startPlatform(options.seed);
  const platform = await starting;
  screen.say(`  ready after ${((performance.now() - startedMono) / 1000).toFixed(1)} s`);
  let exitCode = 1;
  try {
    const { result, failed } = await runDemo(platform, file, options.seed, startedMono, screen);
    exitCode = failed.length === 0 ? 0 : 1;
    const verdict =
      failed.length === 0 ? screen.good("Every check holds") : screen.bad("Some checks do not hold");
    screen.say(`\n${verdict}, after ${result.seconds} s (seed ${options.seed}).`);
    if (options.json) {
      for (const line of describeChecks(failed)) console.error(line);
      console.log(JSON.stringify(result));
    }
  } catch (error) {
    // A failure caused by the stop itself is not reported.
    if (endingSince !== undefined) await new Promise(() => {});
    screen.keep();
    console.error(`\n${(error as Error).message}`);
    console.error(`What the platform logged last:\n  ${platform.lastLines().join("\n  ")}`);
  }
  if (options.keep) await keepRunning(platform, options.json);
  return exitCode;
}

/** Waits for Ctrl-C, which ends the process. */
async function keepRunning({ stack, dataDir }: Platform, quiet: boolean): Promise<void> {
  const { env } = stack;
  const say = quiet ? console.error : console.log;
  say(`
The platform keeps running:
  API               ${env.API_URL}
  Functions         ${env.FUNCTIONS_URL}
  Database          ${env.DB_URL}
  Twilio simulator  ${env.TWILIO_SIMULATOR_URL}
  Publishable key   ${env.PUBLISHABLE_KEY}
  Secret key        ${env.SECRET_KEY}
  Demo login        ${env.DEMO_EMAIL}  ${env.DEMO_PASSWORD}
All of it is in ${dataDir}/env. Ctrl-C stops everything and deletes the folder.`);
  await new Promise(() => {});
}

/** A second Ctrl-C does not wait for an orderly end. */
function endBySignal(): void {
  if (endingSince === undefined) void end(130);
  else if (performance.now() - endingSince > SAME_SIGNAL_MS) process.exit(130);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, endBySignal);

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(HELP);
  } else {
    const file = options.csv ? await readLeadFile(options.csv) : makeLeadFile(options.leads, options.seed);
    await end(await main(options, file, createScreen(process.stdout, options.json)));
  }
} catch (error) {
  // A start that Ctrl-C broke off is ended by the signal's handler.
  if (endingSince === undefined) {
    console.error(`\n${(error as Error).message}\n`);
    await end(1);
  }
}
