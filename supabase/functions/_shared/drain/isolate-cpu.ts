// How much CPU this isolate has used at most. The platform counts it from the isolate's first line of code on, for its whole life.

/** From here on the platform sends an isolate no more calls; what it has goes on. */
const SOFT_LIMIT_MS = 1_000;
/**
 * Here no more work is begun. The platform announces the end at 1,800 ms and ends everything at 2,000: what is under way must be
 * done by then, and what is estimated here may be too low by an eighth.
 */
const USED_UP_MS = 1_600;
/** Past the soft limit even if this is estimated too high by an eighth: the next call finds a new isolate. */
const CALL_NEXT_MS = 1_150;
/** Loading the function, its first connection and code that is not compiled yet. */
const COLD_START_MS = 150;

export class IsolateCpu {
  private ms = COLD_START_MS;
  private hasCalledNext = false;

  /** @param ms of CPU, as it is estimated */
  spend(ms: number): void {
    this.ms += ms;
  }

  /** A call has come. The platform sends none to an isolate at its soft limit, so this one is below it, whatever was estimated. */
  noteCall(): void {
    this.ms = Math.min(this.ms, SOFT_LIMIT_MS);
    this.hasCalledNext = false;
  }

  get isUsedUp(): boolean {
    return this.ms >= USED_UP_MS;
  }

  /** Whether a piece of work of so many ms can be done to its end. */
  hasRoomFor(ms: number): boolean {
    return this.ms + ms <= USED_UP_MS;
  }

  /**
   * True once: a call made now lands in a new isolate. Made earlier it would come back to this one.
   * @param isEnding whether the platform has announced that the CPU is used up, whatever was estimated
   */
  shouldCallNext(isEnding: boolean): boolean {
    if (this.hasCalledNext || (this.ms < CALL_NEXT_MS && !isEnding)) return false;
    this.hasCalledNext = true;
    return true;
  }

  get usedMs(): number {
    return Math.round(this.ms);
  }
}

/** Of this isolate. */
export const isolateCpu = new IsolateCpu();
