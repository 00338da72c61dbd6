// Turns storage-js's multipart upload (what it sends for a File or Blob) into the plain upload lite reads as a stream:
// lite itself looks for a part named "file", which storage-js does not send, and would hold three copies in memory.
import { Readable } from "node:stream";

type FilePart = { contentType: string; fields: Map<string, string> };

const maxFieldBytes = 64 * 1024;

/** Reads a multipart body piece by piece: `openFile` finds the file part, `fileBytes` then yields its bytes. */
class MultipartReader {
  private pending: Buffer = Buffer.alloc(0);
  private consumed = 0;
  private readonly source: ReadableStreamDefaultReader<Uint8Array>;

  constructor(
    body: ReadableStream<Uint8Array>,
    private readonly boundary: string,
  ) {
    this.source = body.getReader();
  }

  /** Bytes of the body before the file's first byte. */
  get offset(): number {
    return this.consumed;
  }

  async openFile(): Promise<FilePart | null> {
    const fields = new Map<string, string>();
    await this.readUntil(`--${this.boundary}`);
    for (;;) {
      const head = await this.readUntil("\r\n\r\n");
      // The last boundary is followed by "--", and then there are no more headers.
      if (head === null || head.startsWith("--")) return null;
      const disposition = /content-disposition:(.*)/i.exec(head)?.[1] ?? "";
      if (/filename\*?=/i.test(disposition)) {
        const contentType = /content-type:\s*(.+)/i.exec(head)?.[1]?.trim() ?? "application/octet-stream";
        return { contentType, fields };
      }
      const value = await this.readUntil(`\r\n--${this.boundary}`);
      if (value === null) return null;
      fields.set(/name="([^"]*)"/i.exec(disposition)?.[1] ?? "", value);
    }
  }

  async *fileBytes(): AsyncGenerator<Uint8Array> {
    const end = Buffer.from(`\r\n--${this.boundary}`);
    for (;;) {
      const at = this.pending.indexOf(end);
      if (at >= 0) {
        if (at > 0) yield this.take(at);
        await this.source.cancel();
        return;
      }
      // The boundary may be split between two chunks: keep back as many bytes as could be its beginning.
      const safe = this.pending.length - end.length;
      if (safe > 0) yield this.take(safe);
      if (!(await this.pull())) throw new Error("the multipart body ends inside the file");
    }
  }

  private async readUntil(mark: string): Promise<string | null> {
    for (;;) {
      const at = this.pending.indexOf(mark);
      if (at >= 0) {
        const text = this.take(at).toString("utf8");
        this.take(mark.length);
        return text;
      }
      if (this.pending.length > maxFieldBytes || !(await this.pull())) return null;
    }
  }

  private take(length: number): Buffer {
    const taken = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    this.consumed += length;
    return taken;
  }

  private async pull(): Promise<boolean> {
    const { done, value } = await this.source.read();
    if (done) return false;
    this.pending = this.pending.length === 0 ? Buffer.from(value) : Buffer.concat([this.pending, value]);
    return true;
  }
}

/**
 * Takes a request. Returns the plain upload for a multipart one, null if the body has no file, and every other
 * request unchanged. The new content-length may exceed the file's by the rest of the form.
 */
export async function unpackMultipartUpload(request: Request): Promise<Request | null> {
  const contentType = request.headers.get("content-type") ?? "";
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (!boundary || !request.body) return request;
  const reader = new MultipartReader(request.body, boundary);
  const part = await reader.openFile();
  if (!part) return null;
  const headers = new Headers(request.headers);
  headers.set("content-type", part.contentType);
  const cacheControl = part.fields.get("cacheControl");
  if (cacheControl)
    headers.set("cache-control", /^\d+$/.test(cacheControl) ? `max-age=${cacheControl}` : cacheControl);
  const metadata = part.fields.get("metadata");
  if (metadata) headers.set("x-metadata", Buffer.from(metadata).toString("base64"));
  const declared = Number(request.headers.get("content-length"));
  headers.delete("content-length");
  const trailer = boundary.length + "\r\n----\r\n".length;
  if (declared > 0) headers.set("content-length", String(Math.max(0, declared - reader.offset - trailer)));
  return new Request(request.url, {
    method: request.method,
    headers,
    body: Readable.toWeb(Readable.from(reader.fileBytes())) as ReadableStream,
    signal: request.signal,
    duplex: "half",
  } as RequestInit);
}
