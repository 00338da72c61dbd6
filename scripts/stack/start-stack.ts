// Starts the platform with this project's database and functions, and the Twilio simulator beside it.
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createStopList,
  DEFAULT_PORT_BASE,
  databaseUrl,
  readEnvFile,
  readKeys,
  startSupabase,
  writeEnvFile,
} from "local-supabase";
import { type SimulatorProcess, startSimulatorProcess } from "twilio-simulator";
import { isLoopbackUrl } from "../../supabase/functions/_shared/twilio/is-loopback-url.ts";
import { API_PAGES } from "./api-pages.ts";
import { createDemoUser, DEMO_EMAIL } from "./create-demo-user.ts";
import { equipDemoOrganisation } from "./equip-demo-organisation.ts";
import { functionsEnvironment } from "./functions-environment.ts";
import { portsFrom } from "./ports.ts";
import { PROJECT_DIR } from "./project-dir.ts";
import { registerSimulatedAccounts } from "./register-simulated-accounts.ts";
import { readStackKeys } from "./stack-keys.ts";
import type { Stack, StackEnv, StackOptions } from "./stack-types.ts";

export type { LogSource, Stack, StackEnv, StackOptions } from "./stack-types.ts";

/** The texts that simulated land owners answer. */
const OWNER_REPLIES = fileURLToPath(new URL("./owner-replies.json", import.meta.url));

/**
 * Starts everything and returns when it can be used. After an error, the parts already started are stopped. Throws if a
 * port is taken, another stack uses the folder, or a migration fails.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { log = () => {} } = options;
  const dataDir = resolve(options.dataDir);
  const ports = portsFrom(options.portBase ?? DEFAULT_PORT_BASE);
  const keys = { ...(await readKeys(dataDir)), ...(await readStackKeys(dataDir)) };
  const simulatorUrl = `http://127.0.0.1:${ports.simulator}`;
  const functionsUrl = `http://127.0.0.1:${ports.api}/functions/v1`;
  const workerDbUrl = databaseUrl(ports.pooler, "worker", keys.workerPassword);
  const dotEnv = options.envFile === false ? {} : await readEnvFile(join(PROJECT_DIR, ".env"));
  const functionsEnv = functionsEnvironment(
    keys,
    { functionsUrl, workerDbUrl, simulatorUrl },
    { ...dotEnv, ...options.env },
  );

  const stops = createStopList((line) => log("stack", line));
  let simulator: SimulatorProcess | undefined;
  try {
    const supabase = await startSupabase({
      ...options,
      projectDir: PROJECT_DIR,
      dataDir,
      log,
      functionsEnv,
      ownPorts: { simulator: ports.simulator },
      resetCommand: "npm run reset",
      pages: API_PAGES,
      rolePasswords: { worker: keys.workerPassword },
      vaultSecrets: {
        functions_url: functionsUrl,
        worker_secret: keys.workerSecret,
        // Campaigns may send at any hour only while this is true: a simulator's phones belong to nobody.
        twilio_is_loopback: String(isLoopbackUrl(functionsEnv.TWILIO_API_URL)),
      },
      beforeServing: async () => {
        simulator = await startSimulatorProcess({
          port: ports.simulator,
          seed: options.seed,
          repliesFile: OWNER_REPLIES,
          log: (line) => log("twilio", line),
        });
        stops.add(simulator.stop);
      },
    });
    // Stopped before the simulator: functions that still end must reach it.
    stops.add(supabase.stop);
    const env: StackEnv = {
      ...supabase.env,
      WORKER_DB_URL: workerDbUrl,
      TWILIO_SIMULATOR_URL: simulatorUrl,
      DEMO_EMAIL,
      DEMO_PASSWORD: keys.demoPassword,
    };
    await createDemoUser(env.API_URL, env.PUBLISHABLE_KEY, env.DEMO_PASSWORD);
    const { control, pid } = simulator as SimulatorProcess;
    if (functionsEnv.TWILIO_API_URL === simulatorUrl) {
      await equipDemoOrganisation(env.DB_URL);
      await registerSimulatedAccounts(control, supabase.adminUrl, functionsUrl);
    } else {
      log("stack", `functions use ${functionsEnv.TWILIO_API_URL} as Twilio (.env), not the simulator`);
    }
    await writeEnvFile(dataDir, env);
    return {
      ...supabase,
      env,
      pids: () => ({ ...supabase.pids(), simulator: pid }),
      stop: stops.stopAll,
    };
  } catch (error) {
    await stops.stopAll();
    throw error;
  }
}
