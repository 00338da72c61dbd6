// Removes the files of an export whose time is over: the file itself, and what parts were left behind.
import type { DrainJobsDeps } from "./drain-jobs.ts";
import type { FileRemoval } from "./job-step.ts";

const RETRY_SECONDS = 600;

/** @returns whether nothing is left of it */
export async function removeFiles(
  { message_id, folder }: FileRemoval,
  { sql, storage, log }: DrainJobsDeps,
): Promise<boolean> {
  const bucket = storage.storage.from("exports");
  try {
    for (;;) {
      const [row] = await sql<{ files: string[] }[]>`select private.export_files(${folder}) as files`;
      const files = row?.files ?? [];
      if (files.length === 0) break;
      const { data, error } = await bucket.remove(files);
      if (error) throw error;
      if (data.length === 0) throw new Error("storage removed none of them");
    }
  } catch (error) {
    log.warn("files of an export could not be removed just now", {
      ...{ folder, error: error instanceof Error ? error.message : String(error) },
    });
    await sql`select private.release_job_step(${message_id}, ${RETRY_SECONDS})`;
    return false;
  }
  await sql`select private.drop_job_message(${message_id})`;
  return true;
}
