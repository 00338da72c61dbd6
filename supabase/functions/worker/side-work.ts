// What goes on beside the sending: imports, jobs, lookups, enrichments, looks for unknown sends, checks of accounts. Each at most
// once at a time; a failure of one is logged and ends nothing else.
import type { Direct } from "../_shared/db/direct.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { describeCause } from "../_shared/http/describe-cause.ts";
import { openFileStore } from "../_shared/storage/file-store.ts";
import { checkAccounts } from "./check-accounts.ts";
import type { DrainBudget } from "./drain-budget.ts";
import { drainEnrichments } from "./enrichments/drain-enrichments.ts";
import { drainImports } from "./imports/drain-imports.ts";
import { drainJobs } from "./jobs/drain-jobs.ts";
import { lookForSends } from "./look-for-sends.ts";
import { drainLookups } from "./lookups/drain-lookups.ts";
import type { CallBudget } from "./outside/call-budget.ts";
import { unloadReason } from "./watch-unload.ts";

/** Kinds of work as private.due_work names them, with what is said of each in the log. */
const NAMES = {
  looks: "looking for sends",
  accounts: "checking accounts",
  imports: "importing",
  jobs: "working on jobs",
  lookups: "looking up phones",
  enrichments: "enriching",
} as const;
type Kind = keyof typeof NAMES;
export type DueSideWork = Record<Kind, boolean>;

interface SideWorkDeps {
  ctx: MachineContext;
  sql: Direct;
  budget: DrainBudget;
  /** Counts of what was done, by its name. */
  tally: Record<string, number>;
  /** Whether Twilio is a simulator: services may then be on this machine too. */
  isLoopback: boolean;
  /** Called whenever one has ended. */
  onEnd(): void;
}

export class SideWork {
  private readonly running = new Map<Kind, Promise<void>>();
  private readonly calls: CallBudget;
  private readonly work: Record<Kind, () => Promise<void>>;

  constructor(private readonly deps: SideWorkDeps) {
    const { ctx, sql, budget, isLoopback } = deps;
    const { env, log } = ctx;
    this.calls = {
      callsLeft: () => (unloadReason() ? 0 : budget.callsLeft),
      spend: () => budget.spend("call"),
    };
    const shouldStop = (kind: "chunk" | "step") => {
      if (budget.isSpent || unloadReason() !== undefined) return true;
      budget.spend(kind);
      return false;
    };
    const files = () => ({ sql, storage: openFileStore(env), log });
    this.work = {
      looks: () => lookForSends(ctx, sql),
      accounts: () => checkAccounts(ctx, sql),
      imports: async () => {
        const { chunks } = await drainImports({
          ...files(),
          budget: { shouldStop: () => shouldStop("chunk") },
        });
        this.count("chunks", chunks);
      },
      jobs: async () => this.count("steps", await drainJobs(files(), () => shouldStop("step"))),
      lookups: async () => this.count("lookups", await drainLookups({ sql, env, log, budget: this.calls })),
      enrichments: async () => {
        const made = await drainEnrichments({ sql, log, allowsLoopback: isLoopback, budget: this.calls });
        this.count("enrichments", made);
      },
    };
  }

  get isIdle(): boolean {
    return this.running.size === 0;
  }

  /** Begins what is due and not under way. */
  begin(due: DueSideWork): void {
    for (const kind of Object.keys(NAMES) as Kind[]) {
      const isOutside = kind === "lookups" || kind === "enrichments";
      if (due[kind] && !this.running.has(kind) && !(isOutside && this.calls.callsLeft() === 0))
        this.run(kind);
    }
  }

  async finish(): Promise<void> {
    await Promise.all(this.running.values());
  }

  private run(kind: Kind): void {
    const { ctx, onEnd } = this.deps;
    const done = this.work[kind]()
      .catch((error) => ctx.log.error(`${NAMES[kind]} failed`, { error: describeCause(error) }))
      .finally(() => {
        this.running.delete(kind);
        onEnd();
      });
    this.running.set(kind, done);
  }

  private count(name: string, more: number): void {
    if (more > 0) this.deps.tally[name] = (this.deps.tally[name] ?? 0) + more;
  }
}
