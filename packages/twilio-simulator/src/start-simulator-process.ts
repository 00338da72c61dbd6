// Starts the Twilio simulator as a process of its own: it measures paces by the arrival of POSTs, so it must not share an
// event loop with the gateway, Realtime and the scheduler.
import { fork } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { connectSimulator, type SimulatorControl } from "./connect-simulator.ts";

export type SimulatorProcess = { control: SimulatorControl; pid: number; stop(): Promise<void> };

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Resolves when it listens. Throws with its own words if it can't, such as for a port in use. */
export async function startSimulatorProcess(options: {
  port: number;
  /** Default 1. */
  seed?: number;
  /** JSON file with texts of people's answers, which replace the default ones. */
  repliesFile?: string;
  log: (line: string) => void;
}): Promise<SimulatorProcess> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const args = ["--port", String(options.port), "--seed", String(options.seed ?? 1)];
  if (options.repliesFile !== undefined) args.push("--replies", options.repliesFile);
  const child = fork(MAIN, args, {
    execArgv: ["--import", tsx],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const complaints: string[] = [];
  let listening = false;
  if (child.stderr)
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (listening) options.log(line);
      else complaints.push(line);
    });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await Promise.race([
    new Promise<void>((resolve) => child.once("message", () => resolve())),
    ended.then(() => {
      throw new Error(`The Twilio simulator did not start: ${complaints[0] ?? "it said nothing"}`);
    }),
  ]);
  listening = true;
  for (const line of complaints) options.log(line);
  return {
    control: connectSimulator(`http://127.0.0.1:${options.port}`),
    pid: child.pid as number,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
