// Remembers, for this isolate, whether Twilio can be reached, so that it is not called again at once and people are told.

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

let restMs = 0;
let restUntil = 0;
/** What the database was told last; undefined in a new isolate. */
let told: boolean | undefined;

/** Milliseconds until Twilio is tried again; 0 if it may be tried now. */
export function restLeft(now: number): number {
  return Math.max(0, restUntil - now);
}

/** Whether the last POST could not reach Twilio: then a few messages find out whether it is back. */
export function isInDoubt(): boolean {
  return restMs > 0;
}

/** A connection was refused: rests for a second, then twice as long each time, 30 s at most. */
export function noteUnreachable(now: number): void {
  // POSTs that were in flight together fail together, and count as one failure.
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
 * Whether Twilio can be reached, if the database should be told; undefined if there is nothing to tell. It is told once Twilio
 * has been out of reach for 15 seconds, once it is back, and once by each new isolate, since the previous one may have died
 * before it could.
 * @param posted whether Twilio has answered any POST of this drain
 */
export function availabilityToReport(posted: boolean): boolean | undefined {
  const news = restMs >= LONGEST_REST_MS / 2 ? false : restMs === 0 && posted ? true : undefined;
  if (news === undefined || news === told) return undefined;
  told = news;
  return news;
}
