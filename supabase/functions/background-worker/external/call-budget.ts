// How many calls to services outside a drain may still begin.

export interface CallBudget {
  /** 0 where the drain ends, or has had its share of calls. */
  callsLeft(): number;
  /** To be called for each call that is begun. */
  spend(): void;
}
