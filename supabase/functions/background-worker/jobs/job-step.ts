// What private.claim_job_step gives: a job and the step it stands at, or the files of an export whose time is over.

import type { ExportCursor, ExportInput } from "../exports/export-cursor.ts";

export type ClaimedWork = JobStep | FileRemoval;
export type JobStep = DatabaseStep | ExportStep;

interface Step {
  message_id: number;
  /** How often this step was begun. */
  read_count: number;
  id: string;
  org_id: string;
  kind: string;
  step: number;
}

/** One call of the database does it. */
interface DatabaseStep extends Step {
  work: "database";
}

/** The code here does it. */
export interface ExportStep extends Step {
  work: "export";
  input: ExportInput;
  cursor: ExportCursor;
}

export interface FileRemoval {
  work: "remove_files";
  message_id: number;
  /** How often this was begun. */
  read_count: number;
  /** Of bucket exports: <org>/<job>. */
  folder: string;
}

/** What trying again can't mend: the job fails, and people are told this. */
export class JobRefusal extends Error {
  override readonly name = "JobRefusal";
}
