// What private.claim_job_step gives: a job and the step it stands at, or the files of an export whose time is over.

export type ClaimedWork = JobStep | FileRemoval;

export interface JobStep {
  /** Who does it: one call of the database, or the code here. */
  work: "database" | "export";
  message_id: number;
  /** How often this step was begun. */
  read_count: number;
  id: string;
  org_id: string;
  kind: string;
  input: Record<string, unknown>;
  step: number;
  cursor: Record<string, unknown>;
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
