// One drain: claims and sends messages, and beside that runs builds, looks and account checks, until nothing is due or the budget
// is spent. Work that takes much CPU is left to the background worker: an isolate that a large file uses up must not be one that
// sends.
import type { Direct } from "../_shared/db/direct.ts";
import { retryPassingErrors } from "../_shared/db/retry-passing-errors.ts";
import type { ConcurrentTasks } from "../_shared/drain/concurrent-tasks.ts";
import { DrainBudget } from "../_shared/drain/drain-budget.ts";
import { InterruptibleSleep } from "../_shared/drain/interruptible-sleep.ts";
import { isolateCpu } from "../_shared/drain/isolate-cpu.ts";
import { onUnload, unloadReason } from "../_shared/drain/watch-unload.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { twilioApiUrl } from "../_shared/twilio/api-url.ts";
import { isLoopbackUrl } from "../_shared/twilio/is-loopback-url.ts";
import { type ClaimRequest, claimSends } from "./claim-sends.ts";
import { planAll } from "./plan-all.ts";
import { type PostingContext, postMessage, type ReadyPost } from "./post-message.ts";
import { PostPacer } from "./post-pacer.ts";
import { preparePosts } from "./prepare-posts.ts";
import { ResultSettler } from "./settle-results.ts";
import { startLimiter } from "./start-limiter.ts";
import { availabilityToReport, isInDoubt, restLeft } from "./twilio-availability.ts";
import { workerPace } from "./worker-pace.ts";
import { createWorkerTasks, type WorkerTaskKind } from "./worker-tasks.ts";

/** What there is to do, as private.due_work returns it. */
interface DueWork extends Record<WorkerTaskKind, boolean> {
  sends: boolean;
  replies: boolean;
  /** Milliseconds until the next message of a queue becomes visible; null if none does within 5 s. */
  next_due_ms: number | null;
}

const CLAIM_AT_MOST = 200;
/** The size of a claim while it is not known whether Twilio can be reached again. */
const CLAIM_IN_DOUBT = 3;
/** Twilio answers 20429 to too many requests at once, by an undocumented limit: 10 to 20 per worker keep clear of it. */
const MAX_IN_FLIGHT = 20;
/** The time between plans. The queue holds five seconds of every number, and planning more often costs more than sending. */
const PLAN_AGAIN_MS = 1_000;
/** Once so many were claimed, it plans earlier: a plan adds up to 500 for each organisation. */
const PLAN_AFTER = 300;
/** With so many sends left in its budget, a drain calls the next one, which takes over without a gap. */
const CALL_NEXT_AT = 300;
/** Builds and looks get their turn this often, however much there is to send. */
const ASIDE_EVERY_MS = 1_000;
/** Leads of a build's chunk. A chunk keeps the database busy, so it is small while messages wait for their slots. */
const BUILD_CHUNK = { idle: 10_000, sending: 2_000 } as const;
/** A reply may come at any time, so an empty queue is looked at this often. */
const LONGEST_WAIT_MS = 500;

export interface WorkerConnections {
  sql: Direct;
  settling: Direct;
  building: Direct;
}

/** @param onClaimed called when this drain will claim no more, while its last messages are still on their way */
export async function drainQueues(
  ctx: MachineContext,
  connections: WorkerConnections,
  onClaimed: () => void,
): Promise<void> {
  const drain = new Drain(ctx, connections);
  const forget = onUnload(() => drain.giveBack());
  try {
    await drain.work();
  } finally {
    onClaimed();
    await drain.finish();
    forget();
  }
}

class Drain {
  private readonly workerId = crypto.randomUUID();
  private readonly budget = new DrainBudget();
  /** Wakes when a POST has ended. */
  private readonly room = new InterruptibleSleep();
  /** Wakes when the isolate ends or a look is done. */
  private readonly pause = new InterruptibleSleep();
  private readonly settler: ResultSettler;
  private readonly pacer: PostPacer<ReadyPost>;
  private readonly isLoopback: boolean;
  private readonly publicUrl: string;
  private readonly tally: Record<string, number> = {};
  private planAt = Number.NEGATIVE_INFINITY;
  /** Claimed since the last plan. */
  private unplanned = 0;
  private hasCalledNext = false;
  private asideAt = performance.now();
  private readonly sql: Direct;
  private readonly background: ConcurrentTasks<WorkerTaskKind>;

  constructor(
    private readonly ctx: MachineContext,
    { sql, settling, building }: WorkerConnections,
  ) {
    const { env, log } = ctx;
    this.sql = sql;
    const twilioUrl = twilioApiUrl(env);
    this.publicUrl = env.require("PUBLIC_FUNCTIONS_URL").replace(/(?<!\/)\/+$/, "");
    const posting: PostingContext = { sql, twilioUrl, publicUrl: this.publicUrl };
    this.isLoopback = isLoopbackUrl(twilioUrl);
    this.settler = new ResultSettler(settling, log);
    this.background = createWorkerTasks({
      ctx,
      sql,
      building,
      budget: this.budget,
      chunkSize: () => (this.pacer.isIdle ? BUILD_CHUNK.idle : BUILD_CHUNK.sending),
      onEnd: () => this.pause.wake(),
    });
    this.pacer = new PostPacer({
      maxInFlight: MAX_IN_FLIGHT,
      limiter: startLimiter,
      pace: workerPace,
      post: (item) => this.post(posting, item),
      giveBack: (item) => this.settle({ attempt_id: item.send.attempt_id, outcome: "not_posted" }),
      onChange: () => this.room.wake(),
    });
  }

