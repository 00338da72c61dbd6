// Claims messages to send, and proves that the claim is committed before anybody may post them.
import type { Direct } from "../_shared/db/direct.ts";
import { isPassing } from "../_shared/db/retry-passing-errors.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import type { Log } from "../_shared/http/log.ts";

/** One row of private.claim_sends. */
export interface ClaimedSend {
  message_id: string;
  attempt_id: string;
  org_id: string;
  kind: "campaign" | "reply" | "auto_reply" | "test" | "code" | "direct";
  /** Milliseconds from the answer of the claim to the slot. */
  slot_in_ms: number;
  to_number: string;
  from_number: string;
  account_sid: string | null;
  messaging_service_sid: string | null;
  /** The text of a reply or a direct text; null if the text is rendered from the template. */
  content: string | null;
  template_content: string | null;
  language: "es" | "en" | null;
  variables: Record<string, string | number | null> | null;
  charged_segments: number;
  validity_seconds: number;
  /** The number's pace, messages a second. */
  mps: number;
  /** Its pictures, in their order; null for a text without. */
  media_ids: string[] | null;
}

export interface Claim {
  sends: ClaimedSend[];
  /** Monotonic ms at which the rows came: slots count from here. */
  claimedAt: number;
  /** Wall clock at the same moment: a machine that slept stops the monotonic clock, not this one. */
  claimedWall: number;
}

/** How much a worker takes, and how fast it can post it. */
export interface ClaimRequest {
  limit: number;
  /** Milliseconds until the messages that the worker holds already are posted. */
  freeInMs: number;
  /** Milliseconds from one of its POSTs to the next. */
  spacingMs: number;
}

/**
 * One message that cannot be claimed fails the call for all. Then the messages of each organisation are claimed apart, which
 * costs more, and those that cannot be claimed are set aside.
 * @param isLoopback whether Twilio's API is on this machine: only then may quiet hours be overridden
 * @throws the database's error; what may have been claimed by then is given back first
 */
export async function claimSends(
  sql: Direct,
  workerId: string,
  request: ClaimRequest,
  isLoopback: boolean,
  log: Log,
): Promise<Claim> {
  try {
    return await claimBy("claim_sends", sql, workerId, request, isLoopback);
  } catch (error) {
    if (isPassing(error)) throw error;
    log.error("messages are claimed apart: together they failed", { error: describeCause(error) });
    return await claimBy("claim_sends_apart", sql, workerId, request, isLoopback);
  }
}

async function claimBy(
  name: "claim_sends" | "claim_sends_apart",
  sql: Direct,
  workerId: string,
  { limit, freeInMs, spacingMs }: ClaimRequest,
  isLoopback: boolean,
): Promise<Claim> {
  const claim: Claim = { sends: [], claimedAt: 0, claimedWall: 0 };
  try {
    // Only the commit's answer proves that the attempts would outlive a crash: nothing is posted before it.
    await sql.begin(async (tx) => {
      const rows = await tx<ClaimedSend[]>`
        select * from ${sql(`private.${name}`)}(${workerId}, ${limit}, ${isLoopback}, null, ${freeInMs}, ${spacingMs})`;
      // The time is taken before the commit, whose wait for the disk varies: so slots are late by one network trip and no more.
      claim.claimedAt = performance.now();
      claim.claimedWall = Date.now();
      claim.sends = [...rows];
    });
  } catch (error) {
    await giveBack(sql, claim.sends);
    throw error;
  }
  return claim;
}

/** The commit's answer was lost, so whether it happened is unknown. Nothing was posted: saying that is safe either way. */
async function giveBack(sql: Direct, sends: ClaimedSend[]): Promise<void> {
  if (sends.length === 0) return;
  const results = sends.map((send) => ({ attempt_id: send.attempt_id, outcome: "not_posted" }));
  // If this fails too, rescue asks Twilio about the attempts once they are 60 s old.
  await sql`select private.settle_sends(${sql.json(results)})`.catch(() => {});
}
