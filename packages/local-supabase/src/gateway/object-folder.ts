// Storage's bytes in a folder: one file per object plus a small description, named by hash so that no key can leave it.
import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { App } from "@supabase/lite";
import { currentStorageRequest } from "./storage-request.ts";

type StorageAdapter = NonNullable<App["_storageAdapter"]>;
type Described = {
  bucket: string;
  key: string;
  mimetype: string;
  cacheControl: string;
  eTag: string;
  size: number;
};
type Uploaded = Awaited<ReturnType<StorageAdapter["uploadObject"]>>;
type Downloaded = Awaited<ReturnType<StorageAdapter["getObject"]>>;
type UploadBody = Parameters<StorageAdapter["uploadObject"]>[3];

/**
 * Lite's storage adapter over the folder `root`. The `version` arguments are ignored: lite passes none on upload and a
 * made-up one afterwards. Uploads land in a temporary file and are renamed, so a reader sees the old or the new bytes.
 */
export class ObjectFolder implements StorageAdapter {
  readonly driver = null;

  constructor(
    private readonly root: string,
    private readonly maxBytes: number,
  ) {}

  async uploadObject(
    bucket: string,
    key: string,
    _version: string | undefined,
    body: UploadBody,
    contentType: string,
    cacheControl: string,
  ): Promise<Uploaded> {
    const file = this.fileOf(bucket, key);
    const temporary = `${file}.${randomUUID()}.part`;
    await mkdir(path.dirname(file), { recursive: true });
    const hash = createHash("md5");
    let size = 0;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        size += chunk.length;
        hash.update(chunk);
        done(size > this.maxBytes ? new Error(`object is larger than ${this.maxBytes} bytes`) : null, chunk);
      },
    });
    try {
      await pipeline(readableOf(body), count, createWriteStream(temporary));
      const described: Described = {
        bucket,
        key,
        mimetype: contentType,
        cacheControl,
        eTag: `"${hash.digest("hex")}"`,
        size,
      };
      await writeFile(`${file}.json`, JSON.stringify(described));
      await rename(temporary, file);
      return { ...metadataOf(described), lastModified: (await stat(file)).mtime, httpStatusCode: 200 };
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** Honours the request's Range header: lite itself always answers with the whole object. */
  async getObject(bucket: string, key: string): Promise<Downloaded> {
    const file = this.fileOf(bucket, key);
    const described = await this.describe(bucket, key);
    const metadata = { ...metadataOf(described), lastModified: (await stat(file)).mtime };
    const range = currentStorageRequest()?.takeRange(described.size) ?? null;
    if (!range) return { metadata, httpStatusCode: 200, body: streamOf(file, 0, described.size) };
    return {
      metadata: {
        ...metadata,
        contentLength: range.end - range.start,
        contentRange: `bytes ${range.start}-${range.end - 1}/${described.size}`,
      },
      httpStatusCode: 206,
      body: streamOf(file, range.start, range.end),
    };
  }

  async headObject(bucket: string, key: string): Promise<Uploaded> {
    const described = await this.describe(bucket, key);
    return { ...metadataOf(described), lastModified: (await stat(this.fileOf(bucket, key))).mtime };
  }

  async deleteObject(bucket: string, key: string): Promise<void> {
    const file = this.fileOf(bucket, key);
    await rm(file, { force: true });
    await rm(`${file}.json`, { force: true });
  }

  async deleteObjects(bucket: string, keys: string[]): Promise<void> {
    for (const key of keys) await this.deleteObject(bucket, key);
  }

  async copyObject(
    sourceBucket: string,
    source: string,
    _version: string | undefined,
    destinationBucket: string,
    destination: string,
  ): Promise<{ httpStatusCode: number; eTag: string; lastModified: Date }> {
    const described = await this.describe(sourceBucket, source);
    const file = this.fileOf(destinationBucket, destination);
    await mkdir(path.dirname(file), { recursive: true });
    await copyFile(this.fileOf(sourceBucket, source), `${file}.part`);
    const copy = { ...described, bucket: destinationBucket, key: destination };
    await writeFile(`${file}.json`, JSON.stringify(copy));
    await rename(`${file}.part`, file);
    return { httpStatusCode: 200, eTag: described.eTag, lastModified: (await stat(file)).mtime };
  }

  async privateAssetUrl(bucket: string, key: string): Promise<string> {
    return `file://${this.fileOf(bucket, key)}`;
  }

  private fileOf(bucket: string, key: string): string {
    const name = createHash("sha256").update(`${bucket}\0${key}`).digest("hex");
    return path.join(this.root, name.slice(0, 2), name);
  }

  private async describe(bucket: string, key: string): Promise<Described> {
    return JSON.parse(await readFile(`${this.fileOf(bucket, key)}.json`, "utf8")) as Described;
  }
}

function metadataOf(described: Described): Uploaded {
  const { mimetype, cacheControl, eTag, size } = described;
  return { mimetype, cacheControl, eTag, size, contentLength: size };
}

function readableOf(body: UploadBody): Readable {
  if (body instanceof Uint8Array) return Readable.from([body]);
  return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
}

/** Bytes [start, end) of the file. A file read with start = end = 0 would yield one byte, hence the empty stream. */
function streamOf(file: string, start: number, end: number): ReadableStream {
  const source = end > start ? createReadStream(file, { start, end: end - 1 }) : Readable.from([]);
  return Readable.toWeb(source) as ReadableStream;
}
