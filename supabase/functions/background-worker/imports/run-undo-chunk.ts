// One chunk of an undo: the database does all of it, and a chunk that fails is tried again.
import { describeCause } from "../../_shared/http/describe-cause.ts";
import type { DrainImportsDeps } from "./drain-imports-deps.ts";
import type { UndoChunk } from "./import-chunk.ts";

const RETRY_SECONDS = 5;

/** @returns whether a chunk was undone. Errors give it back; after several tries the undo fails and can be begun again there. */
export async function runUndoChunk(
  { id, undo_after, message_id }: UndoChunk,
  { sql, log }: Pick<DrainImportsDeps, "sql" | "log">,
): Promise<boolean> {
  const started = performance.now();
  try {
    const [row] = await sql<{ result: { applied: boolean; status: string } }[]>`
      select private.undo_import_chunk(${id}, ${undo_after}, ${message_id}) as result`;
    const ms = Math.round(performance.now() - started);
    log.info("import chunk undone", { import: id, ms, status: row?.result.status });
    return row?.result.applied ?? false;
  } catch (error) {
    log.warn("undo chunk given back", { import: id, error: describeCause(error) });
    await sql`select private.release_import_chunk(${message_id}, ${RETRY_SECONDS})`;
    return false;
  }
}
