// A step of an export: a part of the file, of a chunk of leads or, if they are large, of some of them; then the file of its parts.
import type { DrainJobsDeps } from "../jobs/drain-jobs-deps.ts";
import type { ExportStep } from "../jobs/job-step.ts";
import { assembleFile } from "./assemble-file.ts";
import { writePart } from "./write-part.ts";

/** @returns whether the step counts: not where another worker was first, or the job has ended */
export async function runExportStep(step: ExportStep, deps: DrainJobsDeps): Promise<boolean> {
  // One that began before chunks had parts stands at a chunk for each step.
  const { chunks, chunk = step.step } = step.cursor;
  return chunk <= chunks ? await writePart(step, deps) : await assembleFile(step, deps);
}
