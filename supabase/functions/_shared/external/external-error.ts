// Why a call to an outside service brought no usable answer, and what happens next.

/**
 * retry: ask again after a while. refused: never ask again, the answer can't be believed. skipped: never ask again, though the
 * service is not at fault. blocked: the service refuses us, whatever we ask about. not_asked: nothing was sent.
 */
export type FailedOutcome = "retry" | "refused" | "skipped" | "blocked" | "not_asked";

export class ExternalError extends Error {
  override readonly name = "ExternalError";
  /** Seconds that the service asked us to wait. */
  readonly retryAfter: number | undefined;
  /** Whether it counts against the day's budget: not if the service was never reached, or said that it did nothing. */
  readonly isCharged: boolean;

  constructor(
    readonly outcome: FailedOutcome,
    message: string,
    { retryAfter, isCharged = true }: { retryAfter?: number; isCharged?: boolean } = {},
  ) {
    super(message);
    this.retryAfter = retryAfter;
    this.isCharged = isCharged;
  }
}
