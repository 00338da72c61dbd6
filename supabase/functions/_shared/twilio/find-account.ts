// Finds an organisation's Twilio account with its token, which is read from the database at most once a minute.
import type { Direct } from "../db/direct.ts";

export interface TwilioAccount {
  accountSid: string;
  orgId: string;
  /** Twilio signs webhooks with it. Never log it, and never send it anywhere but to Twilio. */
  authToken: string;
  /** The authorization header of calls to Twilio's API. */
  authorization: string;
}

interface Kept {
  account: TwilioAccount;
  readAt: number;
}

/** A changed token is used within this time without a restart. */
const KEEP_MS = 60_000;
const MAX_KEPT = 1_000;
const kept = new Map<string, Kept>();

/**
 * @param maxAgeMs how old an answer from memory may be; 60 s by default
 * @returns null if no organisation has this account, or its token is not stored
 */
export async function findTwilioAccount(
  sql: Direct,
  accountSid: string,
  maxAgeMs = KEEP_MS,
): Promise<TwilioAccount | null> {
  const known = kept.get(accountSid);
  if (known && performance.now() - known.readAt < maxAgeMs) return known.account;
  const [row] = await sql`select org_id, auth_token from private.twilio_accounts_for(${accountSid})`;
  kept.delete(accountSid);
  if (!row?.auth_token) return null;
  if (kept.size >= MAX_KEPT) kept.clear();
  const account: TwilioAccount = {
    accountSid,
    orgId: row.org_id,
    authToken: row.auth_token,
    authorization: `Basic ${btoa(`${accountSid}:${row.auth_token}`)}`,
  };
  kept.set(accountSid, { account, readAt: performance.now() });
  return account;
}
