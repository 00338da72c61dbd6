// Receives a CSV as a stream: inspects its beginning, counts and hashes all of it, and passes it on to Storage.
import { createUtf8Check } from "../../_shared/csv/check-utf-8.ts";
import { type CsvFile, HEAD_BYTES, inspectFile } from "../../_shared/csv/inspect-file.ts";
import { UnreadableCsvError } from "../../_shared/csv/read-records.ts";
import { validationError } from "../../_shared/http/app-error.ts";
import { FileHash } from "./hash-file.ts";
import type { FileHead } from "./read-sample.ts";
import { fileTooLarge, MAX_FILE_BYTES, type UploadedFile } from "./read-upload.ts";

export interface ReceivedFile {
  name: string;
  bytes: number;
  /** The digest of FileHash. */
  hash: string;
  csv: CsvFile;
  /** The beginning of the file; all of it if it is small. */
  head: Uint8Array;
  /** Whether the head is all of it. */
  isWhole: boolean;
}

export interface ReceiveOptions {
  /** Gets the whole file as a stream once its beginning is known to be a CSV. */
  store?(body: ReadableStream<Uint8Array>, csv: CsvFile, head: FileHead): Promise<void>;
  /** How many bytes of the file's beginning to keep; more are kept if the last chunk goes beyond them. */
  headBytes?: number;
}

/** @throws AppError payload_too_large; invalid_input if it is no CSV, before anything is stored */
export async function receiveFile(
  { name, chunks }: UploadedFile,
  { store, headBytes = HEAD_BYTES }: ReceiveOptions = {},
): Promise<ReceivedFile> {
  const source = chunks[Symbol.asyncIterator]();
  const { head, isWhole } = await readHead(source, headBytes);
  const csv = inspect(head, isWhole);

  const hash = new FileHash();
  const utf8 = createUtf8Check();
  let bytes = 0;
  let failure: unknown;
  const count = async (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > MAX_FILE_BYTES) throw fileTooLarge();
    await hash.add(chunk);
    utf8.add(chunk);
    return chunk;
  };
  async function* all(): AsyncGenerator<Uint8Array> {
    yield await count(head);
    for (;;) {
      const { done, value } = await source.next();
      if (done) return;
      yield await count(value);
    }
  }
  if (store) {
    const body = streamOf(all(), (error) => {
      failure = error;
    });
    await store(body, csv, { head, isWhole }).catch((error) => {
      // The error that broke the stream is the cause, not the error of Storage that follows from it.
      throw failure ?? error;
    });
    if (failure) throw failure;
  } else {
    for await (const _chunk of all()) {
      // A preview only counts and hashes the rest.
    }
  }
  // The head may be plain ASCII, with the first accent far behind it.
  const encoding = csv.encoding === "utf-8" && csv.bomBytes === 0 ? utf8.encoding() : csv.encoding;
  return {
    name,
    bytes,
    hash: await hash.digest(),
    csv: { ...csv, encoding },
    head,
    isWhole: bytes === head.length,
  };
}

async function readHead(source: AsyncIterator<Uint8Array>, headBytes: number): Promise<FileHead> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  let isWhole = false;
  while (size < headBytes) {
    const { done, value } = await source.next();
    if (done) {
      isWhole = true;
      break;
    }
    pieces.push(value);
    size += value.length;
  }
  const head = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    head.set(piece, at);
    at += piece.length;
  }
  return { head, isWhole };
}

function inspect(head: Uint8Array, isWhole: boolean): CsvFile {
  try {
    return inspectFile(head, isWhole);
  } catch (error) {
    if (error instanceof UnreadableCsvError)
      throw validationError([{ field: "file", message: error.message }]);
    throw error;
  }
}

function streamOf(
  source: AsyncGenerator<Uint8Array>,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        onError(error);
        controller.error(error);
      }
    },
  });
}
