// Looks at a CSV before it is imported and says what would come of it. Nothing is stored.
import { type ImportRow, normaliseRow, planRows } from "../_shared/csv/normalise-row.ts";
import { suggestMapping } from "../_shared/csv/suggest-mapping.ts";
import { dataOrThrow } from "../_shared/db/data-or-throw.ts";
import type { UserContext } from "../_shared/http/context.ts";
import { findDuplicateRows } from "./find-duplicate-rows.ts";
import type { Preview } from "./import-schemas.ts";
import { readImportOptions } from "./read-import-options.ts";
import { type HeadRecords, readHeadRecords } from "./read-sample.ts";
import { readTimeZone } from "./read-time-zone.ts";
import { readUpload } from "./read-upload.ts";
import { type ReceivedFile, receiveFile } from "./receive-file.ts";

/** About 100 ms of CPU. */
const CHECKED_ROWS = 5000;
const SAMPLE_ROWS = 10;
const SHOWN_DUPLICATES = 50;

/** @throws AppError invalid_input for what is no CSV or has no phone column */
export async function previewImport(ctx: UserContext): Promise<Preview> {
  const { file, fields } = await readUpload(ctx.request, (file) => receiveFile(file));
  const { csv } = file;
  const page = readHeadRecords(csv, file.head, CHECKED_ROWS);
  const sample = page.records.map((record) => record.cells);
  const timeZone = await readTimeZone(ctx);
  const { mapping, tags, options } = readImportOptions(fields, {
    ...{ csv, sample: sample.slice(0, 50), now: new Date(), timeZone },
  });
  const plan = planRows(csv.columns, mapping, tags, options);
  const rows = page.records.map((record) => normaliseRow(record, plan));
  const duplicates = await findDuplicateRows(ctx, rows);
  const rejected = rows.filter((row) => row.reason !== undefined).length;
  return {
    file_name: file.name,
    file_bytes: file.bytes,
    encoding: csv.encoding,
    delimiter: csv.delimiter,
    columns: csv.columns,
    suggested_mapping: suggestMapping(csv.columns, sample.slice(0, 50)),
    mapping,
    sample_rows: sample
      .slice(0, SAMPLE_ROWS)
      .map((cells) => Object.fromEntries(csv.columns.map((column, i) => [column, cells[i] ?? ""]))),
    checked_rows: rows.length,
    total_rows: page.isWhole ? rows.length : null,
    total_rows_estimate: page.isWhole ? rows.length : estimateRows(file, page),
    valid_rows: rows.length - rejected - duplicates.length,
    rejected_rows: rejected,
    duplicate_rows: {
      in_file: duplicates.filter((one) => one.lead_id === null).length,
      in_database: duplicates.filter((one) => one.lead_id !== null).length,
    },
    problems: countProblems(rows),
    duplicates: duplicates.slice(0, SHOWN_DUPLICATES),
    already_imported: await findImport(ctx, file.hash),
  };
}

/** By the size of the rows that were read. */
function estimateRows({ csv, bytes }: ReceivedFile, page: HeadRecords): number {
  const rows = page.records.length;
  return page.bytes === 0 ? rows : Math.round((rows * (bytes - csv.nextByte)) / page.bytes);
}

/** The same reason in the same column, counted, most frequent first. */
function countProblems(rows: ImportRow[]): Preview["problems"] {
  const counts = new Map<string, Preview["problems"][number]>();
  const add = (outcome: "rejected" | "warning", field: string | null, reason: string, line: number) => {
    const key = JSON.stringify([outcome, field, reason]);
    const known = counts.get(key);
    if (known) known.rows += 1;
    else counts.set(key, { outcome, field, reason, rows: 1, first_line: line });
  };
  for (const { line, field = null, reason, warnings = [] } of rows) {
    if (reason !== undefined) add("rejected", field, reason, line);
    for (const warning of warnings) add("warning", warning.field, warning.reason, line);
  }
  return [...counts.values()].sort((a, b) => b.rows - a.rows);
}

async function findImport({ db, user }: UserContext, hash: string): Promise<Preview["already_imported"]> {
  const [before] = dataOrThrow(
    await db
      .from("imports")
      .select("id, created_at")
      .eq("org_id", user.orgId)
      .eq("content_hash", hash)
      .neq("status", "failed")
      .order("created_at", { ascending: false })
      .limit(1),
  );
  return before ?? null;
}
