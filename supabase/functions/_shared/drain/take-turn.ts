// Does what a queue gave in an organisation's turn, and counts the time: who used much of it comes later.
import type { Direct } from "../db/direct.ts";
import { describeCause } from "../http/describe-cause.ts";
import type { Log } from "../http/log.ts";

export interface Turn {
  queue: "builds" | "imports" | "jobs" | "file_removals";
  orgId: string;
}

/** @throws what the work throws. A turn that could not be counted stays the second it was read for. */
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
