// Everything that is done in Storage with the secret key. It takes files by their ids, never by a path: pathOf builds the path.
import type { Environment } from "../environment/environment.ts";
import { createServiceClient } from "./service-client.ts";
import { BUCKETS, pathOf, type StoredFile } from "./stored-file.ts";

type Content = Uint8Array | ReadableStream<Uint8Array>;

export interface SignedUpload {
  token: string;
  signedUrl: string;
}

/** Every call may throw UnsafePathError, and the error of Storage if it refuses or can't be reached. */
export interface FileStore {
  /** Never overwrites a file, unless it is said to replace one. A stream is passed on chunk by chunk. */
  upload(
    file: StoredFile,
    content: Content,
    contentType: string,
    options?: { replaces: boolean },
  ): Promise<void>;
  download(file: StoredFile): Promise<ReadableStream<Uint8Array>>;
  /** An address that opens for anybody who has it. @param name the file name of the download */
  sign(file: StoredFile, seconds: number, name?: string): Promise<string>;
  /** An address at which anybody who has it can upload the file once. */
  signUpload(file: StoredFile): Promise<SignedUpload>;
  /** @returns how many of them were there and were removed */
  remove(files: StoredFile[]): Promise<number>;
}

export function openFileStore(env: Environment): FileStore {
  const { storage } = createServiceClient(env);
  const locate = (file: StoredFile) => {
    const { bucket, path } = pathOf(file);
    return { bucket: storage.from(bucket), path };
  };
  return {
    async upload(file, content, contentType, { replaces } = { replaces: false }) {
      const { bucket, path } = locate(file);
      const { error } = await bucket.upload(path, content, { contentType, duplex: "half", upsert: replaces });
      if (error) throw error;
    },
    async download(file) {
      const { bucket, path } = locate(file);
      const { data, error } = await bucket.download(path).asStream();
      if (error || !data) throw error ?? new Error("storage gave no stream");
      return data as ReadableStream<Uint8Array>;
    },
    async sign(file, seconds, name) {
      const { bucket, path } = locate(file);
      const { data, error } = await bucket.createSignedUrl(path, seconds, name ? { download: name } : {});
      if (error) throw error;
      return data.signedUrl;
    },
    async signUpload(file) {
      const { bucket, path } = locate(file);
      const { data, error } = await bucket.createSignedUploadUrl(path);
      if (error) throw error;
      return data;
    },
    async remove(files) {
      const paths = { imports: [] as string[], exports: [] as string[], media: [] as string[] };
      // All paths are checked before any file is removed.
      for (const file of files) paths[pathOf(file).bucket].push(pathOf(file).path);
      let removed = 0;
      for (const bucket of BUCKETS) {
        if (paths[bucket].length === 0) continue;
        const { data, error } = await storage.from(bucket).remove(paths[bucket]);
        if (error) throw error;
        removed += data.length;
      }
      return removed;
    },
  };
}

interface StorageAnswer {
  status?: number;
  statusCode?: string;
  message?: string;
}

/** Whether Storage says that there is no such file. */
export function isMissingFile(error: unknown): boolean {
  const { status, statusCode, message } = (error ?? {}) as StorageAnswer;
  return status === 404 || statusCode === "404" || /not.?found/i.test(message ?? "");
}

/** Whether Storage refuses a file for its size: by the bucket's limit or by the project's, which the plan bounds. */
export function isTooLargeForStorage(error: unknown): boolean {
  const { status, statusCode } = (error ?? {}) as StorageAnswer;
  // Hosted Storage answers HTTP 400 with 413 in the body.
  return status === 413 || statusCode === "413";
}
