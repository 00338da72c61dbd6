// What private.claim_job_step returns: a job and its next step.

import type { Dropped } from "../../_shared/drain/dropped.ts";
import type { ExportCursor, ExportInput } from "../exports/export-cursor.ts";

export type ClaimedWork = JobStep | Dropped;
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

/** A step that one call of the database does. */
interface DatabaseStep extends Step {
  work: "database";
}

/** A step that the code here does. */
export interface ExportStep extends Step {
  work: "export";
  input: ExportInput;
  cursor: ExportCursor;
}

/** An error that another try can't fix: the job fails, and people see this message. */
export class JobRefusal extends Error {
  override readonly name = "JobRefusal";
}
