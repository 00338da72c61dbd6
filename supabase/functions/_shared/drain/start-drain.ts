// Starts drains in the background: one at a time in an isolate, with one more waiting to take over.
import type { MachineContext } from "../http/context.ts";
import { isolateCpu } from "./isolate-cpu.ts";
import { unloadReason } from "./watch-unload.ts";

export type DrainStatus = "draining" | "next" | "already_draining" | "unloading";

/** @param release to be called when the drain begins nothing more, while its last work is still under way */
export type Drain = (ctx: MachineContext, release: () => void) => Promise<void>;

/**
 * A starter of drains. What it answers: draining: begun. next: another is at it, and this call takes over when its budget
 * is spent, with a budget of its own (but for CPU, which is the isolate's); without that, every budget's end would cost the
 * time until the next kick, 3 % of the numbers' pace. already_draining: one is waiting for that already.
 */
export function drainStarter(drain: Drain): (ctx: MachineContext) => { status: DrainStatus } {
  /** Settles when the drain that is at it begins nothing more. */
  let claiming: Promise<void> | undefined;
  let hasNext = false;

  async function drainInTurn(ctx: MachineContext, before: Promise<void> | undefined): Promise<void> {
    if (before) {
      await before;
      hasNext = false;
      if (unloadReason()) return;
    }
    const turn = Promise.withResolvers<void>();
    claiming = turn.promise;
    const release = () => {
      // Whoever waits takes its turn in the next microtask; until then nobody else may start beside it.
      if (claiming === turn.promise && !hasNext) claiming = undefined;
      turn.resolve();
    };
    try {
      await drain(ctx, release);
    } finally {
      release();
    }
  }

  return (ctx) => {
    isolateCpu.noteCall();
    if (unloadReason()) return { status: "unloading" };
    if (claiming && hasNext) return { status: "already_draining" };
    const status: DrainStatus = claiming ? "next" : "draining";
    hasNext = claiming !== undefined;
    ctx.waitUntil(drainInTurn(ctx, claiming));
    return { status };
  };
}
