// Collects the results of attempts and settles them in batches, one call at a time, until the database has them all.
import type { Direct } from "../_shared/db/direct.ts";
import { isPassing } from "../_shared/db/retry-passing-errors.ts";
import type { Log } from "../_shared/http/log.ts";
import type { PostOutcome } from "../_shared/twilio/create-message.ts";

/** One result as private.settle_sends takes it. */
export interface SettleResult extends Omit<PostOutcome, "outcome"> {
  attempt_id: string;
  outcome: PostOutcome["outcome"] | "oversize";
  content?: string;
  segments?: number;
}

/** Measured: settling costs about the same for 1 as for 20, and a receipt may overtake a result that waits longer than this. */
const FLUSH_AFTER_MS = 50;
const FLUSH_AT = 100;
/** After this time the attempts are left to rescue, which asks Twilio about them. */
const GIVE_UP_AFTER_MS = 60_000;

export class ResultSettler {
  private waiting: SettleResult[] = [];
  private flushing: Promise<void> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly sql: Direct,
    private readonly log: Log,
  ) {}

  add(result: SettleResult): void {
    this.waiting.push(result);
    if (this.waiting.length >= FLUSH_AT) this.flushSoon(0);
    else if (this.waiting.length === 1) this.flushSoon(FLUSH_AFTER_MS);
  }

  /** Resolves when everything added so far is settled, or given up after 60 s without a database. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    while (this.flushing || this.waiting.length > 0) await (this.flushing ?? this.start());
  }

  private flushSoon(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // Results added while a batch is being settled form the next batch.
      if (!this.flushing) void this.start();
    }, ms);
  }

  private start(): Promise<void> {
    const batch = this.waiting.splice(0);
    this.flushing = this.settle(batch).finally(() => {
      this.flushing = undefined;
      if (this.waiting.length > 0) this.flushSoon(this.waiting.length >= FLUSH_AT ? 0 : FLUSH_AFTER_MS);
    });
    return this.flushing;
  }

  /**
   * Settling twice changes nothing, so a call whose answer was lost is simply made again. A batch that the database refuses
   * is halved until the one it refuses stands alone: one bad result must not hold up the others.
   */
  private async settle(batch: SettleResult[]): Promise<void> {
    const giveUpAt = performance.now() + GIVE_UP_AFTER_MS;
    for (let waitMs = 100; ; waitMs = Math.min(waitMs * 2, 5_000)) {
      try {
        await this.sql`select private.settle_sends(${this.sql.json(batch as never)})`;
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const passing = isPassing(error);
        if (!passing && batch.length > 1) {
          const middle = batch.length >> 1;
          await this.settle(batch.slice(0, middle));
          await this.settle(batch.slice(middle));
          return;
        }
        if (!passing || performance.now() + waitMs > giveUpAt) {
          this.log.error("results could not be settled and are left to rescue", {
            results: batch.length,
            reason,
          });
          return;
        }
        this.log.warn("settling failed and is tried again", { results: batch.length, reason });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }
}
