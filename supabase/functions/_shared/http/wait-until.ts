// Work that continues after the answer. The edge runtime, if there is one, is told of it and keeps the isolate alive.
import type { Log } from "./log.ts";

/** Lets the promise continue after the answer. Its failure is logged and never ends the isolate. */
export function waitUntil(promise: Promise<unknown>, log: Log): void {
  const guarded = promise.catch((error) => {
    log.error("work after the answer failed", {
      error: error instanceof Error ? error.stack : String(error),
    });
  });
  const { EdgeRuntime } = globalThis as { EdgeRuntime?: { waitUntil(promise: Promise<unknown>): void } };
  EdgeRuntime?.waitUntil(guarded);
}
