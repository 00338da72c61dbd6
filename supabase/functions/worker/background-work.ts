// What goes on beside the sending and takes hardly any CPU here: builds, looks for unknown sends, checks of accounts.
import type { Direct } from "../_shared/db/direct.ts";
import { BackgroundWork } from "../_shared/drain/background-work.ts";
import type { DrainBudget } from "../_shared/drain/drain-budget.ts";
import { unloadReason } from "../_shared/drain/watch-unload.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { checkAccounts } from "./check-accounts.ts";
import { drainBuilds } from "./drain-builds.ts";
import { lookForSends } from "./look-for-sends.ts";

/** As private.due_work names them. */
export type BackgroundKind = "builds" | "looks" | "accounts";

interface BackgroundDeps {
  ctx: MachineContext;
  sql: Direct;
  building: Direct;
  budget: DrainBudget;
  /** Leads a chunk of a build. */
  chunkSize(): number;
  /** Called whenever one has ended. */
  onEnd(): void;
}

export function workerBackground({
  ctx,
  sql,
  building,
  budget,
  chunkSize,
  onEnd,
}: BackgroundDeps): BackgroundWork<BackgroundKind> {
  const shouldStop = () => {
    if (budget.isSpent || unloadReason() !== undefined) return true;
    budget.spend("build");
    return false;
  };
  const { log } = ctx;
  return new BackgroundWork<BackgroundKind>(
    {
      builds: { name: "building", run: () => drainBuilds({ sql: building, log, shouldStop, chunkSize }) },
      looks: { name: "looking for sends", run: () => lookForSends(ctx, sql) },
      accounts: { name: "checking accounts", run: () => checkAccounts(ctx, sql) },
    },
    log,
    onEnd,
  );
}
