// Whether the database's clock equals ours: it does on one machine, unless the time of some processes is faked.

export interface ClockComparison {
  /** How far the database's clock is ahead of ours, in ms; 0 if nothing shows a difference. */
  aheadMs: number;
  /** The possible error of `aheadMs`. */
  uncertainMs: number;
}

/** @param theirs the database's time of an event that happened between `before` and `after` of our clock */
export function compareClocks(theirs: number, before: number, after: number): ClockComparison {
  if (theirs >= before && theirs <= after) return { aheadMs: 0, uncertainMs: 0 };
  return { aheadMs: theirs < before ? theirs - before : theirs - after, uncertainMs: after - before };
}
