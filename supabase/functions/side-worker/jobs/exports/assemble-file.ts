// Puts the parts of an export together: they stream from Storage back into it, and nothing is held whole.
import type { DrainJobsDeps } from "../drain-jobs.ts";
import { JobRefusal, type JobStep } from "../job-step.ts";
import type { ExportCursor, ExportInput } from "./export-cursor.ts";
import { type Frame, workbookFrame } from "./xlsx/workbook-frame.ts";
import { MAX_ZIP_BYTES } from "./xlsx/zip-entries.ts";

interface StoredPart {
  path: string;
  bytes: number;
}

const CONTENT_TYPES = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;
const NOTHING: Frame = { before: new Uint8Array(0), after: new Uint8Array(0) };
/** Of Storage, at its slowest. */
const BYTES_A_SECOND = 1_000_000;

/** @returns whether the file counts */
export async function assembleFile(step: JobStep, { sql, storage, log }: DrainJobsDeps): Promise<boolean> {
  const { format } = step.input as unknown as ExportInput;
  const { file_name, rows = 0, crc = 0, raw_bytes = 0 } = step.cursor as unknown as ExportCursor;
  const bucket = storage.storage.from("exports");
  const [found] = await sql<{ parts: StoredPart[] }[]>`select private.export_parts(${step.id}) as parts`;
  const parts = found?.parts ?? [];
  const partBytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (format === "xlsx" && Math.max(raw_bytes, partBytes) > MAX_ZIP_BYTES * 0.99)
    throw new JobRefusal("The file would be over 4 GB. Export fewer leads or columns, or as csv.");
  // Nobody else takes the step up while the parts are on their way.
  const seconds = 30 + Math.ceil(partBytes / BYTES_A_SECOND);
  await sql`select private.release_job_step(${step.message_id}, ${seconds})`;

  const frame = format === "xlsx" ? workbookFrame({ crc, rawBytes: raw_bytes, bytes: partBytes }) : NOTHING;
  const read = (part: StoredPart) => bucket.download(part.path).asStream();
  const path = `${step.org_id}/${step.id}/${crypto.randomUUID()}.${format}`;
  const { error } = await bucket.upload(path, streamOf(joinParts(frame, parts, read)), {
    ...{ contentType: CONTENT_TYPES[format], duplex: "half" },
  });
  if (error) throw error;
  const file = {
    ...{ path, name: `${file_name}.${format}`, rows },
    bytes: frame.before.length + partBytes + frame.after.length,
  };
  const [finished] = await sql`
    select private.finish_export(${step.id}, ${step.step}, ${step.message_id}, ${sql.json(file)}) as counts`;
  if (finished?.counts !== true) return false;
  const removed = await bucket.remove(parts.map((part) => part.path));
  // They go with the file, after its seven days.
  if (removed.error) log.warn("an export left its parts behind", { job: step.id });
  return true;
}

type ReadPart = (
  part: StoredPart,
) => PromiseLike<{ data: ReadableStream<Uint8Array> | null; error: unknown }>;

/** @throws where a part is not what was stored: a file must not come out shorter than it says */
async function* joinParts(frame: Frame, parts: StoredPart[], read: ReadPart): AsyncGenerator<Uint8Array> {
  if (frame.before.length > 0) yield frame.before;
  for (const part of parts) {
    const { data, error } = await read(part);
    if (error || !data) throw error ?? new Error("storage gave no stream");
    let bytes = 0;
    for await (const piece of data as unknown as AsyncIterable<Uint8Array>) {
      bytes += piece.length;
      yield piece;
    }
    if (bytes !== part.bytes) throw new Error(`a part holds ${bytes} of its ${part.bytes} bytes`);
  }
  if (frame.after.length > 0) yield frame.after;
}

function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await pieces.return(undefined)),
  });
}
