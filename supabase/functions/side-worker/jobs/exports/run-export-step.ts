// A step of an export: a part of the file for each chunk of leads, then the file of its parts.
import type { DrainJobsDeps } from "../drain-jobs.ts";
import type { JobStep } from "../job-step.ts";
import { assembleFile } from "./assemble-file.ts";
import type { ExportCursor } from "./export-cursor.ts";
import { writePart } from "./write-part.ts";

/** @returns whether the step counts: not where another worker was first, or the job has ended */
export async function runExportStep(step: JobStep, deps: DrainJobsDeps): Promise<boolean> {
  const { chunks } = step.cursor as unknown as ExportCursor;
  return step.step <= chunks ? await writePart(step, deps) : await assembleFile(step, deps);
}
