// Writes a chunk of an export's leads, or as many of them as a part may hold, and stores the part.
import { type ExportLead, planExport } from "../../_shared/leads/export-columns.ts";
import { exportFormat, pathOf, type StoredFile } from "../../_shared/storage/stored-file.ts";
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";
import { type ExportStep, JobRefusal } from "../jobs/job-step.ts";
import { makePart } from "./make-part.ts";
import { MAX_SHEET_ROWS } from "./xlsx/sheet-xml.ts";

/** As private.export_page answers. */
interface ExportPage {
  leads: ExportLead[];
  passed: number;
  is_last: boolean;
}

/** @returns whether the part counts: not if another worker was first, or the job has ended */
export async function writePart(step: ExportStep, { sql, storage }: DrainJobsDeps): Promise<boolean> {
  const { input, cursor } = step;
  const { chunk = step.step, from = 0 } = cursor;
  const [read] = await sql<{ page: ExportPage }[]>`
    select private.export_page(${step.id}, ${chunk}, ${from}) as page`;
  if (!read) throw new Error("export_page answered nothing");
  const { leads, passed, is_last } = read.page;
  // Read only after the database, whose error about a wrong option names the field.
  const format = exportFormat(input.format);
  const plan = planExport(input.columns, cursor.custom_fields, input.rows_per);
  const rows = leads.flatMap((lead) => plan.rowsOf(lead));
  const part = makePart(format, rows, { ...cursor, heading: plan.header, isFirst: step.step === 1 });
  if (format === "xlsx" && part.cursor.rows >= MAX_SHEET_ROWS)
    throw new JobRefusal(
      "These are more rows than a spreadsheet holds (1,048,575). Export fewer leads, or as csv.",
    );
  // Every try stores its part under a new name, so that a try that was overtaken overwrites nothing that counts.
  const owner = { orgId: step.org_id, jobId: step.id };
  const file: StoredFile = { kind: "part", ...owner, step: step.step, fileId: crypto.randomUUID() };
  await sql`select private.require_storage(${step.org_id}, ${part.bytes.length})`;
  await storage.upload(file, part.bytes, "application/octet-stream");
  const next = is_last ? { chunk: chunk + 1, from: 0 } : { chunk, from: from + passed };
  const [recorded] = await sql`
    select private.record_export_part(
      ${step.id}, ${step.step}, ${step.message_id}, ${pathOf(file).path}, ${part.bytes.length},
      ${passed}, ${sql.json({ ...part.cursor, ...next })}) as counts`;
  return recorded?.counts === true;
}
