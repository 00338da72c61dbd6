// Removes the files of an export whose time is over: the file itself, and parts that were left behind.
import { exportFileAt, exportFolder, UnsafePathError } from "../../_shared/storage/stored-file.ts";
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";

const RETRY_SECONDS = 600;

/** What private.claim_file_removal returns. */
export interface FileRemoval {
  message_id: number;
  /** How often this was begun. */
  read_count: number;
  org_id: string | null;
  /** A folder of the bucket exports: <org>/<job>. */
  folder: string;
}

/** Removes only files in the folder of their own export. @returns whether the message is done with */
export async function removeFiles(
  { message_id, folder }: FileRemoval,
  { sql, storage, log }: DrainJobsDeps,
): Promise<boolean> {
  try {
    const owner = exportFolder(folder);
    for (;;) {
      const [row] = await sql<{ files: string[] }[]>`select private.export_files(${folder}) as files`;
      const files = row?.files ?? [];
      if (files.length === 0) break;
      const removed = await storage.remove(files.map((path) => exportFileAt(path, owner)));
      if (removed === 0) throw new Error("storage removed none of them");
    }
  } catch (error) {
    if (error instanceof UnsafePathError) {
      // No later try can succeed, and the message would come back for ever.
      log.error("files of an export are not removed: their path is none of ours", { folder });
      await sql`select private.drop_file_removal(${message_id})`;
      return true;
    }
    log.warn("files of an export could not be removed just now", {
      folder,
      error: error instanceof Error ? error.message : String(error),
    });
    await sql`select private.release_file_removal(${message_id}, ${RETRY_SECONDS})`;
    return false;
  }
  await sql`select private.drop_file_removal(${message_id})`;
  return true;
}
