// Reads a connection by lines and by numbers of bytes, and never holds more than it is allowed to.

/** The other side breaks a rule of HTTP, or one of our limits. The message is for people. */
export class AnswerError extends Error {
  override readonly name: string = "AnswerError";
}

/** It is longer than it may be: another try can't help. */
export class TooLongError extends AnswerError {}

/** A service that sends single bytes would use up our CPU: the limit allows 256 KB in packets of 64 bytes. */
const MAX_READS = 4_096;

export class ByteReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private held: Uint8Array = new Uint8Array(0);
  private reads = 0;

  constructor(
    readable: ReadableStream<Uint8Array>,
    private readonly maxReads = MAX_READS,
  ) {
    this.reader = readable.getReader();
  }

  /** The next bytes, at least one and at most `most`; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (this.held.length === 0) {
      const more = await this.next();
      if (more === undefined) return undefined;
      this.held = more;
    }
    const part = this.held.subarray(0, most);
    this.held = this.held.subarray(part.length);
    return part;
  }

  /** The text up to the next LF, without LF and a CR before it. @throws AnswerError beyond `most` bytes, or at the end */
  async line(most: number): Promise<string> {
    let line = "";
    for (;;) {
      const part = await this.some(most + 1 - line.length);
      if (part === undefined)
        throw new AnswerError("The connection was lost before the answer was complete.");
      const end = part.indexOf(10);
      const text = latin1(end < 0 ? part : part.subarray(0, end));
      line += text;
      if (end >= 0) {
        this.putBack(part.subarray(end + 1));
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (line.length > most) throw new AnswerError("Its answer has a line that is too long.");
    }
  }

  private putBack(part: Uint8Array): void {
    if (part.length === 0) return;
    const both = new Uint8Array(part.length + this.held.length);
    both.set(part);
    both.set(this.held, part.length);
    this.held = both;
  }

  private async next(): Promise<Uint8Array | undefined> {
    for (;;) {
      if (this.reads++ >= this.maxReads) throw new AnswerError("Its answer comes in too many pieces.");
      const { done, value } = await this.reader.read();
      if (done) return undefined;
      if (value.length > 0) return value;
    }
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
