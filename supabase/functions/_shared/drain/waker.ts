// A wait that ends early when there is something to do.

export class Waker {
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
