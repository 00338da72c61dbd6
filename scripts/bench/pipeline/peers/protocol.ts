// What the bench and the process it measures say to each other: JSON as the only argument, then one line each way.
import type { TwilioAccount } from "../../../../supabase/functions/_shared/twilio/find-account.ts";

export interface PeerOrder {
  databaseUrl: string;
  twilioUrl: string;
  account: TwilioAccount;
  /** Where Twilio would report to. */
  callbackUrl: string;
  /** POSTs in flight at most. */
  concurrency: number;
  /** How many the bare loop posts, which has no queue. */
  messages: number;
  /** From which it posts. */
  numbers: string[];
}

/** All that a message needs: what our plan and claim find out is given to the peers. */
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
/** Of the peers' jobs: the name of the task, and of the queue. */
export const QUEUE = "send";
