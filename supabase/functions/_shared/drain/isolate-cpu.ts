// Estimates how much CPU this isolate has used. The platform counts it from the isolate's first line of code, for its whole life.

/** From this point on, the platform sends an isolate no more calls; those under way go on. */
const SOFT_LIMIT_MS = 1_000;
/**
 * From this point on, no more work is begun. The platform announces the end at 1,800 ms and ends everything at 2,000 ms. Work
 * under way must be done by then, and the estimate may be too low by an eighth.
 */
const USED_UP_MS = 1_600;
/** Past the soft limit even if the estimate is too high by an eighth: the next call finds a new isolate. */
const CALL_NEXT_MS = 1_150;
/** After a call that came back here, which shows that the estimate is too high by more than that: each call costs a claim. */
const CALL_NEXT_AGAIN_MS = 1_450;
/** CPU for loading the function, its first connection, and code that is not compiled yet. */
const COLD_START_MS = 150;

export class IsolateCpu {
  private ms = COLD_START_MS;
  /** Of work under way. Apart from ms: what noteCall takes off ms must not be taken off again when that work ends. */
  private reservedMs = 0;
  private hasCalledNext = false;
  private callNextMs = CALL_NEXT_MS;

  /** @param ms estimated milliseconds of CPU */
  spend(ms: number): void {
    this.ms += ms;
  }

  /**
   * Counts ms for a piece of work until it ends, and then what it took, if that was less. A thread can't use more CPU than time.
   * @returns call it once, at the end, with the milliseconds that the piece took
   */
  reserve(ms: number): (tookMs: number) => void {
    this.reservedMs += ms;
    return (tookMs) => {
      this.reservedMs -= ms;
      this.ms += Math.min(ms, tookMs);
    };
  }

  /** Call it for each call received: the platform sends none at the soft limit, so the CPU is below it, whatever the estimate. */
  noteCall(): void {
    if (this.ms > SOFT_LIMIT_MS) this.callNextMs = CALL_NEXT_AGAIN_MS;
    this.ms = Math.min(this.ms, SOFT_LIMIT_MS);
    this.hasCalledNext = false;
  }

  get isUsedUp(): boolean {
    return this.total >= USED_UP_MS;
  }

  /** Whether a piece of work of so many ms can be done to its end. */
  hasRoomFor(ms: number): boolean {
    return this.total + ms <= USED_UP_MS;
  }

  /**
   * True once, when a call made now reaches a new isolate. An earlier call would come back to this one.
   * @param isEnding whether the platform has announced that the CPU is used up, whatever the estimate
   */
  shouldCallNext(isEnding: boolean): boolean {
    if (this.hasCalledNext || (this.total < this.callNextMs && !isEnding)) return false;
    this.hasCalledNext = true;
    return true;
  }

  get usedMs(): number {
    return Math.round(this.total);
  }

  private get total(): number {
    return this.ms + this.reservedMs;
  }
}

/** One for the isolate. */
export const isolateCpu = new IsolateCpu();
