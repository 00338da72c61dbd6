// Works off the queue of imports and their undos, one chunk after another, for as long as the caller's budget lasts.
import type { Dropped } from "../../_shared/drain/dropped.ts";
import { takeTurn } from "../../_shared/drain/take-turn.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";
import type { DrainImportsDeps } from "./drain-imports-deps.ts";
import type { ImportChunk, UndoChunk } from "./import-chunk.ts";
import { runImportChunk } from "./run-import-chunk.ts";
import { runUndoChunk } from "./run-undo-chunk.ts";

export interface DrainedImports {
  /** Chunks applied, 1,000 rows or 500 leads each at most. */
  chunks: number;
  /** Whether more are due now. */
  more: boolean;
}

/**
 * Long enough for a slow chunk, and short enough that the chunk of a worker that died is
 * soon taken up by another. A chunk begun twice is applied once all the same.
 */
const VISIBILITY_SECONDS = 15;

/** Each chunk is claimed, applied in one transaction and followed by the message for the next: killing this loses nothing. */
export async function drainImports({ sql, storage, budget, log }: DrainImportsDeps): Promise<DrainedImports> {
  let chunks = 0;
  while (!budget.shouldStop()) {
    const [row] = await sql<{ chunk: ImportChunk | UndoChunk | Dropped | null }[]>`
      select private.claim_import_chunk(${VISIBILITY_SECONDS}) as chunk`;
    const chunk = row?.chunk;
    if (!chunk) return { chunks, more: false };
    if ("dropped" in chunk) continue;
    const applied = await suspectGate
      .run(chunk.read_count > 1, () =>
        takeTurn({ sql, log }, { queue: "imports", orgId: chunk.org_id }, () =>
          chunk.undo
            ? runUndoChunk(chunk, { sql, log })
            : runImportChunk(chunk, { sql, storage, budget, log }),
        ),
      )
      .catch((error) => {
        // It comes again by itself, later each time; the others do not wait for it.
        log.error("an import chunk could not be settled", {
          import: chunk.id,
          error: describeCause(error),
        });
        return false;
      });
    if (applied) chunks += 1;
  }
  const [due] = await sql<{ more: boolean }[]>`select private.queue_is_due('imports', '0') as more`;
  return { chunks, more: due?.more ?? false };
}
