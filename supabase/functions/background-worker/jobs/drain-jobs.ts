// Works off the queue of jobs, one step after another, for as long as the caller's budget lasts.
import { takeTurn } from "../../_shared/drain/take-turn.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";
import type { DrainJobsDeps } from "./drain-jobs-deps.ts";
import type { ClaimedWork, JobStep } from "./job-step.ts";
import { runJobStep } from "./run-job-step.ts";

/**
 * Long enough for a step, and short enough that the step of a worker that died is soon taken up by another. A step begun
 * twice counts once all the same.
 */
const VISIBILITY_SECONDS = 30;

/**
 * Each step is claimed; then one transaction does it and queues the next one. So killing this loses nothing.
 * @param begin called before each step, which takes up to 0.3 s of CPU and mostly under 1 s of time; what it returns is called
 * after the step. If it returns undefined, no more are begun
 * @returns how many steps were done
 */
export async function drainJobs(deps: DrainJobsDeps, begin: () => (() => void) | undefined): Promise<number> {
  let steps = 0;
  for (let end = begin(); end; end = begin()) {
    try {
      const [row] = await deps.sql<{ claimed: ClaimedWork | null }[]>`
        select private.claim_job_step(${VISIBILITY_SECONDS}) as claimed`;
      if (!row?.claimed) break;
      if (!("dropped" in row.claimed) && (await runInTurn(row.claimed, deps))) steps += 1;
    } finally {
      end();
    }
  }
  return steps;
}

function runInTurn(claimed: JobStep, deps: DrainJobsDeps): Promise<boolean> {
  return suspectGate
    .run(claimed.read_count > 1, () =>
      takeTurn(deps, { queue: "jobs", orgId: claimed.org_id }, () => runJobStep(claimed, deps)),
    )
    .catch((error) => {
      // It comes again by itself, later each time; the others do not wait for it.
      deps.log.error("a job step could not be settled", {
        message: claimed.message_id,
        error: describeCause(error),
      });
      return false;
    });
}
