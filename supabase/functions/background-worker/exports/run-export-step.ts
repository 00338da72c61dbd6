// A step of an export: writes a part of the file, with a chunk of leads or, if they are large, with some of them. The last step
// joins the parts.
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";
import type { ExportStep } from "../jobs/job-step.ts";
import { assembleFile } from "./assemble-file.ts";
import { writePart } from "./write-part.ts";

/** @returns whether the step counts: not if another worker was first, or the job has ended */
export async function runExportStep(step: ExportStep, deps: DrainJobsDeps): Promise<boolean> {
  // An export that began before a chunk could have several parts has no chunk in its cursor: it wrote one chunk for each step.
  const { chunks, chunk = step.step } = step.cursor;
  return chunk <= chunks ? await writePart(step, deps) : await assembleFile(step, deps);
}
