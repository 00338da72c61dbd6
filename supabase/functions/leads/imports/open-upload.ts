// Opens a file that a client put into Storage by a signed link, to be read as a stream.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError, validationError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { isMissingFile, openFileStore } from "../../_shared/storage/file-store.ts";
import type { StoredFile } from "../../_shared/storage/stored-file.ts";
import type { UploadedFile } from "./read-upload.ts";

/** A file without an import is removed after a day; an import of it may begin until an hour before that. */
const USABLE_MS = 23 * 3_600_000;
const OPEN_MS = 10_000;

/** @throws AppError not_found, invalid_state for an expired upload; invalid_input if its file has not arrived, or not whole */
export async function openUpload({ db, env, user }: UserContext, id: string): Promise<UploadedFile> {
  const upload = dataOrThrow(
    await db
      .from("import_uploads")
      .select("id, file_name, file_bytes, created_at, expires_at")
      .eq("org_id", user.orgId)
      .eq("id", id)
      .maybeSingle(),
  );
  if (!upload)
    throw new AppError(
      "not_found",
      "There is no upload with this id. Ask for one: POST /leads/import/upload.",
    );
  const isOld = Date.now() > Date.parse(upload.created_at) + USABLE_MS;
  const body = isOld ? null : await openObject(env, { kind: "import", orgId: user.orgId, importId: id });
  if (!body) {
    if (isOld || Date.now() > Date.parse(upload.expires_at))
      throw new AppError(
        "invalid_state",
        "This upload has expired. Ask for another one and send the file again.",
      );
    throw wrongUpload("The file of this upload has not come yet. Put it to the upload's signed_url first.");
  }
  const { file_name: name, file_bytes: announcedBytes } = upload;
  return { name, announcedBytes, chunks: counted(body, announcedBytes) };
}

/** @returns null if there is no such object */
async function openObject(
  env: UserContext["env"],
  file: StoredFile,
): Promise<ReadableStream<Uint8Array> | null> {
  const failed = (cause: unknown) =>
    new AppError("try_again", "The file could not be read from Storage just now: try again.", null, {
      cause,
    });
  const address = await openFileStore(env)
    .sign(file, 60)
    .catch((error) => {
      if (isMissingFile(error)) return null;
      throw failed(error);
    });
  if (address === null) return null;
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), OPEN_MS);
  const response = await fetch(address, { signal: waiting.signal })
    .catch((cause) => {
      throw failed(cause);
    })
    .finally(() => clearTimeout(timer));
  if (response.ok && response.body) return response.body;
  await response.body?.cancel();
  if (response.status === 400 || response.status === 404) return null;
  throw failed(new Error(`storage answered ${response.status}`));
}

async function* counted(body: ReadableStream<Uint8Array>, announced: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause) => {
        throw new AppError("try_again", "Reading the file broke off: try again.", null, { cause });
      });
      if (done) break;
      bytes += value.length;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (bytes !== announced)
    throw wrongUpload(
      `The file has ${bytes} bytes, and ${announced} were announced. Ask for another upload and send it again.`,
    );
}

function wrongUpload(message: string): AppError {
  return validationError([{ field: "upload_id", message }]);
}
