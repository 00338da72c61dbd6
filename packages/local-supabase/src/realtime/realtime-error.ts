/** An error with one of Realtime's own codes; its `reason` is what the client reads. */
export class RealtimeError extends Error {
  readonly code: string;

  /**
   * @param code Realtime's name for it, e.g. `Unauthorized`, `InvalidJWTToken`
   * @param message the sentence after the code, in hosted Realtime's words
   */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get reason(): string {
    return `${this.code}: ${this.message}`;
  }
}
