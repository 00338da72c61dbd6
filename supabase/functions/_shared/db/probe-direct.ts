// Checks whether a new isolate could work with the database: makes a new connection as the role worker, one query, and ends it.
import postgres from "postgres";
import type { Environment } from "../environment/environment.ts";
import { CONNECT_SECONDS, directOptions } from "./direct.ts";
import { workerUrl } from "./worker-url.ts";

/** For connecting and the query together. */
const LIMIT_MS = (CONNECT_SECONDS + 1) * 1000;

/**
 * Connecting is part of the check, because that is what fails: certificate, password, address.
 * @returns how many milliseconds connecting and one answer took
 * @throws the error, with nothing secret in it; at the latest after 6 s
 */
export async function probeDirect(env: Environment): Promise<number> {
  const begun = performance.now();
  const sql = postgres(workerUrl(env).href, directOptions(env, "health"));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`The database gave no answer within ${LIMIT_MS} ms.`)),
      LIMIT_MS,
    );
  });
  try {
    await Promise.race([sql`select 1`, tooLate]);
    return Math.round(performance.now() - begun);
  } finally {
    clearTimeout(timer);
    // Not awaited: a server that does not answer does not close the connection either.
    void sql.end({ timeout: 1 });
  }
}
