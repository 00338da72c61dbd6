// Whether the platform has announced the end of this isolate, and listeners for that.

let reason: string | undefined;
const listeners = new Set<() => void>();

// Optional, because Node, which reads the route tables for the API documents, has no such event.
globalThis.addEventListener?.("beforeunload", (event) => {
  // cpu, memory, wall_clock, early_drop or termination.
  reason = (event as CustomEvent<{ reason?: string }>).detail?.reason ?? "unload";
  for (const listener of listeners) listener();
});

/** The reason once it is announced; it is never taken back. */
export function unloadReason(): string | undefined {
  return reason;
}

/** Calls the listener at the announcement. @returns a function that forgets the listener */
export function onUnload(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
