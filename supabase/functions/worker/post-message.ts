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
  /** Where Twilio fetches its pictures. */
  mediaUrls: readonly string[];
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
  const begunMono = performance.now();
  const result = await createMessage(context.twilioUrl, account, {
    to: send.to_number,
    from: send.from_number,
    messagingServiceSid: send.messaging_service_sid,
    body: post.text,
    mediaUrls: post.mediaUrls,
    // Our own ids are in the query: the callback may come before the answer to this POST, or instead of it.
    statusCallback: `${context.publicUrl}/twilio/status?mid=${send.message_id}&a=${send.attempt_id}#${CALLBACK_OVERRIDES}`,
    // The validity counts from the claim: the time that the message waited for its slot is subtracted.
    validitySeconds: Math.max(1, send.validity_seconds - Math.ceil((Date.now() - post.claimedWall) / 1_000)),
  });
  if (result.outcome === "not_posted") noteUnreachable(performance.now());
  else noteReached();
  if (result.error_code === WRONG_TOKEN && (await wasTokenChanged(context.sql, account, begunMono))) {
    return { outcome: "not_posted", error_message: "The account's token was changed while this was sent." };
  }
  return result;
}

/**
 * Our copy of a token is kept for a minute. If a refused token was replaced within it, no campaign must pause for that. It is
 * read again unless that was done since the POST began: a person may correct it and resume the campaign within a moment.
 */
async function wasTokenChanged(sql: Direct, account: TwilioAccount, begunMono: number): Promise<boolean> {
  try {
    const fresh = await findTwilioAccount(sql, account.accountSid, performance.now() - begunMono);
    return fresh !== null && fresh.authToken !== account.authToken;
  } catch {
    return false;
  }
}
