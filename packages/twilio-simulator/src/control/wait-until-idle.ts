// Waits until an account has nothing left to do.
import type { Account } from "../state/account.ts";

/**
 * Resolves true when no delivery, callback or person's answer of the account is outstanding, false after `timeoutMs`.
 * Answers held back on purpose do not count.
 */
export function waitUntilIdle(account: Account, timeoutMs: number): Promise<boolean> {
  if (account.pending === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      account.idleWaiters = account.idleWaiters.filter((waiter) => waiter !== done);
      resolve(false);
    }, timeoutMs);
    account.idleWaiters.push(done);
  });
}