  async work(): Promise<void> {
    while (!this.budget.isSpent && !unloadReason()) {
      const request = this.mayClaim();
      const asked = request?.limit ?? 0;
      const claimed = request ? await this.claim(request) : 0;
      const isResting = restLeft(performance.now()) > 0;
      const isMore = asked > 0 && claimed === asked;
      if (this.unplanned >= PLAN_AFTER) await this.plan();
      if (claimed > 0) await this.callNext(isMore);
      if (isMore && performance.now() - this.asideAt < ASIDE_EVERY_MS) continue;
      if (asked === 0 && !isResting) {
        await this.room.wait(LONGEST_WAIT_MS);
        continue;
      }
      if (!isMore && !isResting && (await this.plan()) > 0) continue;
      this.asideAt = performance.now();
      await this.reportAvailability();
      const due = await this.readDueWork();
      this.background.begin(due);
      if (isMore) continue;
      const isSending = !this.pacer.isIdle || (!isResting && (due.sends || due.replies));
      if (!isSending && this.background.isIdle) return;
      await this.pause.wait(Math.min(Math.max(due.next_due_ms ?? LONGEST_WAIT_MS, 10), LONGEST_WAIT_MS));
    }
    if (unloadReason()) await this.callNext(false);
  }

  /** Posts what is held, unless the isolate is ending, and settles everything. */
  async finish(): Promise<void> {
    while (!this.pacer.isIdle) await this.room.wait(LONGEST_WAIT_MS);
    await this.background.finish();
    this.pacer.close();
    await this.settler.flush();
    if (Object.keys(this.tally).length === 0) return;
    this.ctx.log.info("drained", { ...this.budget.spent, ...this.tally, unload: unloadReason() });
  }

  /** Call it when the isolate's end is announced. */
  giveBack(): void {
    this.pacer.giveBackHeld();
    this.pause.wake();
  }

  private mayClaim(): ClaimRequest | undefined {
    const now = performance.now();
    if (restLeft(now) > 0) {
      if (this.pacer.heldCount > 0) this.pacer.giveBackHeld();
      return undefined;
    }
    // A few messages find out whether Twilio is back. While they wait for their slots, no more are claimed.
    if (isInDoubt() && !this.pacer.isIdle) return undefined;
    const { least, ...room } = this.pacer.room(now);
    if (room.limit < Math.min(least, CLAIM_AT_MOST)) return undefined;
    const most = isInDoubt() ? CLAIM_IN_DOUBT : CLAIM_AT_MOST;
    return { ...room, limit: Math.min(most, this.budget.sendsLeft, room.limit) };
  }

  private async claim(request: ClaimRequest): Promise<number> {
    this.budget.spend("claim");
    const claim = await retryPassingErrors(() =>
      claimSends(this.sql, this.workerId, request, this.isLoopback, this.ctx.log),
    );
    const { length } = claim.sends;
    this.budget.spend("send", length);
    this.unplanned += length;
    this.pacer.add(await preparePosts(this.sql, this.publicUrl, claim, (result) => this.settle(result)));
    // The isolate's end may have been announced while the claim was under way.
    if (unloadReason()) this.pacer.giveBackHeld();
    return length;
  }

  private async post(posting: PostingContext, item: ReadyPost): Promise<void> {
    const result = await postMessage(posting, item);
    const { send, text, segments } = item;
    this.settle({ attempt_id: send.attempt_id, content: text, segments, ...result });
  }

  private settle(result: Parameters<ResultSettler["add"]>[0]): void {
    this.tally[result.outcome] = (this.tally[result.outcome] ?? 0) + 1;
    this.settler.add(result);
  }

  private async plan(): Promise<number> {
    if (performance.now() < this.planAt && this.unplanned < PLAN_AFTER) return 0;
    this.budget.spend("round");
    const planned = await retryPassingErrors(() => planAll(this.sql, this.ctx.log));
    this.unplanned = 0;
    this.planAt = performance.now() + PLAN_AGAIN_MS;
    return planned;
  }

  /**
   * Calls the drain that takes over: the next one of this isolate shortly before this one has sent its share, or one of the next
   * isolate once this one gets no more calls. If the call is lost, the scheduler's next kick starts it.
   */
  private async callNext(isMore: boolean): Promise<void> {
    const isShareEnding = isMore && !this.hasCalledNext && this.budget.sendsLeft <= CALL_NEXT_AT;
    if (isShareEnding) this.hasCalledNext = true;
    if (!isolateCpu.shouldCallNext(unloadReason() === "cpu") && !isShareEnding) return;
    await retryPassingErrors(() => this.sql`select private.call_worker()`);
  }

  private async reportAvailability(): Promise<void> {
    const isReachable = availabilityToReport((this.tally.accepted ?? 0) + (this.tally.rejected ?? 0) > 0);
    if (isReachable === undefined) return;
    if (!isReachable) this.ctx.log.error("Twilio can't be reached");
    await this.sql`select private.set_twilio_reachable(${isReachable})`;
  }

  private async readDueWork(): Promise<DueWork> {
    this.budget.spend("round");
    const [row] = await retryPassingErrors(() => this.sql`select private.due_work() as due`);
    return row?.due;
  }
}
