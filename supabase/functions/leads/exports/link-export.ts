// Makes a link to the file of an export. For ten minutes, it opens for anybody who has it.
import { z } from "zod";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { openFileStore } from "../../_shared/storage/file-store.ts";
import { publicFileUrl } from "../../_shared/storage/public-file-url.ts";
import { exportFileAt, type StoredFile } from "../../_shared/storage/stored-file.ts";
import type { ExportLink } from "./schemas.ts";

const LINK_SECONDS = 600;

const exportResult = z.object({
  file: z
    .object({
      // Not trusted: exportFileAt checks whether it is a path of this export.
      path: z.unknown(),
      name: z.string(),
      bytes: z.number(),
      rows: z.number(),
      expires_at: z.string(),
    })
    .optional(),
});

/**
 * The job is read with the user's rights, which don't show another organisation's jobs. The link is signed with the secret key,
 * since users have no rights on the bucket.
 * @throws AppError not_found, also if the file's seven days are over, invalid_state if there is no file yet, try_again if
 *   Storage can't be reached
 */
export async function linkExport(
  { db, env, user }: UserContext,
  { params }: { params: { id: string } },
): Promise<ExportLink> {
  const job = dataOrThrow(
    await db
      .from("jobs")
      .select("status, result")
      .eq("org_id", user.orgId)
      .eq("kind", "lead_export")
      .eq("id", params.id)
      .maybeSingle(),
  );
  if (!job) throw new AppError("not_found", "There is no export with this id.");
  const { file } = exportResult.parse(job.result);
  if (job.status !== "completed" || !file)
    throw new AppError("invalid_state", `The export is ${job.status}: there is no file to download.`, {
      status: job.status,
    });
  if (Date.parse(file.expires_at) < Date.now())
    throw new AppError("not_found", "The file was kept for seven days and is gone: export again.");
  const stored = ownFile(file.path, { orgId: user.orgId, jobId: params.id });
  const address = await openFileStore(env)
    .sign(stored, LINK_SECONDS, file.name)
    .catch((cause) => {
      throw new AppError("try_again", "The file could not be reached just now: retry.", null, { cause });
    });
  return {
    url: publicFileUrl(address, env.require("PUBLIC_FUNCTIONS_URL")),
    expires_at: new Date(Date.now() + LINK_SECONDS * 1000).toISOString(),
    file_name: file.name,
    file_bytes: file.bytes,
    rows: file.rows,
  };
}

function ownFile(path: unknown, owner: { orgId: string; jobId: string }): StoredFile {
  try {
    return exportFileAt(path, owner);
  } catch (cause) {
    throw new AppError("not_found", "The file is gone: export again.", null, { cause });
  }
}
