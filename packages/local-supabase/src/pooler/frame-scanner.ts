// Finds the messages in a stream of Postgres' protocol, version 3, without holding their bodies.

/** A message: one byte for its type, four for its length (itself included), then the body. */
export type Frame = {
  type: string;
  /** The body's first byte; undefined if the body is empty. */
  first: number | undefined;
};

const HEADER = 5;

export class FrameScanner {
  /** A header, and the byte after it, that a chunk ended in the middle of. */
  private pending: number[] = [];
  /** Bytes of the current message's body that are still to come. */
  private left = 0;

  /**
   * Call it with each chunk in turn.
   * @param hear called for each message once its first byte is known, with the chunk's position of the message's begin, which
   * is negative if it began in an earlier chunk. It returns false to end the scan: the rest of the chunk is left out.
   * @returns how many bytes of the chunk were taken
   */
  scan(chunk: Buffer, hear: (frame: Frame, begin: number) => boolean): number {
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const step = Math.min(this.left, chunk.length - at);
        this.left -= step;
        at += step;
        continue;
      }
      this.pending.push(chunk[at++] as number);
      if (this.pending.length < HEADER) continue;
      const [type = 0, a = 0, b = 0, c = 0, d = 0, first] = this.pending;
      const body = ((a << 24) | (b << 16) | (c << 8) | d) - 4;
      if (body > 0 && first === undefined) continue;
      const begin = at - this.pending.length;
      this.pending = [];
      this.left = Math.max(body - 1, 0);
      if (!hear({ type: String.fromCharCode(type), first }, begin)) return Math.max(begin, 0);
    }
    return at;
  }
}
