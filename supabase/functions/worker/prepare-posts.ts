// Turns claims into posts that only wait for their slots; what can't be posted is settled at once.

import type { Direct } from "../_shared/db/direct.ts";
import { findTwilioAccount, type TwilioAccount } from "../_shared/twilio/find-account.ts";
import { MEDIA_ADDRESS_SECONDS, mediaAddress, mediaKey } from "../_shared/twilio/media-address.ts";
import type { Claim, ClaimedSend } from "./claim-sends.ts";
import type { ReadyPost } from "./post-message.ts";
import { renderMessage } from "./render-message.ts";
import type { SettleResult } from "./settle-results.ts";

/** Twilio's error codes for problems that we see without asking it: they have the same consequences. */
const NO_ACCOUNT = 20003;
const NO_BODY = 21602;
const BAD_MEDIA = 21620;
const NO_MEDIA: readonly string[] = [];

/** How many are rendered without a pause: two hundred at once would hold up the POSTs whose slots come meanwhile. */
const AT_A_STRETCH = 20;

/**
 * @param publicUrl PUBLIC_FUNCTIONS_URL, without a slash at the end
 * @param settle takes the results of messages that are not going to be posted
 */
export async function preparePosts(
  sql: Direct,
  publicUrl: string,
  claim: Claim,
  settle: (result: SettleResult) => void,
): Promise<ReadyPost[]> {
  const posts: ReadyPost[] = [];
  for (const [n, send] of claim.sends.entries()) {
    if (n % AT_A_STRETCH === AT_A_STRETCH - 1) await new Promise((resolve) => setTimeout(resolve));
    const account = await readAccount(sql, send);
    const media = send.media_ids === null ? NO_MEDIA : await addressMedia(sql, publicUrl, send, claim);
    const post = prepareOne(send, account, claim, media);
    if ("outcome" in post) settle(post);
    else posts.push(post);
  }
  return posts;
}

/** "unreadable" if the database did not answer: that says nothing about the account. */
async function readAccount(sql: Direct, send: ClaimedSend): Promise<TwilioAccount | null | "unreadable"> {
  if (send.account_sid === null) return null;
  return await findTwilioAccount(sql, send.account_sid).catch(() => "unreadable" as const);
}

/** "unreadable" if the database did not answer: then nothing is posted. */
async function addressMedia(
  sql: Direct,
  publicUrl: string,
  { media_ids }: ClaimedSend,
  { claimedWall }: Claim,
): Promise<readonly string[] | "unreadable"> {
  try {
    const key = await mediaKey(sql);
    const expires = Math.floor(claimedWall / 1_000) + MEDIA_ADDRESS_SECONDS;
    return await Promise.all((media_ids ?? []).map((id) => mediaAddress(key, publicUrl, id, expires)));
  } catch {
    return "unreadable";
  }
}

/** A message that cannot be posted, whatever the reason, must not hold up the others: they are claimed already. */
function prepareOne(...args: Parameters<typeof prepare>): ReturnType<typeof prepare> {
  try {
    return prepare(...args);
  } catch (error) {
    const error_message = `The text could not be made: ${error instanceof Error ? error.message : error}`;
    return { attempt_id: args[0].attempt_id, outcome: "rejected", error_code: NO_BODY, error_message };
  }
}

function prepare(
  send: ClaimedSend,
  account: TwilioAccount | null | "unreadable",
  claim: Claim,
  mediaUrls: readonly string[] | "unreadable",
): ReadyPost | SettleResult {
  const { attempt_id } = send;
  if (account === "unreadable" || mediaUrls === "unreadable") return { attempt_id, outcome: "not_posted" };
  if (account === null) {
    const error_message = "The organisation has no Twilio account, or its auth token is not stored.";
    return { attempt_id, outcome: "rejected", error_code: NO_ACCOUNT, error_message };
  }
  if (send.media_ids?.length === 0)
    return {
      attempt_id,
      outcome: "rejected",
      error_code: BAD_MEDIA,
      error_message: "Its pictures are gone.",
    };
  const rendered = renderMessage(send);
  if (!rendered.ok)
    return { attempt_id, outcome: "rejected", error_code: NO_BODY, error_message: rendered.reason };
  const { text } = rendered;
  // With pictures it is one message, however long its text.
  const segments = mediaUrls.length > 0 ? 1 : rendered.segments;
  // A reply is sent as it is. A campaign's message that is larger than what was charged is charged again with its real size.
  if (send.kind === "campaign" && segments > send.charged_segments)
    return { attempt_id, outcome: "oversize", segments };
  const slot = claim.claimedAt + send.slot_in_ms;
  const { from_number: from, mps } = send;
  return { send, account, text, segments, mediaUrls, slot, from, mps, claimedWall: claim.claimedWall };
}
