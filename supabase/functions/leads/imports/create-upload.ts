// Lets a client upload a file directly to Storage: no function holds it, and a browser can show the progress.
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { openFileStore } from "../../_shared/storage/file-store.ts";
import { cleanName, fileTooLarge, MAX_FILE_BYTES } from "./read-upload.ts";
import type { ImportUpload, UploadInput } from "./schemas.ts";

/** The link is signed with the secret key, so that users need no rights on the bucket. @throws AppError payload_too_large */
export async function createUpload(
  { db, env, user }: UserContext,
  { body }: { body: UploadInput },
): Promise<ImportUpload> {
  if (body.file_bytes > MAX_FILE_BYTES) throw fileTooLarge();
  const upload = dataOrThrow(
    await db.rpc("create_import_upload", {
      p_file_name: cleanName(body.file_name),
      p_file_bytes: body.file_bytes,
    }),
  ) as { upload_id: string; path: string; expires_at: string };
  const { token, signedUrl } = await openFileStore(env)
    .signUpload({ kind: "import", orgId: user.orgId, importId: upload.upload_id })
    .catch((cause) => {
      throw new AppError("try_again", "Storage gave no link just now: ask again.", null, { cause });
    });
  return { ...upload, token, signed_url: signedUrl };
}
