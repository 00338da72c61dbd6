// One look for everybody who waits: looks begin at most once a second, however many ask.

import { AppError } from "../_shared/http/app-error.ts";

const EVERY_MS = 1_000;
/**
 * Of all looks of the isolate together. Anybody may post webhooks, and each that waits holds a connection that others need.
 * Twilio tries again after a 503.
 */
const MAX_WAITING = 100;
let waiting = 0;

export class SharedLook {
  private beganAt = Number.NEGATIVE_INFINITY;
  private last: Promise<unknown> = Promise.resolve();
  private next: Promise<void> | undefined;

  /**
   * Resolves after a look that began after this call, so that it shows all that was committed before.
   * @throws the look's error; AppError try_again (503) if too many wait
   */
  async wait(look: () => Promise<unknown>): Promise<void> {
    if (waiting >= MAX_WAITING)
      throw new AppError("try_again", "Too many webhooks of unknown senders arrive at once.");
    waiting++;
    try {
      this.next ??= this.beginNext(look);
      await this.next;
    } finally {
      waiting--;
    }
  }

  private async beginNext(look: () => Promise<unknown>): Promise<void> {
    await this.last;
    const restMs = this.beganAt + EVERY_MS - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    // Whoever asks from here on waits for the look after this one.
    this.next = undefined;
    this.beganAt = performance.now();
    const looking = look();
    this.last = looking.catch(() => {});
    await looking;
  }
}
