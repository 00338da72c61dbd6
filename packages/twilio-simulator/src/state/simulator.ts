// The running simulator: its accounts, its timer queue and its seed.
import type { Reply, ReplyKind } from "../people/person-texts.ts";
import type { Account } from "./account.ts";
import type { TimerQueue } from "./timer-queue.ts";

export interface Simulator {
  /** Its own base URL, without a trailing slash. */
  url: string;
  seed: number;
  accounts: Map<string, Account>;
  timers: TimerQueue;
  log: (line: string) => void;
  /** What people answer, by kind. */
  replies: Record<ReplyKind, Reply>;
  /** Callbacks go to loopback hosts only, unless this is set. */
  allowRemoteWebhooks: boolean;
}

function settle(account: Account): void {
  account.pending--;
  if (account.pending > 0) return;
  for (const done of account.idleWaiters.splice(0)) done();
}

/** Runs work later on behalf of an account; dropped when the account is reset meanwhile. */
export function scheduleWork(sim: Simulator, account: Account, delayMs: number, run: () => void): void {
  const epoch = account.epoch;
  account.pending++;
  sim.timers.schedule(delayMs, () => {
    if (account.epoch !== epoch) return;
    try {
      run();
    } finally {
      settle(account);
    }
  });
}

/** Counts a promise as pending work of the account; its error is logged. */
export async function trackWork(sim: Simulator, account: Account, work: Promise<unknown>): Promise<void> {
  const epoch = account.epoch;
  account.pending++;
  try {
    await work;
  } catch (error) {
    sim.log(`twilio-simulator: ${account.sid}: ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    if (account.epoch === epoch) settle(account);
  }
}
