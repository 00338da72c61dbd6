// Works off the queue of jobs, one step after another, for as long as the caller's budget lasts.
import { takeTurn } from "../../_shared/drain/take-turn.ts";
import { describeCause } from "../../_shared/http/describe-cause.ts";
import { suspectGate } from "../suspects/suspect-gate.ts";
import type { DrainJobsDeps } from "./drain-jobs-deps.ts";
import type { ClaimedWork } from "./job-step.ts";
import { runJobStep } from "./run-job-step.ts";

/**
 * Long enough for a step, and short enough that the step of a worker that died is soon taken up by another. A step begun
 * twice counts once all the same.
 */
const VISIBILITY_SECONDS = 30;

/**
 * Each step is claimed, done in one transaction and followed by the message for the next: killing this loses nothing.
 * @param shouldStop asked before each step. One takes up to 0.3 s of CPU and mostly under 1 s of time
 * @returns how many steps were done
 */
export async function drainJobs(deps: DrainJobsDeps, shouldStop: () => boolean): Promise<number> {
  let steps = 0;
  while (!shouldStop()) {
    const [row] = await deps.sql<{ claimed: ClaimedWork | null }[]>`
      select private.claim_job_step(${VISIBILITY_SECONDS}) as claimed`;
    if (!row?.claimed) return steps;
    const { claimed } = row;
    if ("dropped" in claimed) continue;
    const isDone = await suspectGate
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
    if (isDone) steps += 1;
  }
  return steps;
}
