// Starts a fresh platform for one run of the demo: free ports, a temporary folder, its own Twilio simulator.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeData } from "local-supabase";
import { findFreePortBase, portsFrom } from "../stack/ports.ts";
import { type Stack, startStack } from "../stack/start-stack.ts";

export interface Platform {
  stack: Stack;
  dataDir: string;
  /** What the platform logged last, oldest first, without routine. */
  lastLines(): string[];
  /** Stops everything and deletes the folder. */
  remove(): Promise<void>;
}

const KEPT_LINES = 20;
/** Log lines of successful calls; they would crowd out the others. */
const ROUTINE = /^(?:(?:GET|POST|PATCH) \S+ 2\d\d |drained |Applying |Seeding )/;

/**
 * Leaves nothing behind when it throws. It does not read .env: the demo's Twilio is always the simulator, even if the
 * functions of `npm start` use a real account.
 */
export async function startPlatform(seed: number): Promise<Platform> {
  const dataDir = await mkdtemp(join(tmpdir(), "sms-control-tower-demo-"));
  const lines: string[] = [];
  const log = (source: string, line: string) => {
    if (ROUTINE.test(line)) return;
    lines.push(`${source}: ${line}`.slice(0, 300));
    if (lines.length > KEPT_LINES) lines.shift();
  };
  const removeFolder = async () => {
    await removeData(dataDir);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const portBase = await findFreePortBase();
    const twilio = `http://127.0.0.1:${portsFrom(portBase).simulator}`;
    const stack = await startStack({
      portBase,
      dataDir,
      seed,
      log,
      durable: false,
      watch: false,
      envFile: false,
      env: { TWILIO_API_URL: twilio, TWILIO_MESSAGING_URL: twilio, TWILIO_LOOKUPS_URL: twilio },
    });
    const remove = async () => {
      await stack.stop();
      await removeFolder();
    };
    return { stack, dataDir, lastLines: () => [...lines], remove };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}
