// Plans messages for every organisation that sends.
import type { Direct } from "../_shared/db/direct.ts";
import { isPassing } from "../_shared/db/retry-passing-errors.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import type { Log } from "../_shared/http/log.ts";

/**
 * One plan that fails makes the call fail for all. Then each organisation is planned apart, and the one whose plan fails rests.
 * @returns how many messages were planned
 */
export async function planAll(sql: Direct, log: Log): Promise<number> {
  try {
    const [row] = await sql`select private.plan_all() as planned`;
    return row?.planned ?? 0;
  } catch (error) {
    if (isPassing(error)) throw error;
    log.error("organisations are planned for apart: together it failed", { error: describeCause(error) });
    const [row] = await sql`select private.plan_all_apart() as planned`;
    return row?.planned ?? 0;
  }
}
