// Joins the parts of an export into its file: they stream from Storage back to Storage, and nothing is held whole.
import { isolateCpu } from "../../_shared/drain/isolate-cpu.ts";
import type { FileStore } from "../../_shared/storage/file-store.ts";
import { exportFileAt, exportFormat, pathOf, type StoredFile } from "../../_shared/storage/stored-file.ts";
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";
import { type ExportStep, JobRefusal } from "../jobs/job-step.ts";
import { type Frame, workbookFrame } from "./xlsx/workbook-frame.ts";
import { MAX_ZIP_BYTES } from "./xlsx/zip-entries.ts";

interface Part {
  file: StoredFile;
  bytes: number;
}

const CONTENT_TYPES = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;
const NOTHING: Frame = { before: new Uint8Array(0), after: new Uint8Array(0) };
/** How fast Storage is at its slowest. */
const BYTES_A_SECOND = 1_000_000;
/** CPU of a megabyte that streams through, in ms. */
const CPU_OF_MEGABYTE = 6;

/** @returns whether the file counts: not if another worker was first, or the job has ended */
export async function assembleFile(step: ExportStep, { sql, storage, log }: DrainJobsDeps): Promise<boolean> {
  const { file_name, rows = 0, crc = 0, raw_bytes = 0 } = step.cursor;
  const owner = { orgId: step.org_id, jobId: step.id };
  const [found] = await sql<
    { parts: { path: string; bytes: number }[] }[]
  >`select private.export_parts(${step.id}) as parts`;
  // Read only after the database, whose error about a wrong option names the field.
  const format = exportFormat(step.input.format);
  const parts = (found?.parts ?? []).map(({ path, bytes }) => ({ file: exportFileAt(path, owner), bytes }));
  const partBytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  if (format === "xlsx" && Math.max(raw_bytes, partBytes) > MAX_ZIP_BYTES * 0.99)
    throw new JobRefusal("The file would be over 4 GB. Export fewer leads or columns, or as csv.");
  await sql`select private.require_storage(${step.org_id}, ${partBytes})`;
  // Hides the step's queue message, so that no other worker takes the step up while the parts are joined.
  const seconds = 30 + Math.ceil(partBytes / BYTES_A_SECOND);
  await sql`select private.release_job_step(${step.message_id}, ${seconds})`;

  // The CPU is counted beforehand, so that no other work is begun in an isolate that this may use up.
  isolateCpu.spend((partBytes / 1_000_000) * CPU_OF_MEGABYTE);
  const frame = format === "xlsx" ? workbookFrame({ crc, rawBytes: raw_bytes, bytes: partBytes }) : NOTHING;
  const target = { kind: "export", ...owner, fileId: crypto.randomUUID(), format } as const;
  await storage.upload(target, streamOf(joinParts(frame, parts, storage)), CONTENT_TYPES[format]);
  const file = {
    path: pathOf(target).path,
    name: `${file_name}.${format}`,
    rows,
    bytes: frame.before.length + partBytes + frame.after.length,
  };
  const [finished] = await sql`
    select private.finish_export(${step.id}, ${step.step}, ${step.message_id}, ${sql.json(file)}) as counts`;
  if (finished?.counts !== true) return false;
  await storage
    .remove(parts.map((part) => part.file))
    // They are removed with the file, after its seven days.
    .catch(() => log.warn("an export left its parts behind", { job: step.id }));
  return true;
}

/** @throws if a part is not as long as it was stored: a file must not be shorter than it says */
async function* joinParts(frame: Frame, parts: Part[], storage: FileStore): AsyncGenerator<Uint8Array> {
  if (frame.before.length > 0) yield frame.before;
  for (const part of parts) {
    const content = await storage.download(part.file);
    let bytes = 0;
    for await (const piece of content) {
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
