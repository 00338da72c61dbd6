// Waits for a condition that is checked at each event, and gives up only if no event arrives for some time.

export interface News {
  /** Wakes all waiters. */
  tell(): void;
  /**
   * Resolves when `isDone`. Throws, naming `what`, if `tell` was not called for `silenceMs`: work that makes progress may take
   * as long as it needs.
   */
  waitUntil(what: string, isDone: () => boolean, silenceMs?: number): Promise<void>;
}

export function createNews(): News {
  const waiting: (() => void)[] = [];
  return {
    tell() {
      for (const wake of waiting.splice(0)) wake();
    },
    async waitUntil(what, isDone, silenceMs = 60_000) {
      while (!isDone()) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(
            () => reject(new Error(`Nothing was heard for ${silenceMs / 1000} s while waiting for ${what}.`)),
            silenceMs,
          );
          waiting.push(() => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
    },
  };
}
