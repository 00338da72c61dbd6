// Waits for something that news will bring, and gives up only when no news come.

export interface News {
  /** Wakes whoever waits. */
  tell(): void;
  /**
   * Resolves when `isDone`. Throws, naming `what`, when nobody told anything for `silenceMs`: work that goes on may take
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
