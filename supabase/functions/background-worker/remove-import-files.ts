// Removes files of imports that are no longer needed, through Storage's own API: SQL would leave their bytes behind.
import { connectDirect } from "../_shared/db/direct.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import { openFileStore } from "../_shared/storage/file-store.ts";
import { importFileAt } from "../_shared/storage/stored-file.ts";

const FILES_AT_ONCE = 100;
/** 2,000 files; the next call comes within the hour. */
const MAX_ROUNDS = 20;

/** Begins in the background, since the caller waits only five seconds. What fails now is tried again at the next call. */
export function removeImportFiles(ctx: MachineContext): { status: "removing" } {
  ctx.waitUntil(
    removeFiles(ctx).catch((error) =>
      ctx.log.error("files of imports could not be removed", { error: describeCause(error) }),
    ),
  );
  return { status: "removing" };
}

async function removeFiles({ env, log }: MachineContext): Promise<void> {
  const sql = connectDirect(env, "background worker");
  const storage = openFileStore(env);
  let removed = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const [row] = await sql<
      { paths: string[] }[]
    >`select private.stale_import_files(${FILES_AT_ONCE}) as paths`;
    const paths = row?.paths ?? [];
    if (paths.length === 0) break;
    const count = await storage.remove(paths.map((path) => importFileAt(path)));
    removed += count;
    // Storage has none of these files: asking again would go on for ever.
    if (count === 0) break;
  }
  if (removed > 0) log.info("files of imports removed", { removed });
}
