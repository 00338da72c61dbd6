// Reads a range of bytes of an object in the bucket imports, so that no file is ever held whole.
import { type FileStore, isMissingFile } from "../../_shared/storage/file-store.ts";
import { type StoredFile, UnsafePathError } from "../../_shared/storage/stored-file.ts";

/** The object is gone or has no such bytes: asking again can't help. */
export class MissingObjectError extends Error {
  override readonly name = "MissingObjectError";
}

const TIMEOUT_MS = 10_000;

/**
 * Bytes [from, end) of the object. supabase-js downloads whole objects only, hence a signed URL and a plain fetch.
 * @throws MissingObjectError, or another error, after which a retry may succeed
 */
export async function readByteRange(
  storage: FileStore,
  file: StoredFile,
  from: number,
  end: number,
): Promise<Uint8Array> {
  if (end <= from) return new Uint8Array(0);
  const address = await storage.sign(file, 60).catch((error) => {
    if (error instanceof UnsafePathError) throw error;
    if (isMissingFile(error)) throw new MissingObjectError(error.message);
    throw new Error(`storage gave no address for the object: ${error.message}`, { cause: error });
  });
  const response = await fetch(address, {
    headers: { range: `bytes=${from}-${end - 1}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 206) return checked(new Uint8Array(await response.arrayBuffer()), end - from);
  if (response.status === 200 && response.body)
    return checked(await skipTo(response.body, from, end), end - from);
  await response.body?.cancel();
  if ([400, 404, 416].includes(response.status))
    throw new MissingObjectError(`storage answered ${response.status}`);
  throw new Error(`storage answered ${response.status}`);
}

function checked(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  throw new MissingObjectError(`the object holds ${bytes.length} of the ${length} bytes asked for`);
}

/** For a server that sends the whole object all the same: the bytes before the range are skipped. */
async function skipTo(body: ReadableStream<Uint8Array>, from: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - from);
  const reader = body.getReader();
  let at = 0;
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, filled);
    const piece = value.subarray(Math.max(0, from - at), Math.max(0, end - at));
    bytes.set(piece, filled);
    filled += piece.length;
    at += value.length;
    if (at >= end) {
      await reader.cancel();
      return bytes;
    }
  }
}
