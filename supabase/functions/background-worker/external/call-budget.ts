// How many calls to outside services a drain may still begin.

export interface CallBudget {
  /** 0 if the drain is ending, or has had its share of calls. */
  callsLeft(): number;
  /** To be called for each call that is begun. */
  spend(): void;
}
