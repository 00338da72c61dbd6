// Keeps the pace of a number by the times at which its POSTs really start; slots say when they should start.

interface Clock {
  mps: number;
  /** A ring: the oldest of the last `times.length` starts is at `next`. Monotonic ms. */
  times: number[];
  next: number;
}

/**
 * Slots are 1,040/mps ms apart. If one POST starts late in its window and the one a second later starts on time, they would be
 * too close. Of the 40 ms, these 30 stay for delays on the way to Twilio.
 */
const SECOND_MS = 1_030;
const MAX_NUMBERS = 10_000;

export class StartLimiter {
  private readonly clocks = new Map<string, Clock>();

  /** The time from which the number may start its next POST and keep to mps in any second. */
  earliest(number: string, mps: number): number {
    const clock = this.clocks.get(number);
    const span = Math.max(1, Math.floor(mps));
    if (clock === undefined || clock.mps !== mps || clock.times.length < span)
      return Number.NEGATIVE_INFINITY;
    return (clock.times[clock.next] as number) + (SECOND_MS * span) / mps;
  }

  note(number: string, mps: number, startedAt: number): void {
    let clock = this.clocks.get(number);
    if (clock === undefined || clock.mps !== mps) {
      if (this.clocks.size >= MAX_NUMBERS) this.clocks.clear();
      clock = { mps, times: [], next: 0 };
      this.clocks.set(number, clock);
    }
    const span = Math.max(1, Math.floor(mps));
    if (clock.times.length < span) {
      clock.times.push(startedAt);
      return;
    }
    clock.times[clock.next] = startedAt;
    clock.next = (clock.next + 1) % span;
  }
}

/** One for the isolate: it outlives a drain, since a number's pace continues from one drain to the next. */
export const startLimiter = new StartLimiter();
