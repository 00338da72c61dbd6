// One request and its answer over a connection of their own. HTTP/1.1 is read as strictly as possible, since the other side may
// be anybody: no connection is kept, no redirect is followed, nothing is decompressed.
import { AnswerError, ByteReader, TooLongError } from "./byte-reader.ts";
import type { Connection } from "./dial.ts";

export interface ExternalRequest {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
}

export interface RawAnswer {
  status: number;
  headers: Map<string, string>;
  /** Undefined if `wantsBody` returned false. */
  text: string | undefined;
  /** In place of the text, if bytes were asked for. */
  bytes?: Uint8Array;
}

export interface Limits {
  /** Asked once the head was read: whether the body is to be read. */
  wantsBody(status: number): boolean;
  maxBytes: number;
  /** Whether the body is no text. */
  asBytes?: boolean;
}

/** Sends a request and reads its answer. @throws AnswerError, ExternalError, and any error of the connection */
export type Exchange = (
  url: string,
  request: ExternalRequest,
  limits: Limits,
  signal: AbortSignal,
) => Promise<RawAnswer>;

const MAX_LINE_BYTES = 8_192;
const MAX_HEAD_BYTES = 32_768;
const MAX_HEADERS = 100;
const MAX_CHUNKS = 8_192;
/** Packets have some 1,400 bytes; a longer body may come in more of them. */
const LEAST_READS = 4_096;
/** Interim answers (100, 103) that are allowed before the real one. */
const MAX_INTERIM = 4;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** @throws AnswerError if the answer breaks the protocol or a limit, and any error of the connection */
export async function exchangeHttp(
  connection: Connection,
  url: URL,
  request: ExternalRequest,
  { wantsBody, maxBytes, asBytes = false }: Limits,
): Promise<RawAnswer> {
  const writer = connection.writable.getWriter();
  // A server may answer and close before it has read all of a request: its answer counts.
  const written = writer.write(encodeRequest(url, request)).catch(() => {});
  const reader = new ByteReader(connection.readable, Math.max(LEAST_READS, Math.ceil(maxBytes / 640)));
  const { status, headers } = await readHead(reader);
  await written;
  if (!wantsBody(status)) return { status, headers, text: undefined };
  const encoding = headers.get("content-encoding")?.toLowerCase() ?? "identity";
  if (encoding !== "identity")
    throw new AnswerError(`Its answer is compressed (${encoding.slice(0, 20)}), which was not asked for.`);
  const body = await readBody(reader, status, headers, maxBytes);
  return asBytes
    ? { status, headers, text: undefined, bytes: body.bytes() }
    : { status, headers, text: body.text() };
}

function encodeRequest(url: URL, { method, headers, body }: ExternalRequest): Uint8Array {
  const bytes = new TextEncoder().encode(body ?? "");
  const all: Record<string, string> = {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    host: url.host,
    connection: "close",
    "accept-encoding": "identity",
    "user-agent": "sms-control-tower",
    ...(method === "POST" && { "content-length": String(bytes.length) }),
  };
  let head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(all)) {
    if (!TOKEN.test(name) || !VALUE.test(value))
      throw new AnswerError("Our request has an impossible header.");
    head += `${name}: ${value}\r\n`;
  }
  const start = new TextEncoder().encode(`${head}\r\n`);
  const whole = new Uint8Array(start.length + bytes.length);
  whole.set(start);
  whole.set(bytes, start.length);
  return whole;
}

async function readHead(reader: ByteReader): Promise<{ status: number; headers: Map<string, string> }> {
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const [, digits] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(await reader.line(MAX_LINE_BYTES)) ?? [];
    if (digits === undefined) throw new AnswerError("Its answer is no HTTP.");
    const headers = await readHeaders(reader);
    const status = Number(digits);
    if (status >= 200) return { status, headers };
  }
  throw new AnswerError("Its answer does not begin.");
}

async function readHeaders(reader: ByteReader): Promise<Map<string, string>> {
  const headers = new Map<string, string>();
  let bytes = 0;
  for (let count = 0; ; count++) {
    const line = await reader.line(MAX_LINE_BYTES);
    if (line === "") return headers;
    bytes += line.length;
    if (count >= MAX_HEADERS || bytes > MAX_HEAD_BYTES)
      throw new AnswerError("Its answer has too many headers.");
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!TOKEN.test(name)) throw new AnswerError("Its answer has an impossible header.");
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    // Two different lengths are a way to smuggle a second answer.
    if (before !== undefined && before !== value && ["content-length", "transfer-encoding"].includes(name))
      throw new AnswerError("Its answer has two lengths.");
    headers.set(name, value);
  }
}

async function readBody(
  reader: ByteReader,
  status: number,
  headers: Map<string, string>,
  maxBytes: number,
): Promise<Body> {
  const encoding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (encoding !== undefined && length !== undefined) throw new AnswerError("Its answer has two lengths.");
  const body = new Body(reader, maxBytes);
  if (status === 204 || status === 205) return body;
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== "chunked") throw new AnswerError("Its answer has an unknown encoding.");
    await readChunks(reader, body);
  } else if (length !== undefined) {
    if (!/^\d{1,15}$/.test(length)) throw new AnswerError("Its answer has an impossible length.");
    await body.take(Number(length));
  } else {
    await body.takeRest();
  }
  return body;
}

async function readChunks(reader: ByteReader, body: Body): Promise<void> {
  for (let count = 0; count < MAX_CHUNKS; count++) {
    const [, size] = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(await reader.line(1_024)) ?? [];
    if (size === undefined) throw new AnswerError("Its answer has an impossible chunk.");
    if (/^0+$/.test(size)) return void (await readHeaders(reader));
    await body.take(Number.parseInt(size, 16));
    if ((await reader.line(2)) !== "") throw new AnswerError("Its answer has an impossible chunk.");
  }
  throw new AnswerError("Its answer comes in too many pieces.");
}

/** The body as far as it was read, with a limit of its size. */
class Body {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  constructor(
    private readonly reader: ByteReader,
    private readonly maxBytes: number,
  ) {}

  async take(count: number): Promise<void> {
    this.add(count, undefined);
    for (let left = count; left > 0; ) {
      const part = await this.reader.some(left);
      if (part === undefined)
        throw new AnswerError("The connection was lost before the answer was complete.");
      this.parts.push(part);
      left -= part.length;
    }
  }

  async takeRest(): Promise<void> {
    for (;;) {
      const part = await this.reader.some(65_536);
      if (part === undefined) return;
      this.add(part.length, part);
    }
  }

  private add(count: number, part: Uint8Array | undefined): void {
    this.size += count;
    if (this.size > this.maxBytes)
      throw new TooLongError(`Its answer is longer than ${Math.floor(this.maxBytes / 1024)} KB.`);
    if (part) this.parts.push(part);
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  text(): string {
    const decoder = new TextDecoder();
    return this.parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
  }
}
