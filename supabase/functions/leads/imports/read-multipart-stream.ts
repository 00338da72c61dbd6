// Reads a multipart/form-data body part by part as it streams in (RFC 7578), so that a file of 100 MB is never held whole.
// The platform's own formData() holds it all, which takes twice the memory a function has at that size.
import { AppError } from "../../_shared/http/app-error.ts";
import { findBytes } from "./find-bytes.ts";
import { readDisposition } from "./read-disposition.ts";

export interface Part {
  name: string;
  /** Undefined for a plain field. */
  fileName: string | undefined;
  /** Read it to its end, or leave it, before you ask for the next part. */
  chunks: AsyncIterable<Uint8Array>;
}

const MAX_HEADER_BYTES = 16_384;
/** Tabs are white space in headers. */
const CONTROL = /[^\P{Cc}\t]/u;
/** The most parts of a form; ours has eight fields. */
const MAX_PARTS = 100;
/** RFC 2046, 5.1.1: up to 70 of these characters, the last of them no space. */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/;

/**
 * @param boundary as the content type names it
 * @throws AppError malformed_request if the boundary is invalid, or the body is not multipart or is cut off
 */
export async function* readMultipartStream(
  body: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<Part> {
  if (!BOUNDARY.test(boundary))
    throw malformed(
      "its boundary is not 1 to 70 letters, digits and signs of '()+_,-./:=? and spaces, the last of them no space (RFC 2046)",
    );
  const delimiter = new TextEncoder().encode(`\r\n--${boundary}`);
  const input = new Input(body);
  // The first delimiter has no line break before it: with one added in front, all delimiters are alike.
  input.unread(new Uint8Array([13, 10]));
  for await (const _preamble of input.until(delimiter)) {
    // Bytes before the first part have no meaning.
  }
  for (let parts = 0; ; parts++) {
    const mark = await input.take(2);
    if (mark === "--") return;
    if (mark !== "\r\n") throw malformed("its parts are not separated by its boundary");
    if (parts === MAX_PARTS) throw malformed(`it has more than ${MAX_PARTS} parts`);
    const headers = await readHeaders(input, boundary);
    const { type, parameters } = readDisposition(headers.get("content-disposition") ?? "");
    const name = parameters.get("name");
    if (type !== "form-data" || name === undefined) throw malformed("a part has no name");
    const chunks = input.until(delimiter);
    yield { name, fileName: parameters.get("filename"), chunks };
    for await (const _rest of chunks) {
      // Skips what the caller left unread.
    }
  }
}

async function readHeaders(input: Input, boundary: string): Promise<Map<string, string>> {
  const end = new TextEncoder().encode("\r\n\r\n");
  const pieces: Uint8Array[] = [];
  let size = 0;
  // A part may have no headers at all; then the blank line follows at once.
  input.unread(new Uint8Array([13, 10]));
  for await (const piece of input.until(end)) {
    size += piece.length;
    if (size > MAX_HEADER_BYTES) throw malformed("a part's headers are too long");
    pieces.push(piece);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const lines = new TextDecoder().decode(bytes).split("\r\n");
  if (lines.some((line) => line.startsWith(`--${boundary}`)))
    throw malformed("a part ends within its headers");
  if (lines.some((line) => CONTROL.test(line))) throw malformed("a part's headers hold control characters");
  return new Map(
    lines
      .filter((line) => line.includes(":"))
      .map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
}

function malformed(why: string): AppError {
  return new AppError(
    "malformed_request",
    `The multipart body can't be read: ${why}. Send it again as a form with the field file.`,
  );
}

/** A buffered stream of bytes, with a search for a delimiter that may be split across two chunks. */
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

  /** Yields everything up to the delimiter and consumes the delimiter. Once ended, it stays ended. */
  async *until(delimiter: Uint8Array): AsyncGenerator<Uint8Array> {
    const find = findBytes(delimiter);
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
