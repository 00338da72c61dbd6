// The project's own secrets of one stack, kept beside the platform's.
import { randomText, readSecrets } from "local-supabase";

export type StackKeys = {
  /** Password of the login role `worker`, which a migration creates without one. */
  workerPassword: string;
  /** The secret that the worker functions require of their caller. */
  workerSecret: string;
  demoPassword: string;
};

/** Returns the folder's secrets; makes random ones if it has none. */
export function readStackKeys(dataDir: string): Promise<StackKeys> {
  return readSecrets(dataDir, {
    workerPassword: () => randomText(24),
    workerSecret: () => randomText(32),
    // Letters, digits and a symbol, for password rules that require each.
    demoPassword: () => `Demo-${randomText(12)}1`,
  });
}
