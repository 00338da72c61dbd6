// Runs the Twilio simulator as a process of its own: npx tsx packages/twilio-simulator/src/main.ts --port 54329 --seed 7
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { AccountSpec } from "./control/control-schemas.ts";
import { startSimulator } from "./start-simulator.ts";

const USAGE = `Usage: npx tsx packages/twilio-simulator/src/main.ts [--port 54329] [--host 127.0.0.1] [--seed 1] [--accounts FILE] [--replies FILE]
  --accounts FILE  JSON list of accounts: [{ "accountSid", "authToken", "numbers": [...], "behaviour": {...} }]
  --replies FILE   JSON texts of people's answers: { "interested": { "en": [...], "es": [...] }, ... }`;

function readWhole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw new Error(`--${name}: a whole number is expected, not ${text}`);
  return value;
}

function readJson(file: string | undefined) {
  return file === undefined ? undefined : JSON.parse(readFileSync(file, "utf8"));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "54329" },
      host: { type: "string", default: "127.0.0.1" },
      seed: { type: "string", default: "1" },
      accounts: { type: "string" },
      replies: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const accounts: AccountSpec[] = readJson(values.accounts) ?? [];
  const simulator = await startSimulator({
    port: readWhole("port", values.port),
    host: values.host,
    seed: readWhole("seed", values.seed),
    accounts,
    replies: readJson(values.replies),
    log: (line) => console.error(line),
  });
  console.log(`Twilio simulator on ${simulator.url}, seed ${simulator.seed}, ${accounts.length} accounts`);
  const end = () => void simulator.stop().then(() => process.exit(0));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  if (process.send === undefined) return;
  // Started by startSimulatorProcess: tell the parent when it can be used, and end with the parent, even after a kill.
  process.once("disconnect", () => process.exit(0));
  process.send("listening");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  console.error(USAGE);
  process.exit(1);
});
