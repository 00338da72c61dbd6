// The real clock, moved to an afternoon on which every state on the mainland may be written to.

/** A Wednesday, 15:00 Central. */
const AFTERNOON = Date.parse("2026-06-10T20:00:00Z");

/** @returns a clock for that afternoon. It runs at real speed, so slots and spacing are real at any hour of the day */
export function startAfternoonClock(): () => Date {
  const started = performance.now();
  return () => new Date(AFTERNOON + performance.now() - started);
}
