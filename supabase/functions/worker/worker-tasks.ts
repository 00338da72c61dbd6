// The work beside sending that takes hardly any CPU here: builds, looks for unknown messages, account checks.
import type { Direct } from "../_shared/db/direct.ts";
import { ConcurrentTasks } from "../_shared/drain/concurrent-tasks.ts";
import type { DrainBudget } from "../_shared/drain/drain-budget.ts";
import { unloadReason } from "../_shared/drain/watch-unload.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { checkAccounts } from "./check-accounts.ts";
import { drainBuilds } from "./drain-builds.ts";
import { reconcileUnknownSends } from "./reconcile-unknown-sends.ts";

/** As private.due_work names them. */
export type WorkerTaskKind = "builds" | "looks" | "accounts";

interface WorkerTaskDeps {
  ctx: MachineContext;
  sql: Direct;
  building: Direct;
  budget: DrainBudget;
  /** How many leads a build's chunk has. */
  chunkSize(): number;
  /** Called whenever a task has ended. */
  onEnd(): void;
}

export function createWorkerTasks({
  ctx,
  sql,
  building,
  budget,
  chunkSize,
  onEnd,
}: WorkerTaskDeps): ConcurrentTasks<WorkerTaskKind> {
  const shouldStop = () => {
    if (budget.isSpent || unloadReason() !== undefined) return true;
    budget.spend("build");
    return false;
  };
  const { log } = ctx;
  return new ConcurrentTasks<WorkerTaskKind>(
    {
      builds: { name: "building", run: () => drainBuilds({ sql: building, log, shouldStop, chunkSize }) },
      looks: { name: "looking for sends", run: () => reconcileUnknownSends(ctx, sql) },
      accounts: { name: "checking accounts", run: () => checkAccounts(ctx, sql) },
    },
    log,
    onEnd,
  );
}
