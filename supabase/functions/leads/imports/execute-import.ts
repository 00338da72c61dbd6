// Starts an import: streams the file to Storage, unless it is there already, then writes a row and a queue message. The worker
// does the rest.
import type { CsvFile } from "../../_shared/csv/inspect-file.ts";
import { dataOrThrow } from "../../_shared/db/data-or-throw.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import { isTooLargeForStorage, openFileStore } from "../../_shared/storage/file-store.ts";
import { findMapping } from "../import-mappings/find-mapping.ts";
import { openUpload } from "./open-upload.ts";
import { readImportOptions } from "./read-import-options.ts";
import { type FileHead, readSample } from "./read-sample.ts";
import { readTimeZone } from "./read-time-zone.ts";
import { MAX_FILE_BYTES, readUpload } from "./read-upload.ts";
import { receiveFile } from "./receive-file.ts";
import { reserveCpu } from "./reserve-cpu.ts";
import type { StartedImport } from "./schemas.ts";
import { toImport } from "./select-import.ts";

export interface ExecuteInput {
  [name: string]: unknown;
  /** Turns the fields beside the file into those of an import, for callers that name them otherwise. */
  readFields?(fields: Record<string, string>): Record<string, string>;
}

/**
 * Storage is written with the secret key, so that users need no rights on the bucket; the organisation is the caller's own.
 * @throws AppError invalid_input for what can't be imported, duplicate for a file that was imported before, try_again while
 *   other files leave no room. Nothing stays behind then, except the file of an upload, which can be tried again.
 */
export async function executeImport(
  ctx: UserContext,
  { readFields = (fields) => fields }: ExecuteInput = {},
): Promise<StartedImport> {
  const ownId = crypto.randomUUID();
  const ownFile = { kind: "import", orgId: ctx.user.orgId, importId: ownId } as const;
  const storage = openFileStore(ctx.env);
  const timeZone = await readTimeZone(ctx);
  const now = new Date();
  const read = async (given: Record<string, string>, csv: CsvFile, head: FileHead) => {
    const fields = readFields(given);
    const known = await findMapping(ctx, csv.columns);
    return readImportOptions(fields, { csv, sample: readSample(csv, head), known, now, timeZone });
  };
  let isStored = false;
  let giveBackCpu = () => {};
  try {
    const { file, fields, uploadId } = await readUpload(ctx.request, {
      open: (id) => openUpload(ctx, id),
      receive: (file, fieldsBefore, uploadId) => {
        giveBackCpu = reserveCpu(ctx.user.orgId, "execute", file.announcedBytes);
        return receiveFile(file, {
          ...(uploadId === undefined && {
            store: async (body, csv, head) => {
              // If the mapping came before the file, a wrong one is refused before 100 MB are stored.
              if (readFields(fieldsBefore).mapping !== undefined) await read(fieldsBefore, csv, head);
              dataOrThrow(await ctx.db.rpc("check_storage", { p_bytes: announcedBytes(ctx.request) }));
              isStored = true;
              await storage.upload(ownFile, body, "text/csv").catch((cause) => {
                if (isTooLargeForStorage(cause)) throw tooLargeForStorage(cause);
                throw new AppError(
                  "try_again",
                  "The file could not be stored just now: send it again.",
                  null,
                  { cause },
                );
              });
            },
          }),
        });
      },
    });
    const { csv } = file;
    const { mapping, tags, options } = await read(fields, csv, file);
    const row = dataOrThrow(
      await ctx.db.rpc("create_import", {
        // An upload's id becomes the import's id: the import looks for its file under its own id.
        p_import_id: uploadId ?? ownId,
        p_file: {
          file_name: file.name,
          file_bytes: file.bytes,
          content_hash: file.hash,
          encoding: csv.encoding,
          delimiter: csv.delimiter,
          columns: csv.columns,
          next_byte: csv.nextByte,
          next_line: csv.nextLine,
        },
        p_mapping: mapping,
        p_options: { ...options },
        p_tags: tags,
      }),
    ) as Record<string, unknown>;
    return { ...toImport(row), already_imported: row.already_imported as StartedImport["already_imported"] };
  } catch (error) {
    if (isStored)
      await storage
        .remove([ownFile])
        .catch(() => ctx.log.warn("a refused import left its file behind", { import: ownId }));
    throw error;
  } finally {
    giveBackCpu();
  }
}

function tooLargeForStorage(cause: unknown): AppError {
  return new AppError(
    "payload_too_large",
    "The file is larger than this project's Storage takes. Split it and import the parts one by one.",
    null,
    { cause },
  );
}

/** The largest size that the file can have: the request's content-length, or the largest allowed if there is none. */
function announcedBytes(request: Request): number {
  const length = Number(request.headers.get("content-length") ?? MAX_FILE_BYTES);
  return Number.isSafeInteger(length) ? Math.min(length, MAX_FILE_BYTES) : MAX_FILE_BYTES;
}
