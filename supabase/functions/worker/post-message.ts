// Posts one claimed message to Twilio.
import type { Direct } from "../_shared/db/direct.ts";
import { createMessage, type PostOutcome } from "../_shared/twilio/create-message.ts";
import { findTwilioAccount, type TwilioAccount } from "../_shared/twilio/find-account.ts";
import type { ClaimedSend } from "./claim-sends.ts";
import type { PacedPost } from "./post-pacer.ts";
import { noteReached, noteUnreachable } from "./twilio-availability.ts";

export interface ReadyPost extends PacedPost {
  send: ClaimedSend;
  account: TwilioAccount;
  text: string;
  segments: number;
}

export interface PostingContext {
  sql: Direct;
  twilioUrl: string;
  /** PUBLIC_FUNCTIONS_URL, without a slash at the end. */
  publicUrl: string;
}

/** Twilio's own retries of the callback: three, on 5xx and on failures to connect or answer. */
const CALLBACK_OVERRIDES = "rc=3&rp=5xx,ct,rt";
const WRONG_TOKEN = 20003;

/** Never throws; see createMessage for the outcomes. */
export async function postMessage(context: PostingContext, post: ReadyPost): Promise<PostOutcome> {
  const { send, account } = post;
  const result = await createMessage(context.twilioUrl, account, {
    to: send.to_number,
    from: send.from_number,
    messagingServiceSid: send.messaging_service_sid,
    body: post.text,
    // Our own ids in the query: the callback may come before this answer does, or instead of it.
    statusCallback: `${context.publicUrl}/twilio/status?mid=${send.message_id}&a=${send.attempt_id}#${CALLBACK_OVERRIDES}`,
    // Counted from the claim: what it waited for its slot is gone.
    validitySeconds: Math.max(1, send.validity_seconds - Math.ceil((Date.now() - post.claimedWall) / 1_000)),
  });
  if (result.outcome === "not_posted") noteUnreachable(performance.now());
  else noteReached();
  if (result.error_code === WRONG_TOKEN && (await wasTokenChanged(context.sql, account))) {
    return { outcome: "not_posted", error_message: "The account's token was changed while this was sent." };
  }
  return result;
}

/** A refused token may be one that was replaced within the minute that ours is kept: that pauses no campaign. */
async function wasTokenChanged(sql: Direct, account: TwilioAccount): Promise<boolean> {
  try {
    const fresh = await findTwilioAccount(sql, account.accountSid, 1_000);
    return fresh !== null && fresh.authToken !== account.authToken;
  } catch {
    return false;
  }
}
