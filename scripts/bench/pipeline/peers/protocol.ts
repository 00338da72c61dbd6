// The protocol between the bench and the process it measures: JSON as the only argument, then one line each way.
import type { TwilioAccount } from "../../../../supabase/functions/_shared/twilio/find-account.ts";

export interface PeerOrder {
  databaseUrl: string;
  twilioUrl: string;
  account: TwilioAccount;
  /** The URL for Twilio's status callbacks. */
  callbackUrl: string;
  /** POSTs in flight at most. */
  concurrency: number;
  /** How many messages the bare loop posts; it has no queue. */
  messages: number;
  /** The numbers it sends from. */
  numbers: string[];
}

/** All that a message needs. The peers are given what our plan and claim work out. */
export interface Job {
  id: string;
  to: string;
  from: string;
  body: string;
}

/** The process is loaded and connected, and waits for a line on its standard input to begin. */
export const READY = "ready";
/** The bare loop has posted everything. */
export const DONE = "done";
/** The name of the peers' task and of their queue. */
export const QUEUE = "send";
