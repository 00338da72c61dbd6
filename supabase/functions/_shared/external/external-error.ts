// Why a call to a service outside brought no answer, and what is to become of it.

/**
 * retry: again after a while. refused: never again, the answer can't be believed. skipped: never again, by no fault of the
 * service. blocked: the service refuses us, whatever the subject. not_asked: nothing was sent.
 */
export type FailedOutcome = "retry" | "refused" | "skipped" | "blocked" | "not_asked";

export class ExternalError extends Error {
  override readonly name = "ExternalError";
  /** Seconds that the service asked us to wait. */
  readonly retryAfter: number | undefined;
  /** Whether the day's budget pays for it: not where the request never reached the service, or it said that it did nothing. */
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
