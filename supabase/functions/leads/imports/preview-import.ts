// Looks at a CSV before it is imported and says what the import would do. Nothing is stored.
import { MAX_PREVIEW_CELLS, rowsWithin } from "../../_shared/csv/limits.ts";
import { normaliseRow, planRows } from "../../_shared/csv/normalise-row.ts";
import { suggestMapping } from "../../_shared/csv/suggest-mapping.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { findMapping } from "../import-mappings/find-mapping.ts";
import { countFlags } from "./count-flags.ts";
import { describeColumns } from "./describe-columns.ts";
import { findKnownLeads } from "./find-known-leads.ts";
import { findDuplicates, findSimilarImport, simulateMerge } from "./judge-duplicates.ts";
import { openUpload } from "./open-upload.ts";
import { readImportOptions } from "./read-import-options.ts";
import { type HeadRecords, readHeadRecords, SAMPLE_ROWS } from "./read-sample.ts";
import { readTimeZone } from "./read-time-zone.ts";
import { readUpload, type Upload } from "./read-upload.ts";
import { type ReceivedFile, receiveFile } from "./receive-file.ts";
import { reserveCpu } from "./reserve-cpu.ts";
import type { Preview } from "./schemas.ts";
import { countPhones, countProblems, countStates, countTags } from "./summarise-rows.ts";

/** They take some 0.5 s of CPU in an isolate that has compiled nothing yet; each call can count on one second. */
const CHECKED_ROWS = 10_000;
/** For rows of many columns: so much of the file is checked at most. */
const CHECKED_BYTES = 4_194_304;
/** For a longer file, as reading 100 MB itself takes 0.5 s. */
const CHECKED_ROWS_OF_MORE = 4_000;
const SHOWN_ROWS = 10;
const SHOWN_DUPLICATES = 50;

/** @throws AppError invalid_input if the file is no CSV or has no phone column, try_again while other files leave no room */
export async function previewImport(ctx: UserContext): Promise<Preview> {
  let giveBackCpu = () => {};
  try {
    const upload = await readUpload(ctx.request, {
      receive: (file) => {
        giveBackCpu = reserveCpu(ctx.user.orgId, "preview", file.announcedBytes);
        return receiveFile(file, { headBytes: CHECKED_BYTES });
      },
      open: (id) => openUpload(ctx, id),
    });
    return await previewFile(ctx, upload);
  } finally {
    giveBackCpu();
  }
}

async function previewFile(ctx: UserContext, { file, fields }: Upload<ReceivedFile>): Promise<Preview> {
  const { csv } = file;
  const most = file.isWhole ? CHECKED_ROWS : CHECKED_ROWS_OF_MORE;
  const page = readHeadRecords(csv, file, rowsWithin(MAX_PREVIEW_CELLS, csv.columns.length, most));
  const cells = page.records.map((record) => record.cells);
  const sample = cells.slice(0, SAMPLE_ROWS);
  const timeZone = await readTimeZone(ctx);
  const known = await findMapping(ctx, csv.columns);
  const read = readImportOptions(fields, { csv, sample, known, now: new Date(), timeZone });
  const { mapping, tags, options } = read;
  const plan = planRows(csv.columns, mapping, tags, options);
  const rows = page.records.map((record) => normaliseRow(record, plan));
  const leads = await findKnownLeads(ctx, rows);
  const duplicates = findDuplicates(rows, leads);
  const inDatabase = duplicates.filter((one) => one.lead_id !== null).length;
  const rejected = rows.filter((row) => row.reason !== undefined).length;
  const valid = rows.length - rejected - duplicates.length;
  const {
    rows_with_new_phone: withPhone,
    rows_with_new_parcel: withParcel,
    ...merge
  } = simulateMerge(rows, leads, true);
  const merging = { ...merge, left_out: 0 };
  const { new_parcels } = simulateMerge(rows, leads, false);
  return {
    file_name: file.name,
    file_bytes: file.bytes,
    encoding: csv.encoding,
    delimiter: csv.delimiter,
    columns: csv.columns,
    suggested_mapping: suggestMapping(csv.columns, sample),
    mapping,
    mapping_source: read.mappingSource,
    saved_mappings: known.fitting.map(({ id, name, same_columns }) => ({
      id,
      name,
      same_columns,
      is_applied: id === read.savedId,
    })),
    options,
    sampled_rows: sample.length,
    column_details: describeColumns(csv.columns, mapping, sample),
    sample_rows: cells
      .slice(0, SHOWN_ROWS)
      .map((row) => Object.fromEntries(csv.columns.map((column, i) => [column, row[i] ?? ""]))),
    is_complete: page.isWhole,
    checked_rows: rows.length,
    total_rows: page.isWhole ? rows.length : null,
    total_rows_estimate: page.isWhole ? rows.length : estimateRows(file, page),
    valid_rows: valid,
    rejected_rows: rejected,
    duplicate_rows: {
      in_file: duplicates.length - inDatabase,
      in_database: inDatabase,
      with_new_phone: withPhone,
      with_new_parcel: withParcel,
    },
    strategies: {
      skip: { created: valid, merged: 0, left_out: duplicates.length },
      update: merging,
      fill: merging,
      add_phones: { ...merging, new_parcels },
      create: { created: rows.length - rejected, merged: 0, left_out: 0 },
    },
    problems: countProblems(rows, csv.columns),
    phones: countPhones(rows, plan),
    flags: countFlags(rows, plan),
    states: countStates(rows, plan),
    tags: countTags(rows),
    duplicates: duplicates.slice(0, SHOWN_DUPLICATES),
    already_imported: await findImport(ctx, file.hash),
    similar_import: findSimilarImport(rows, leads),
  };
}

/** Estimates from the average size of the rows that were read. */
function estimateRows({ csv, bytes }: ReceivedFile, page: HeadRecords): number {
  const rows = page.records.length;
  return page.bytes === 0 ? rows : Math.round((rows * (bytes - csv.nextByte)) / page.bytes);
}

async function findImport({ db, user }: UserContext, hash: string): Promise<Preview["already_imported"]> {
  const [before] = dataOrThrow(
    await db
      .from("imports")
      .select("id, created_at")
      .eq("org_id", user.orgId)
      .eq("content_hash", hash)
      .not("status", "in", "(failed,canceled,undone)")
      .order("created_at", { ascending: false })
      .limit(1),
  );
  return before ?? null;
}
