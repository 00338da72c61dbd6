// A database server with this project's migrations and seeds and nothing else running: no scheduler plans and no worker claims.
import {
  type BareServer as PlatformServer,
  randomText,
  startBareServer as startServer,
} from "local-supabase";
import { PROJECT_DIR } from "./project-dir.ts";

export interface BareServer extends Omit<PlatformServer, "urlFor"> {
  /** The server as the role that the functions worker and twilio use, without a database's name. */
  workerUrl: string;
  /** The server as the role that migrations run as, without a database's name. */
  postgresUrl: string;
}

/** @param options.durable whether commits wait for the disk, as in production */
export async function startBareServer(options: {
  durable: boolean;
  log?: (line: string) => void;
}): Promise<BareServer> {
  const workerPassword = randomText(24);
  const { urlFor, ...server } = await startServer({
    ...options,
    projectDir: PROJECT_DIR,
    rolePasswords: { worker: workerPassword },
    // No worker posts to Twilio from here.
    vaultSecrets: { twilio_is_loopback: "true" },
  });
  return {
    ...server,
    workerUrl: urlFor("worker", workerPassword),
    postgresUrl: urlFor("postgres", "postgres"),
  };
}
