// What private.claim_job_step gives: a job and the step it stands at.

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

/** What trying again can't mend: the job fails, and people are told this. */
export class JobRefusal extends Error {
  override readonly name = "JobRefusal";
}
