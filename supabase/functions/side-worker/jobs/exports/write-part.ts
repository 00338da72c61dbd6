// Writes one chunk of an export's leads as a part of its file, and stores it.
import { type ExportLead, planExport } from "../../../_shared/leads/export-columns.ts";
import type { DrainJobsDeps } from "../drain-jobs.ts";
import { JobRefusal, type JobStep } from "../job-step.ts";
import type { ExportCursor, ExportInput } from "./export-cursor.ts";
import { makePart } from "./make-part.ts";
import { MAX_SHEET_ROWS } from "./xlsx/sheet-xml.ts";

/** @returns whether the part counts */
export async function writePart(step: JobStep, { sql, storage }: DrainJobsDeps): Promise<boolean> {
  const input = step.input as unknown as ExportInput;
  const cursor = step.cursor as unknown as ExportCursor;
  const [page] = await sql<{ leads: ExportLead[] }[]>`
    select private.export_page(${step.id}, ${step.step}) as leads`;
  const plan = planExport(input.columns, cursor.custom_fields, input.rows_per);
  const rows = (page?.leads ?? []).flatMap((lead) => plan.rowsOf(lead));
  const part = makePart(input.format, rows, { ...cursor, heading: plan.header, isFirst: step.step === 1 });
  if (input.format === "xlsx" && part.cursor.rows >= MAX_SHEET_ROWS)
    throw new JobRefusal(
      "These are more rows than a spreadsheet holds (1,048,575). Export fewer leads, or as csv.",
    );
  // A name of its own for every try: one that was overtaken writes over nothing that counts.
  const path = `${step.org_id}/${step.id}/${step.step}-${crypto.randomUUID()}.part`;
  const { error } = await storage.storage
    .from("exports")
    .upload(path, part.bytes, { contentType: "application/octet-stream" });
  if (error) throw error;
  const [recorded] = await sql`
    select private.record_export_part(
      ${step.id}, ${step.step}, ${step.message_id}, ${path}, ${part.bytes.length},
      ${sql.json(part.cursor as never)}) as counts`;
  return recorded?.counts === true;
}
