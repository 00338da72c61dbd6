// One drain: imports, jobs, removals of files, lookups and enrichments beside each other, until none is due or the budget is spent.
import type { Direct } from "../_shared/db/direct.ts";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import { ConcurrentTasks } from "../_shared/drain/concurrent-tasks.ts";
import { DrainBudget } from "../_shared/drain/drain-budget.ts";
import { InterruptibleSleep } from "../_shared/drain/interruptible-sleep.ts";
import { onUnload, unloadReason } from "../_shared/drain/watch-unload.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { openFileStore } from "../_shared/storage/file-store.ts";
import { twilioApiUrl } from "../_shared/twilio/api-url.ts";
import { isLoopbackUrl } from "../_shared/twilio/is-loopback-url.ts";
import { drainEnrichments } from "./enrichments/drain-enrichments.ts";
import { drainFileRemovals } from "./file-removals/drain-file-removals.ts";
import { drainImports } from "./imports/drain-imports.ts";
import { drainJobs } from "./jobs/drain-jobs.ts";
import { drainLookups } from "./lookups/drain-lookups.ts";

/** As private.due_background_work names them. */
type BackgroundWorkKind = "imports" | "jobs" | "file_removals" | "lookups" | "enrichments";

/** More of a kind may come while another is under way. */
const LOOK_AGAIN_MS = 500;

/** Of one drain. Nobody waits for files to go; what people wait for needs the isolate's CPU. The next drain goes on. */
const MOST_FILE_REMOVALS = 20;

export interface BackgroundConnections {
  sql: Direct;
  /** A job's step may hold its connection for half a minute. Nobody's imports and lookups wait for that. */
  jobs: Direct;
}

/** @param release called when this drain begins nothing more, while its last work is still under way */
export async function drainBackgroundWork(
  ctx: MachineContext,
  connections: BackgroundConnections,
  release: () => void,
): Promise<void> {
  const { sql } = connections;
  const budget = new DrainBudget();
  const tally: Record<string, number> = {};
  const pause = new InterruptibleSleep();
  const removals = { left: MOST_FILE_REMOVALS };
  const work = backgroundTasks(ctx, connections, { budget, tally, removals }, () => pause.wake());
  const forget = onUnload(() => pause.wake());
  try {
    while (!budget.isSpent && !unloadReason()) {
      budget.spend("round");
      const [row] = await retryPassingErrors(
        () =>
          sql<{ due: Record<BackgroundWorkKind, boolean> }[]>`select private.due_background_work() as due`,
      );
      if (row) work.begin({ ...row.due, file_removals: row.due.file_removals && removals.left > 0 });
      if (work.isIdle) break;
      await pause.wait(LOOK_AGAIN_MS);
    }
  } finally {
    release();
    await work.finish();
    forget();
  }
  if (Object.keys(tally).length > 0)
    ctx.log.info("drained", { ...budget.spent, ...tally, unload: unloadReason() });
}

interface DrainState {
  budget: DrainBudget;
  /** What was done, by what it is called in the log. */
  tally: Record<string, number>;
  removals: { left: number };
}

function backgroundTasks(
  { env, log }: MachineContext,
  { sql, jobs }: BackgroundConnections,
  { budget, tally, removals }: DrainState,
  onEnd: () => void,
): ConcurrentTasks<BackgroundWorkKind> {
  const count = (name: string, more: number) => {
    if (more > 0) tally[name] = (tally[name] ?? 0) + more;
  };
  const calls = {
    callsLeft: () => (unloadReason() ? 0 : budget.callsLeft),
    spend: () => budget.spend("call"),
  };
  const shouldStop = (kind: "chunk" | "step") => {
    if (!budget.hasRoomFor(kind) || unloadReason() !== undefined) return true;
    budget.spend(kind);
    return false;
  };
  const shouldStopRemoving = () => {
    if (removals.left === 0 || !budget.hasRoomFor("removal") || unloadReason() !== undefined) return true;
    removals.left -= 1;
    budget.spend("removal");
    return false;
  };
  const storage = () => openFileStore(env);
  // Where Twilio is a simulator, services may be on this machine too.
  const allowsLoopback = isLoopbackUrl(twilioApiUrl(env));
  return new ConcurrentTasks<BackgroundWorkKind>(
    {
      imports: {
        name: "importing",
        run: async () => {
          const limit = {
            shouldStop: () => shouldStop("chunk"),
            tookCpu: (ms: number) => budget.correct("chunk", ms),
          };
          count("chunks", (await drainImports({ sql, storage: storage(), log, budget: limit })).chunks);
        },
      },
      jobs: {
        name: "working on jobs",
        run: async () =>
          count("steps", await drainJobs({ sql: jobs, storage: storage(), log }, () => shouldStop("step"))),
      },
      file_removals: {
        name: "removing files",
        run: async () =>
          count("removals", await drainFileRemovals({ sql, storage: storage(), log }, shouldStopRemoving)),
      },
      lookups: {
        name: "looking up phones",
        run: async () => count("lookups", await drainLookups({ sql, env, log, budget: calls })),
      },
      enrichments: {
        name: "enriching",
        run: async () =>
          count("enrichments", await drainEnrichments({ sql, log, allowsLoopback, budget: calls })),
      },
    },
    log,
    onEnd,
  );
}
