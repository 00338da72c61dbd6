// Builds audiences, a chunk of one organisation after another, for as long as the caller's budget lasts.
import type { Direct } from "../_shared/db/direct.ts";
import { isPassing, retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { isStatementTimeout, withStatementTimeout } from "../_shared/db/statement-timeout.ts";
import type { Dropped } from "../_shared/drain/dropped.ts";
import { takeTurn } from "../_shared/drain/take-turn.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import type { Log } from "../_shared/http/log.ts";

export interface DrainBuildsDeps {
  /** A direct connection that may execute the functions of builds. */
  sql: Direct;
  log: Log;
  /** Asked before each chunk. */
  shouldStop(): boolean;
  /** How many leads a chunk has. */
  chunkSize(): number;
  /** The longest that a chunk may take; an ordinary one of 10,000 leads takes half a second. */
  limitMs?: number;
}

/** After a chunk that took too long, the next one has a tenth of its leads, but never fewer than this. */
const FEWEST_LEADS = 10;

/** What private.claim_build returns. */
interface ClaimedBuild {
  message_id: number;
  read_count: number;
  campaign_id: string;
  org_id: string;
  /** How many leads the chunk may have, if larger ones took too long; otherwise null. */
  leads: number | null;
}

/**
 * Each chunk is claimed, and the claim committed, before it is built. So a try is counted even if it fails, takes too long or
 * ends this isolate. Each retry waits longer, and the fifth try is the last.
 */
export async function drainBuilds(deps: DrainBuildsDeps): Promise<void> {
  const { sql, shouldStop } = deps;
  while (!shouldStop()) {
    const [row] = await retryPassingErrors(
      () => sql<{ claimed: ClaimedBuild | Dropped | null }[]>`select private.claim_build() as claimed`,
    );
    const claimed = row?.claimed;
    if (!claimed) return;
    if ("dropped" in claimed) continue;
    await takeTurn(deps, { queue: "builds", orgId: claimed.org_id }, () => build(claimed, deps));
  }
}

async function build(
  { message_id, campaign_id, leads }: ClaimedBuild,
  { sql, log, chunkSize, limitMs = 5_000 }: DrainBuildsDeps,
): Promise<void> {
  const size = Math.min(chunkSize(), leads ?? Number.POSITIVE_INFINITY);
  try {
    await retryPassingErrors(() =>
      withStatementTimeout(
        sql,
        limitMs,
        (tx) => tx`select private.run_build(${message_id}, ${campaign_id}, ${size})`,
      ),
    );
  } catch (error) {
    log.warn("a build failed", { campaign: campaign_id, leads: size, error: describeCause(error) });
    // After a passing error, the chunk is due again by itself in a minute.
    if (isPassing(error)) return;
    const isSlow = isStatementTimeout(error);
    const fewer = isSlow ? Math.max(Math.floor(size / 10), FEWEST_LEADS) : null;
    const reason = isSlow ? tooSlow(size, limitMs) : reasonOf(error);
    await retryPassingErrors(
      () => sql`select private.fail_build(${message_id}, ${campaign_id}, ${reason}, ${fewer})`,
    ).catch((other) => log.error("a build that failed could not be noted", { error: describeCause(other) }));
  }
}

function tooSlow(leads: number, limitMs: number): string {
  return `it takes too long, ${leads} leads at a time took more than ${limitMs / 1000} seconds; ask for fewer segments and values.`;
}

/** The reason that people see. */
function reasonOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  // The database's own error texts are sentences already, such as about a segment that is gone.
  if (typeof code === "string" && /^PT4\d\d$/.test(code) && message) return message;
  return `${message ?? "an error without a message"} (${String(code ?? "no code")}).`;
}
