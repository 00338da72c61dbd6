// Starts drains in the background: one at a time in an isolate, with one more waiting to take over.
import type { MachineContext } from "../http/context.ts";
import { isolateCpu } from "./isolate-cpu.ts";
import { unloadReason } from "./watch-unload.ts";

export type DrainStatus = "draining" | "next" | "already_draining" | "unloading";

/**
 * @param release the drain calls it when it begins nothing more, while its last work is still under way
 * @param onCall the drain's listener is called at each call that arrives while it runs: there may be something new to do
 */
export type Drain = (
  ctx: MachineContext,
  release: () => void,
  onCall: (listener: () => void) => void,
) => Promise<void>;

/**
 * Makes the function that starts drains. It returns draining if the drain has begun. It returns next if another drain is
 * running: this one takes over when the other's budget is spent, with a budget of its own (except for CPU, which is the
 * isolate's). Without that, every end of a budget would cost the time until the next kick, 3 % of the numbers' pace. It returns
 * already_draining if one is waiting for that already.
 */
export function drainStarter(drain: Drain): (ctx: MachineContext) => { status: DrainStatus } {
  /** Settles when the running drain begins nothing more. */
  let claiming: Promise<void> | undefined;
  let hasNext = false;
  /** Of the running drain. */
  let listener: (() => void) | undefined;

  async function drainInTurn(ctx: MachineContext, before: Promise<void> | undefined): Promise<void> {
    if (before) {
      await before;
      hasNext = false;
      if (unloadReason()) return;
    }
    const turn = Promise.withResolvers<void>();
    claiming = turn.promise;
    listener = undefined;
    const release = () => {
      // The drain that waits begins in the next microtask; until then no other one may start.
      if (claiming === turn.promise && !hasNext) claiming = undefined;
      turn.resolve();
    };
    try {
      await drain(ctx, release, (onCall) => {
        listener = onCall;
      });
    } finally {
      release();
    }
  }

  return (ctx) => {
    isolateCpu.noteCall();
    if (unloadReason()) return { status: "unloading" };
    if (claiming) listener?.();
    if (claiming && hasNext) return { status: "already_draining" };
    const status: DrainStatus = claiming ? "next" : "draining";
    hasNext = claiming !== undefined;
    ctx.waitUntil(drainInTurn(ctx, claiming));
    return { status };
  };
}
