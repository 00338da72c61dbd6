// The command line, for any project with a folder `supabase`: `start` runs the platform until Ctrl-C, `reset` deletes its data.
import { join } from "node:path";
import { readEnvFile, writeEnvFile } from "./env-file.ts";
import { formatLogLine } from "./format-log-line.ts";
import { type Arguments, readArguments } from "./read-arguments.ts";
import { removeData } from "./remove-data.ts";
import { runUntilStopped } from "./run-until-stopped.ts";
import { shownFolder } from "./shown-folder.ts";
import { startSupabase } from "./start-supabase.ts";

const USAGE = `Usage: local-supabase start|reset [--project FOLDER] [--port-base 54321] [--data-dir FOLDER]
  start                starts the platform and runs until Ctrl-C
  reset                deletes its data, once it is stopped
  --project FOLDER     holds supabase/, deno.json and node_modules; default: the working folder
  --port-base N        API on port N, database on N + 1, pooler on N + 2
  --data-dir FOLDER    default: .stack in the project's folder, .stack/N for other ports`;

const log = (source: string, line: string) => {
  const text = formatLogLine(source, line, new Date());
  if (text) console.log(text);
};

async function start({ projectDir, portBase, dataDir }: Arguments): Promise<void> {
  const started = Date.now();
  log("stack", "starting …");
  const functionsEnv = await readEnvFile(join(projectDir, ".env"));
  const supabase = await startSupabase({ projectDir, portBase, dataDir, functionsEnv, log });
  await writeEnvFile(dataDir, supabase.env);
  const rows = Object.entries(supabase.env).map(([name, value]) => `  ${name.padEnd(16)}${value}`);
  console.log(`
  The platform runs (${((Date.now() - started) / 1000).toFixed(1)} s)

${rows.join("\n")}

  All of it is in ${shownFolder(dataDir)}/env. Ctrl-C stops everything; data stays.
`);
  runUntilStopped(supabase, (line) => log("stack", line));
}

async function reset({ dataDir }: Arguments): Promise<void> {
  await removeData(dataDir);
  console.log(`${shownFolder(dataDir)} is empty. The next start begins anew.`);
}

try {
  const [command, ...args] = process.argv.slice(2);
  if (command === "start") await start(readArguments(args));
  else if (command === "reset") await reset(readArguments(args));
  else throw new Error(USAGE);
} catch (error) {
  console.error(`\n${(error as Error).message}\n`);
  process.exit(1);
}
