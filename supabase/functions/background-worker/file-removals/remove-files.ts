// Removes the files of an export whose time is over (the file itself, and parts that were left behind), or a file of messages.
import {
  exportFileAt,
  exportFolder,
  mediaFileAt,
  UnsafePathError,
} from "../../_shared/storage/stored-file.ts";
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";

const RETRY_SECONDS = 600;

/** What private.claim_file_removal returns. */
export interface FileRemoval {
  message_id: number;
  /** How often this was begun. */
  read_count: number;
  org_id: string | null;
  /** A folder of the bucket exports: <org>/<job>. */
  folder: string | null;
  /** Instead of a folder: a file of the bucket media. */
  media: string | null;
}

/** Removes only files in the folder of their own export, or a file that no message has any more. @returns whether the message is done with */
export async function removeFiles(removal: FileRemoval, deps: DrainJobsDeps): Promise<boolean> {
  const { message_id } = removal;
  const { sql, log } = deps;
  const folder = removal.folder ?? removal.media;
  try {
    if (removal.media === null) await removeFolder(removal.folder, deps);
    else await removeMedia(removal.media, removal.org_id, deps);
  } catch (error) {
    if (error instanceof UnsafePathError) {
      // No later try can succeed, and the message would come back for ever.
      log.error("files are not removed: their path is none of ours", { folder });
      await sql`select private.drop_file_removal(${message_id})`;
      return true;
    }
    log.warn("files could not be removed just now", {
      folder,
      error: error instanceof Error ? error.message : String(error),
    });
    await sql`select private.release_file_removal(${message_id}, ${RETRY_SECONDS})`;
    return false;
  }
  await sql`select private.drop_file_removal(${message_id})`;
  return true;
}

async function removeFolder(folder: string | null, { sql, storage }: DrainJobsDeps): Promise<void> {
  const owner = exportFolder(folder);
  for (;;) {
    const [row] = await sql<{ files: string[] }[]>`select private.export_files(${folder}) as files`;
    const files = row?.files ?? [];
    if (files.length === 0) break;
    const removed = await storage.remove(files.map((path) => exportFileAt(path, owner)));
    if (removed === 0) throw new Error("storage removed none of them");
  }
}

async function removeMedia(
  path: string,
  orgId: string | null,
  { sql, storage }: DrainJobsDeps,
): Promise<void> {
  const file = mediaFileAt(path, orgId);
  const [row] = await sql<{ is_used: boolean }[]>`select private.is_media_used(${path}) as is_used`;
  if (row?.is_used) return;
  // It may be gone already, or never have been stored.
  await storage.remove([file]);
}
