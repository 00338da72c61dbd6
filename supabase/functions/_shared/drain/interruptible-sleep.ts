// A sleep that ends early if somebody wakes it.

export class InterruptibleSleep {
  private resolve: (() => void) | undefined;

  wake(): void {
    this.resolve?.();
  }

  /** Resolves after `ms`, or at the next wake(). */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      this.resolve = done;
      function done() {
        clearTimeout(timer);
        resolve();
      }
    });
  }
}
