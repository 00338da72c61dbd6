// Does an organisation's work from a queue and charges the time to its turn: the more it used, the later it comes next.
import type { Direct } from "../db/direct.ts";
import { describeCause } from "../http/describe-cause.ts";
import type { Log } from "../http/log.ts";

export interface Turn {
  queue: "builds" | "imports" | "jobs" | "file_removals" | "media";
  orgId: string;
}

/** @throws what the work throws. A turn that could not be counted is charged one second, as when it was read. */
export async function takeTurn<T>(
  { sql, log }: { sql: Direct; log: Log },
  { queue, orgId }: Turn,
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  try {
    return await work();
  } finally {
    const seconds = (performance.now() - started) / 1000;
    await sql`select private.charge_turn(${queue}, ${orgId}, ${seconds})`.catch((error) =>
      log.warn("a turn could not be counted", { queue, org: orgId, error: describeCause(error) }),
    );
  }
}
