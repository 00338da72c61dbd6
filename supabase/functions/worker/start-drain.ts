// Starts a drain in the background: one at a time in an isolate, with one more waiting to take over.
import { connectDirect } from "../_shared/db/direct.ts";
import type { MachineContext } from "../_shared/http/context.ts";
import { drainQueues } from "./drain-queues.ts";
import { unloadReason } from "./watch-unload.ts";

export type DrainStatus = "draining" | "next" | "already_draining" | "unloading";

/** Settles when the drain that claims now claims no more. */
let claiming: Promise<void> | undefined;
let hasNext = false;

/**
 * draining: begun. next: another is at it, and this call takes over when its budget is spent, with a budget of its own;
 * without that, every budget's end would cost the time until the next kick, 3 % of the numbers' pace. already_draining:
 * one is waiting for that already.
 */
export function startDrain(ctx: MachineContext): { status: DrainStatus } {
  if (unloadReason()) return { status: "unloading" };
  if (claiming && hasNext) return { status: "already_draining" };
  const status: DrainStatus = claiming ? "next" : "draining";
  hasNext = claiming !== undefined;
  ctx.waitUntil(drainInTurn(ctx, claiming));
  return { status };
}

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
    // Two connections: what was posted is settled beside the next claim and plan, which take most of a second of each 1,000 sends.
    const connections = {
      sql: connectDirect(ctx.env, "worker"),
      settling: connectDirect(ctx.env, "worker settling"),
    };
    await drainQueues(ctx, connections, release);
  } finally {
    release();
  }
}
