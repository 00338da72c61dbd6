// How a connection to the database is secured: the server must prove its name by a certificate from an authority that we trust.
// Without that, anybody between could read the password and every message.
import type { Environment } from "../environment/environment.ts";
import { SUPABASE_ROOTS } from "./supabase-roots.ts";

export interface DatabaseTls {
  rejectUnauthorized: true;
  servername: string;
  /** Trusted authorities, PEM. Undefined: those that the runtime trusts. */
  ca?: string[];
}

/** This machine, or a container's name: the connection does not leave the machine, and there is no certificate. */
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|[^.:]+|host\.docker\.internal)$/;
const SUPABASE = /\.supabase\.(co|com)$/;

/**
 * @param host the host in the database's URL
 * @returns false: no TLS
 * @throws Error naming WORKER_DB_CA if it is set and holds no certificate
 */
export function databaseTls(env: Environment, host: string): DatabaseTls | false {
  if (LOCAL.test(host)) return false;
  const ca = authoritiesOf(env) ?? (SUPABASE.test(host) ? SUPABASE_ROOTS : undefined);
  return { rejectUnauthorized: true, servername: host, ...(ca && { ca }) };
}

function authoritiesOf(env: Environment): string[] | undefined {
  // A variable in an env file is one line, so line breaks are written as \\n.
  const pem = env.get("WORKER_DB_CA")?.replaceAll("\\n", "\n");
  if (pem === undefined) return undefined;
  const found = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g);
  if (!found) throw new Error("The environment variable WORKER_DB_CA holds no certificate: give it as PEM.");
  return found;
}
