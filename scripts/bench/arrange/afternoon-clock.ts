// The real clock, moved to an afternoon on which every state on the mainland may be written to.

/** A Wednesday, 15:00 Central. */
const AFTERNOON = Date.parse("2026-06-10T20:00:00Z");

/** @returns the time there: it passes as it does here, so that slots and spacing are the real ones at any hour of the day */
export function startAfternoonClock(): () => Date {
  const started = performance.now();
  return () => new Date(AFTERNOON + performance.now() - started);
}
