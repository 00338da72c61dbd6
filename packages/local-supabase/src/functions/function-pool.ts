// All processes of one function: started at the first call, kept warm, replaced when they age, use up their CPU, fail or change.
import { answerPlatformError } from "./answer-platform-error.ts";
import { type Call, forwardCall } from "./forward-call.ts";
import { FunctionProcess, type ProcessOptions } from "./function-process.ts";

export type PoolOptions = Omit<ProcessOptions, "onRetire"> & {
  /** Processes that share the calls in turn. */
  isolates: number;
  idleTimeoutMs: number;
  /** Milliseconds a process lives at most; from half of that on it gets no new calls. */
  wallClockMs: number;
};

// A function that cannot start is not tried again for each of a thousand calls that wait for it.
const retryBootAfterMs = 1000;

export class FunctionPool {
  private readonly slots: (FunctionProcess | null)[];
  private readonly running = new Set<FunctionProcess>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private next = 0;
  private bootFailedAt = 0;
  private stopped = false;

  constructor(private readonly options: PoolOptions) {
    this.slots = new Array(options.isolates).fill(null);
  }

  get pids(): number[] {
    return [...this.running].filter((one) => one.alive).map((one) => one.pid);
  }

  async handle(call: Pick<Call, "path" | "req" | "res">): Promise<void> {
    if (this.stopped) return answerPlatformError(call.res, "WORKER_ERROR");
    if (Date.now() - this.bootFailedAt < retryBootAfterMs) return answerPlatformError(call.res, "BOOT_ERROR");
    const slot = this.next++ % this.slots.length;
    const target = this.slots[slot] ?? this.start(slot);
    await target.during(async () => {
      try {
        await target.ready;
      } catch {
        call.req.resume();
        return answerPlatformError(call.res, "BOOT_ERROR");
      }
      const { idleTimeoutMs, log } = this.options;
      await forwardCall({ ...call, target, idleTimeoutMs, log });
    });
  }

  /** New calls get new processes at once; the old ones hear `beforeunload` and have `graceMs` to finish. */
  async restart(graceMs: number): Promise<void> {
    this.bootFailedAt = 0;
    this.slots.fill(null);
    await Promise.all([...this.running].map((one) => one.unload("termination", graceMs)));
  }

  /** Returns the ids of the processes that were killed, when they have ended. */
  async kill9(): Promise<number[]> {
    const killed = this.pids;
    await Promise.all([...this.running].map((one) => one.kill()));
    return killed;
  }

  async stop(graceMs: number): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    await this.restart(graceMs);
  }

  private start(slot: number): FunctionProcess {
    const one = new FunctionProcess({
      ...this.options,
      onRetire: () => {
        if (this.slots[slot] === one) this.slots[slot] = null;
      },
    });
    this.slots[slot] = one;
    this.running.add(one);
    void one.exited.then(() => this.running.delete(one));
    one.ready.then(
      () => this.watchAge(one, slot),
      () => {
        // A process that was stopped or killed while it started does not show that the function is broken.
        if (one.bootFailed) this.bootFailedAt = Date.now();
      },
    );
    return one;
  }

  private watchAge(one: FunctionProcess, slot: number): void {
    const { wallClockMs } = this.options;
    this.after(wallClockMs / 2, one, async () => {
      // If it is in use, its successor starts first, so that no call waits for a cold start.
      if (Date.now() - one.lastCallAt < wallClockMs / 4 && this.slots[slot] === one) {
        await this.start(slot).ready.catch(() => {});
      }
      one.drain(wallClockMs / 2);
    });
    // As hosted does: told at nine tenths of its life, ended at its end.
    this.after(wallClockMs * 0.9, one, () => one.unload("wall_clock", wallClockMs * 0.1));
  }

  private after(ms: number, one: FunctionProcess, act: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (one.alive && !this.stopped) void act();
    }, ms);
    timer.unref();
    this.timers.add(timer);
    void one.exited.then(() => {
      clearTimeout(timer);
      this.timers.delete(timer);
    });
  }
}
