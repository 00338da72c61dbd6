// Builds audiences, a chunk of one organisation after another, for as long as the caller's budget lasts.
import type { Direct } from "../_shared/db/direct.ts";
import { insist, isPassing } from "../_shared/db/insist.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import type { Log } from "../_shared/http/log.ts";

export interface DrainBuildsDeps {
  /** A direct connection that may execute the functions of builds. */
  sql: Direct;
  log: Log;
  /** Asked before each chunk. */
  shouldStop(): boolean;
  /** Leads a chunk. */
  chunkSize(): number;
}

/** What private.claim_build gives. */
interface ClaimedBuild {
  message_id: number;
  read_count: number;
  campaign_id: string;
}

/**
 * Each chunk is claimed, and the claim committed, before it is built: what fails, takes too long or ends this isolate has
 * been counted, waits longer each time, and is given up at the fifth.
 */
export async function drainBuilds({ sql, log, shouldStop, chunkSize }: DrainBuildsDeps): Promise<void> {
  while (!shouldStop()) {
    const [row] = await insist(
      () => sql<{ claimed: ClaimedBuild | null }[]>`select private.claim_build() as claimed`,
    );
    const claimed = row?.claimed;
    if (!claimed) return;
    const { message_id, campaign_id } = claimed;
    try {
      await insist(() => sql`select private.run_build(${message_id}, ${campaign_id}, ${chunkSize()})`);
    } catch (error) {
      log.warn("a build failed", { campaign: campaign_id, error: describeCause(error) });
      // What is of the moment comes again by itself, in a minute.
      if (isPassing(error)) continue;
      await insist(
        () => sql`select private.fail_build(${message_id}, ${campaign_id}, ${reasonOf(error)})`,
      ).catch((other) =>
        log.error("a build that failed could not be noted", { error: describeCause(other) }),
      );
    }
  }
}

/** What people are told. */
function reasonOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: string };
  if (code === "57014") return "choosing whom it is for took longer than 30 seconds.";
  // Our own sentences, such as of a segment that is gone.
  if (typeof code === "string" && /^PT4\d\d$/.test(code) && message) return message;
  return `${message ?? "an error without a word"} (${String(code ?? "no code")}).`;
}
