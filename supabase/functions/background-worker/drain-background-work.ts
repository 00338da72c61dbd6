// One drain: works off imports, jobs, file removals, lookups, enrichments and files of messages at the same time, until none is due
// or the budget is spent.
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
import { drainMedia } from "./media/drain-media.ts";

/** As private.due_background_work names them. */
const KINDS = ["imports", "jobs", "file_removals", "lookups", "enrichments", "media"] as const;
type BackgroundWorkKind = (typeof KINDS)[number];

/** The largest piece of each kind that is one piece of work for the budget. */
const PIECES = { imports: "chunk", jobs: "step", file_removals: "removal", media: "file" } as const;

/** How often it looks for due work: more of one kind may become due while another is under way. */
const LOOK_AGAIN_MS = 500;

/** The most of one drain: nobody waits for files to be removed, and other work needs the CPU. The next drain removes more. */
const MOST_FILE_REMOVALS = 20;

export interface BackgroundConnections {
  sql: Direct;
  /** For jobs only: a step may hold its connection for half a minute, and imports and lookups must not wait for that. */
  jobs: Direct;
}

/** What the caller gives a drain, and hears from it. */
export interface DrainTurn {
  /** Called when this drain begins nothing more, while its last work is still under way. */
  release(): void;
  /** The listener is called when there may be something new to do. */
  onCall(listener: () => void): void;
}

export async function drainBackgroundWork(
  ctx: MachineContext,
  connections: BackgroundConnections,
  { release, onCall }: DrainTurn,
): Promise<void> {
  const pause = new InterruptibleSleep();
  const wake = () => pause.wake();
  const drain = new BackgroundDrain(ctx, connections, pause);
  const forget = onUnload(wake);
  onCall(wake);
  try {
    await drain.work();
  } finally {
    release();
    await drain.finish();
    forget();
  }
}

class BackgroundDrain {
  private readonly budget = new DrainBudget();
  /** How much was done, by its name in the log. */
  private readonly tally: Record<string, number> = {};
  private hasDoneMore = false;
  private removalsLeft = MOST_FILE_REMOVALS;
  /** Whether the next drain takes over: then this one begins nothing more. */
  private isHandingOver = false;
  private readonly tasks: ConcurrentTasks<BackgroundWorkKind>;

  constructor(
    private readonly ctx: MachineContext,
    private readonly connections: BackgroundConnections,
    private readonly pause: InterruptibleSleep,
  ) {
    this.tasks = this.createTasks();
  }

  async work(): Promise<void> {
    while (!this.budget.isSpent && !unloadReason()) {
      const due = await this.readDueWork();
      const beginnable = KINDS.filter((kind) => due[kind] && !this.tasks.isRunning(kind));
      const isShort = beginnable.some((kind) => kind !== "file_removals" && !this.hasRoomFor(kind));
      if (isShort) break;
      this.tasks.begin({ ...due, file_removals: due.file_removals && this.hasRoomFor("file_removals") });
      if (this.tasks.isIdle) return;
      await this.pause.wait(LOOK_AGAIN_MS);
    }
    await this.callNext();
  }

  async finish(): Promise<void> {
    await this.tasks.finish();
    if (Object.keys(this.tally).length > 0)
      this.ctx.log.info("drained", { ...this.budget.spent, ...this.tally, unload: unloadReason() });
  }

  private async readDueWork(): Promise<Record<BackgroundWorkKind, boolean>> {
    this.budget.spend("round");
    const [row] = await retryPassingErrors(
      () =>
        this.connections.sql<
          { due: Record<BackgroundWorkKind, boolean> }[]
        >`select private.due_background_work() as due`,
    );
    if (!row) throw new Error("due_background_work answered nothing");
    return row.due;
  }

  private hasRoomFor(kind: BackgroundWorkKind): boolean {
    if (kind === "lookups" || kind === "enrichments") return this.budget.callsLeft > 0;
    if (kind === "file_removals" && this.removalsLeft === 0) return false;
    return this.budget.hasRoomFor(PIECES[kind]);
  }

  /**
   * Calls the drain that does what is left. The call comes back to this isolate if that has used less CPU than was estimated,
   * else a new isolate gets it. If the call is lost, the scheduler's next kick does the same. A drain that did nothing calls
   * none: work that can't be done would be tried again and again without a pause.
   */
  private async callNext(): Promise<void> {
    this.isHandingOver = true;
    const reason = unloadReason();
    const isUseful = Object.keys(this.tally).length > 0 && (reason === undefined || reason === "cpu");
    if (isUseful)
      await retryPassingErrors(() => this.connections.sql`select private.call_background_worker()`);
  }

  private get isEnding(): boolean {
    return this.isHandingOver || unloadReason() !== undefined;
  }

  private begin(kind: "imports" | "jobs" | "media"): (() => void) | undefined {
    return this.isEnding ? undefined : this.budget.begin(PIECES[kind]);
  }

  private mayRemove(): boolean {
    if (this.isEnding || !this.hasRoomFor("file_removals")) return false;
    this.removalsLeft -= 1;
    this.budget.spend("removal");
    return true;
  }

  private count(name: string, more: number): void {
    if (more === 0) return;
    this.tally[name] = (this.tally[name] ?? 0) + more;
    this.hasDoneMore = true;
  }

  /** Called when a task has ended. If it did nothing or failed, it is not begun again at once: it would do so for ever. */
  private lookAgain(): void {
    if (this.hasDoneMore) this.pause.wake();
    this.hasDoneMore = false;
  }

  private createTasks(): ConcurrentTasks<BackgroundWorkKind> {
    const { env, log } = this.ctx;
    const { sql, jobs } = this.connections;
    const storage = () => openFileStore(env);
    const calls = {
      callsLeft: () => (this.isEnding ? 0 : this.budget.callsLeft),
      spend: () => this.budget.spend("call"),
    };
    const chunks = {
      begin: () => this.begin("imports"),
      tookCpu: (ms: number) => this.budget.correct("chunk", ms),
    };
    const files = {
      begin: () => this.begin("media"),
      tookBytes: (count: number) => this.budget.spendOnBytes(count),
    };
    // If Twilio is a simulator, services may be on this machine too.
    const allowsLoopback = isLoopbackUrl(twilioApiUrl(env));
    const run: Record<BackgroundWorkKind, () => Promise<number>> = {
      imports: () => drainImports({ sql, storage: storage(), log, budget: chunks }),
      jobs: () => drainJobs({ sql: jobs, storage: storage(), log }, () => this.begin("jobs")),
      file_removals: () => drainFileRemovals({ sql, storage: storage(), log }, () => !this.mayRemove()),
      lookups: () => drainLookups({ sql, env, log, budget: calls }),
      enrichments: () => drainEnrichments({ sql, log, allowsLoopback, budget: calls }),
      media: () => drainMedia({ sql, env, storage: storage(), log, ...files }),
    };
    const task = (kind: BackgroundWorkKind, name: string, counted: string) => ({
      name,
      run: async () => this.count(counted, await run[kind]()),
    });
    return new ConcurrentTasks<BackgroundWorkKind>(
      {
        imports: task("imports", "importing", "chunks"),
        jobs: task("jobs", "working on jobs", "steps"),
        file_removals: task("file_removals", "removing files", "removals"),
        lookups: task("lookups", "looking up phones", "lookups"),
        enrichments: task("enrichments", "enriching", "enrichments"),
        media: task("media", "fetching files", "files"),
      },
      log,
      () => this.lookAgain(),
    );
  }
}
