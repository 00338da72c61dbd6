// Whether the database's clock is ours: it is on one machine, unless somebody fakes the time of some processes.

export interface ClockComparison {
  /** How far the database's clock is ahead of ours, in ms; 0 where nothing speaks for a difference. */
  aheadMs: number;
  /** By how much that may be wrong. */
  uncertainMs: number;
}

/** @param theirs when the database says something happened that we know to have happened between `before` and `after` */
export function compareClocks(theirs: number, before: number, after: number): ClockComparison {
  if (theirs >= before && theirs <= after) return { aheadMs: 0, uncertainMs: 0 };
  return { aheadMs: theirs < before ? theirs - before : theirs - after, uncertainMs: after - before };
}
