// Remembers, for this isolate, that Twilio could not be reached, so that it is not called again at once.

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

let restMs = 0;
let restUntil = 0;

/** Milliseconds until Twilio is tried again; 0 when it may be tried now. */
export function restLeft(now: number): number {
  return Math.max(0, restUntil - now);
}

/** A connection was refused: rests for a second, then twice as long each time, 30 s at most. */
export function noteUnreachable(now: number): void {
  // What was in flight together fails together, and is one failure.
  if (now < restUntil) return;
  restMs = Math.min(Math.max(restMs * 2, FIRST_REST_MS), LONGEST_REST_MS);
  restUntil = now + restMs;
}

/** Twilio answered, whatever it said. */
export function noteReached(): void {
  restMs = 0;
}
