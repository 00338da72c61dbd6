// `npm start`: the platform on this machine, until Ctrl-C.
import { relative } from "node:path";
import { formatLogLine, readArguments } from "local-supabase";
import { type LogSource, PROJECT_DIR, startStack } from "./start-stack.ts";

/** Short inside the working folder, whole outside of it. */
function shownFolder(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith("..") ? folder : path || ".";
}

const log = (source: LogSource, line: string) => {
  const text = formatLogLine(source, line, new Date());
  if (text) console.log(text);
};

try {
  const { portBase, dataDir } = readArguments(process.argv.slice(2), PROJECT_DIR);
  const started = Date.now();
  log("stack", "starting …");
  const stack = await startStack({ portBase, dataDir, log });
  const { env } = stack;
  console.log(`
  SMS Control Tower runs (${((Date.now() - started) / 1000).toFixed(1)} s)

  API               ${env.API_URL}
  Functions         ${env.FUNCTIONS_URL}
  Database          ${env.DB_URL}
  Twilio simulator  ${env.TWILIO_SIMULATOR_URL}
  Publishable key   ${env.PUBLISHABLE_KEY}
  Secret key        ${env.SECRET_KEY}
  Demo login        ${env.DEMO_EMAIL}  ${env.DEMO_PASSWORD}

  All of it is in ${shownFolder(dataDir)}/env. Ctrl-C stops everything; data stays ("npm run reset" deletes it).
`);

  let stopping = false;
  const stop = async (exitCode: number) => {
    // A second Ctrl-C does not wait for an orderly end; the next start clears up.
    if (stopping) process.exit(130);
    stopping = true;
    log("stack", "stopping …");
    await stack.stop();
    process.exit(exitCode);
  };
  process.on("SIGINT", () => void stop(0));
  process.on("SIGTERM", () => void stop(0));
  process.on("SIGHUP", () => void stop(0));
  void stack.failed.then((reason) => {
    if (stopping) return;
    log("stack", reason);
    void stop(1);
  });
} catch (error) {
  console.error(`\n${(error as Error).message}\n`);
  process.exit(1);
}
