// Remembers, for this isolate, whether Twilio can be reached: it is not called again at once, and people get to know.

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

let restMs = 0;
let restUntil = 0;
/** What the database was told last; nothing yet in a new isolate. */
let told: boolean | undefined;

/** Milliseconds until Twilio is tried again; 0 when it may be tried now. */
export function restLeft(now: number): number {
  return Math.max(0, restUntil - now);
}

/** Whether the last attempt failed: a few messages find out whether Twilio is back. */
export function isInDoubt(): boolean {
  return restMs > 0;
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
  restUntil = 0;
}

/**
 * Whether Twilio can be reached, where the database should be told: once it has been out of reach for half a minute, once
 * it is back, and once by each new isolate, since the one before may have died without telling.
 * @param posted whether Twilio answered anything yet
 */
export function availabilityToReport(posted: boolean): boolean | undefined {
  const news = restMs >= LONGEST_REST_MS / 2 ? false : restMs === 0 && posted ? true : undefined;
  if (news === undefined || news === told) return undefined;
  told = news;
  return news;
}
