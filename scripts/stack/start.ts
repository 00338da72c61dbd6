// `npm start`: the platform on this machine, until Ctrl-C.
import { ARGUMENTS_HELP, formatLogLine, readArguments, runUntilStopped, shownFolder } from "local-supabase";
import { API_PAGE } from "./api-pages.ts";
import { STACK_PORTS } from "./ports.ts";
import { PROJECT_DIR } from "./project-dir.ts";
import { type LogSource, startStack } from "./start-stack.ts";

const log = (source: LogSource, line: string) => {
  const text = formatLogLine(source, line, new Date());
  if (text) console.log(text);
};

if (process.argv.includes("--help")) {
  console.log(`\nnpm start ${ARGUMENTS_HELP}\n`);
  process.exit(0);
}
try {
  const args = process.argv.slice(2);
  const { portBase, dataDir } = readArguments(args, {
    projectDir: PROJECT_DIR,
    offsets: STACK_PORTS,
  });
  // With the same options: without them it would delete another platform's data.
  const reset = ["npm run reset", ...(args.length > 0 ? ["--", ...args.map(quoted)] : [])].join(" ");
  const started = Date.now();
  log("stack", "starting …");
  const stack = await startStack({ portBase, dataDir, log });
  const { env } = stack;
  console.log(`
  SMS Control Tower runs (${((Date.now() - started) / 1000).toFixed(1)} s)

  API               ${env.API_URL}
  Functions         ${env.FUNCTIONS_URL}
  API, to browse    ${env.API_URL}${API_PAGE}
  Database          ${env.DB_URL}
  Twilio simulator  ${env.TWILIO_SIMULATOR_URL}
  Publishable key   ${env.PUBLISHABLE_KEY}
  Secret key        ${env.SECRET_KEY}
  Demo login        ${env.DEMO_EMAIL}  ${env.DEMO_PASSWORD}

  All of it is in ${shownFolder(dataDir)}/env. Ctrl-C stops everything; data stays ("${reset}" deletes it).
`);
  runUntilStopped(stack, (line) => log("stack", line));
} catch (error) {
  console.error(`\n${(error as Error).message}\n`);
  process.exit(1);
}

/** An argument as a shell reads it back. */
function quoted(argument: string): string {
  return /^[\w./:=@-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
