// Stores a picture that is to be sent with a message.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { hashBytes } from "../../_shared/media/hash-bytes.ts";
import { openFileStore } from "../../_shared/storage/file-store.ts";
import { readPicture } from "./read-picture.ts";
import type { uploadedMedia } from "./schemas.ts";

const begun = z.object({ id: z.uuid() });

/**
 * The database is told first: if this ends before the file is stored, or after it, the file is found and removed with its row.
 * @throws AppError payload_too_large, unsupported_media_type, invalid_input; storage_full; rate_limited; try_again
 */
export async function uploadMedia({
  db,
  env,
  user,
  request,
}: UserContext): Promise<z.output<typeof uploadedMedia>> {
  const { type, bytes } = await readPicture(request);
  const sha256 = await hashBytes(bytes);
  const { id } = parseAnswer(
    await db.rpc("begin_media_upload", {
      p_content_type: type,
      p_bytes: bytes.length,
      p_sha256: sha256,
    }),
    begun,
  );
  await openFileStore(env)
    .upload({ kind: "media", orgId: user.orgId, mediaId: id }, bytes, type)
    .catch((cause) => {
      throw new AppError("try_again", "The file could not be stored just now: retry.", null, { cause });
    });
  dataOrThrow(await db.rpc("finish_media_upload", { p_media_id: id }));
  return { id, content_type: type, bytes: bytes.length, sha256 };
}
