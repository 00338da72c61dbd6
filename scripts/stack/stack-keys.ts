// The project's own secrets of one stack, kept beside the platform's.
import { randomText, readSecrets } from "local-supabase";

export type StackKeys = {
  /** Password of the login role `worker`, which a migration creates without one. */
  workerPassword: string;
  /** What the worker function asks of its caller. */
  workerSecret: string;
  demoPassword: string;
};

/** Returns them, making them at random if the folder has none. */
export function readStackKeys(dataDir: string): Promise<StackKeys> {
  return readSecrets(dataDir, {
    workerPassword: () => randomText(24),
    workerSecret: () => randomText(32),
    // Letters, digits and a sign, for password rules that ask for each.
    demoPassword: () => `Demo-${randomText(12)}1`,
  });
}
