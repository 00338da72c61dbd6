// Works off the queue of folders whose files are to be removed.
import { takeTurn } from "../../_shared/drain/take-turn.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";
import { type FileRemoval, removeFiles } from "./remove-files.ts";

/**
 * @param shouldStop asked before each folder
 * @returns how many folders were removed. Killing this loses nothing: a folder comes again after a minute
 */
export async function drainFileRemovals(deps: DrainJobsDeps, shouldStop: () => boolean): Promise<number> {
  let folders = 0;
  while (!shouldStop()) {
    const [row] = await deps.sql<{ removal: FileRemoval | null }[]>`
      select private.claim_file_removal() as removal`;
    if (!row?.removal) break;
    const { removal } = row;
    const remove = () => removeFiles(removal, deps);
    const isDone = await suspectGate
      .run(removal.read_count > 1, () =>
        removal.org_id === null
          ? remove()
          : takeTurn(deps, { queue: "file_removals", orgId: removal.org_id }, remove),
      )
      .catch((error) => {
        // It comes again by itself, later each time; the others do not wait for it.
        deps.log.error("files could not be removed", {
          folder: removal.folder ?? removal.media,
          error: describeCause(error),
        });
        return false;
      });
    if (isDone) folders += 1;
  }
  return folders;
}
