// Works off the queue of imports and their undos, one chunk after another, for as long as the caller's budget lasts.
import type { Dropped } from "../../_shared/drain/dropped.ts";
import { takeTurn } from "../../_shared/drain/take-turn.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";
import type { DrainImportsDeps } from "./drain-imports-deps.ts";
import type { ImportChunk, UndoChunk } from "./import-chunk.ts";
import { runImportChunk } from "./run-import-chunk.ts";
import { runUndoChunk } from "./run-undo-chunk.ts";

/**
 * Long enough for a slow chunk, and short enough that the chunk of a worker that died is
 * soon taken up by another. A chunk begun twice is applied once all the same.
 */
const VISIBILITY_SECONDS = 15;

/**
 * Each chunk is claimed; then one transaction applies it and queues the next one. So killing this loses nothing.
 * @returns how many chunks were applied, 1,000 rows or 500 leads each at most
 */
export async function drainImports(deps: DrainImportsDeps): Promise<number> {
  let chunks = 0;
  for (let end = deps.budget.begin(); end; end = deps.budget.begin()) {
    try {
      const [row] = await deps.sql<{ chunk: ImportChunk | UndoChunk | Dropped | null }[]>`
        select private.claim_import_chunk(${VISIBILITY_SECONDS}) as chunk`;
      if (!row?.chunk) break;
      if (!("dropped" in row.chunk) && (await runInTurn(row.chunk, deps))) chunks += 1;
    } finally {
      end();
    }
  }
  return chunks;
}

function runInTurn(chunk: ImportChunk | UndoChunk, deps: DrainImportsDeps): Promise<boolean> {
  const { sql, log } = deps;
  return suspectGate
    .run(chunk.read_count > 1, () =>
      takeTurn({ sql, log }, { queue: "imports", orgId: chunk.org_id }, () =>
        chunk.undo ? runUndoChunk(chunk, { sql, log }) : runImportChunk(chunk, deps),
      ),
    )
    .catch((error) => {
      // It comes again by itself, later each time; the others do not wait for it.
      log.error("an import chunk could not be settled", { import: chunk.id, error: describeCause(error) });
      return false;
    });
}
