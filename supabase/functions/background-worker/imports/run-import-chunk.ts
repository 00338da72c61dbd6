// One chunk of an import: reads its bytes, makes its rows and applies them; if that fails, decides what becomes of the import.
import { UnreadableCsvError } from "../../_shared/csv/read-records.ts";
import { importFileAt, UnsafePathError } from "../../_shared/storage/stored-file.ts";
import type { DrainImportsDeps } from "./drain-imports-deps.ts";
import type { ImportChunk } from "./import-chunk.ts";
import { makeRows } from "./make-rows.ts";
import { MissingObjectError, readByteRange } from "./read-byte-range.ts";
import { skipLine } from "./skip-line.ts";

/** Enough for any row that is not too long (MAX_LINE_CHARS at 4 bytes), and mostly for 1,000 of them. */
const RANGE_BYTES = 1_048_576;
const RETRY_SECONDS = 5;

/** @returns whether a chunk was applied. Errors end the import or give the chunk back; it throws only if the database is lost. */
export async function runImportChunk(
  chunk: ImportChunk,
  { sql, storage, budget, log }: DrainImportsDeps,
): Promise<boolean> {
  const started = performance.now();
  try {
    const end = Math.min(chunk.next_byte + RANGE_BYTES, chunk.file_bytes);
    const file = importFileAt(chunk.storage_path, chunk.id);
    const bytes = await readByteRange(storage, file, chunk.next_byte, end);
    const begun = performance.now();
    const read = makeRows(chunk, bytes, end === chunk.file_bytes);
    // Nothing else runs in this isolate meanwhile, so the time is CPU.
    budget.tookCpu(performance.now() - begun);
    const made = read.isInLine ? await skipLine(storage, chunk, read) : read;
    const [row] = await sql<{ result: { applied: boolean; status: string } }[]>`
      select private.import_chunk(
        ${chunk.id}, ${chunk.next_chunk}, ${chunk.next_byte}, ${made.nextByte}, ${made.nextLine},
        ${JSON.stringify(made.rows)}::text::jsonb, ${made.isLast}, ${chunk.message_id}) as result`;
    log.info("import chunk applied", {
      import: chunk.id,
      chunk: chunk.next_chunk,
      rows: made.rows.length,
      ms: Math.round(performance.now() - started),
      status: row?.result.status,
    });
    return row?.result.applied ?? false;
  } catch (error) {
    await settleFailure(error, chunk, { sql, log });
    return false;
  }
}

async function settleFailure(
  error: unknown,
  chunk: ImportChunk,
  { sql, log }: Pick<DrainImportsDeps, "sql" | "log">,
): Promise<void> {
  const reason = finalReason(error, chunk);
  const fields = {
    import: chunk.id,
    chunk: chunk.next_chunk,
    error: error instanceof Error ? error.message : String(error),
  };
  if (reason === null) {
    log.warn("import chunk given back", fields);
    await sql`select private.release_import_chunk(${chunk.message_id}, ${RETRY_SECONDS})`;
  } else {
    log.error("import failed", fields);
    await sql`select private.fail_import(${chunk.id}, ${chunk.message_id}, ${reason})`;
  }
}

/** The reason that people see if another try can't help; null if it may. */
function finalReason(error: unknown, chunk: ImportChunk): string | null {
  if (error instanceof UnreadableCsvError) return error.message;
  if (error instanceof MissingObjectError || error instanceof UnsafePathError)
    return "The file is no longer in storage, or shorter than it was. Send it again.";
  const code = (error as { code?: unknown } | null)?.code;
  // Values that Postgres refuses (class 22) or that break a rule of their table (23) will be refused again.
  if (typeof code === "string" && /^2[23]\w{3}$/.test(code)) {
    return `Rows from line ${chunk.next_line} on could not be stored. What came before that line is imported. Send the rest again, in smaller pieces to find the row.`;
  }
  return null;
}
