// Work that goes on after the answer: handed to the edge runtime where there is one, so that it keeps the isolate.
import type { Log } from "./log.ts";

/** Runs the promise beside the answer; its failure is logged and never breaks the isolate. */
export function waitUntil(promise: Promise<unknown>, log: Log): void {
  const guarded = promise.catch((error) => {
    log.error("work after the answer failed", {
      error: error instanceof Error ? error.stack : String(error),
    });
  });
  const { EdgeRuntime } = globalThis as { EdgeRuntime?: { waitUntil(promise: Promise<unknown>): void } };
  EdgeRuntime?.waitUntil(guarded);
}
