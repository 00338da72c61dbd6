// Removes the files of an export whose time is over: the file itself, and what parts were left behind.
import type { DrainJobsDeps } from "./drain-jobs.ts";
import type { FileRemoval } from "./job-step.ts";

const PAGE = 1000;
const RETRY_SECONDS = 600;

/** Looks at what is in the folder, not at what should be: a worker that died told nobody what it had stored. */
export async function removeFiles(
  { message_id, folder }: FileRemoval,
  { sql, storage, log }: DrainJobsDeps,
): Promise<boolean> {
  const bucket = storage.storage.from("exports");
  try {
    for (;;) {
      const { data, error } = await bucket.list(folder, { limit: PAGE });
      if (error) throw error;
      if (data.length === 0) break;
      const removed = await bucket.remove(data.map(({ name }) => `${folder}/${name}`));
      if (removed.error) throw removed.error;
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
