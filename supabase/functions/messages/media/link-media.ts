// Makes a link to a picture or file of a message. For ten minutes, it opens for anybody who has it.
import type { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { knownType } from "../../_shared/media/detect-type.ts";
import { isMissingFile, openFileStore } from "../../_shared/storage/file-store.ts";
import { publicFileUrl } from "../../_shared/storage/public-file-url.ts";
import { mediaFileAt } from "../../_shared/storage/stored-file.ts";
import type { mediaLink } from "./schemas.ts";

const LINK_SECONDS = 600;

/**
 * The row is read with the user's rights, which don't show another organisation's files. The link is signed with the secret key,
 * since users have no rights on the bucket.
 * @throws AppError not_found, invalid_state with the reason unless it is stored, try_again if Storage can't be reached
 */
export async function linkMedia(
  { db, env, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<z.output<typeof mediaLink>> {
  const file = dataOrThrow(
    await db
      .from("message_media")
      .select("id, state, reason, content_type, bytes, path")
      .eq("org_id", user.orgId)
      .eq("id", params.id)
      .maybeSingle(),
  );
  if (!file) throw new AppError("not_found", "There is no file with this id.", { id: params.id });
  const { state, reason, content_type, bytes } = file;
  if (state !== "stored" || content_type === null || bytes === null)
    throw new AppError(
      "invalid_state",
      state === "pending"
        ? "The file is still being fetched or uploaded: try again in a moment."
        : `The file can't be opened. ${reason}`,
      { state, reason },
    );
  const is = knownType(content_type);
  const filename = `${is.isInline ? "picture" : "file"}-${file.id.slice(-12)}.${is.extension}`;
  const address = await openFileStore(env)
    .sign(mediaFileAt(file.path, user.orgId), LINK_SECONDS, is.isInline ? undefined : filename)
    .catch((cause) => {
      if (isMissingFile(cause))
        throw new AppError("not_found", "The file is gone.", { id: params.id }, { cause });
      throw new AppError("try_again", "The file could not be reached just now: retry.", null, { cause });
    });
  return {
    url: publicFileUrl(address, env.require("PUBLIC_FUNCTIONS_URL")),
    expires_at: new Date(Date.now() + LINK_SECONDS * 1000).toISOString(),
    content_type,
    bytes,
    filename,
  };
}
