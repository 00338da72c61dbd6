// How the functions log in to the database: as the role `worker`, which may do only what the functions need.
import type { Environment } from "../environment/environment.ts";

const REMEDY =
  "Set it to the transaction pooler's URL with the login of the role worker: docs/deploy.md, step 4, says how.";

/**
 * Reads WORKER_DB_URL. SUPABASE_DB_URL, which the platform sets, is never used instead: it logs in as `postgres`, which no grant
 * and no policy limits. For the same reason any other role than `worker` is refused: the dashboard offers URLs of `postgres`.
 * @throws Error naming WORKER_DB_URL and the remedy, but not the URL, which holds a password
 */
export function workerUrl(env: Environment): URL {
  const text = env.get("WORKER_DB_URL");
  if (text === undefined) throw new Error(`The environment variable WORKER_DB_URL is not set. ${REMEDY}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(
      "The environment variable WORKER_DB_URL is not a URL: write special characters of the password as %XX.",
    );
  }
  // The pooler's logins are named role.project.
  if (url.username.split(".")[0] !== "worker")
    throw new Error(`The environment variable WORKER_DB_URL logs in as another role than worker. ${REMEDY}`);
  return url;
}
