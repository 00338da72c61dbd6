// Starts each POST within its slot, few at a time, and gives back the messages that missed their slot.
import type { ClaimRequest } from "./claim-sends.ts";
import type { StartLimiter } from "./start-limiter.ts";
import type { Holder, WorkerPace } from "./worker-pace.ts";

export interface PacedPost {
  /** Monotonic ms: the POST starts within [slot, slot + window] or not at all. */
  slot: number;
  /** The sending number and its pace. */
  from: string;
  mps: number;
  /** Wall clock when it was claimed. */
  claimedWall: number;
}

export interface PacerOptions<P extends PacedPost> {
  /** Posts one message; must not reject. */
  post(item: P): Promise<void>;
  /** Takes back one that was not posted. */
  giveBack(item: P): void;
  /** Called when something was posted or given back. */
  onChange(): void;
  maxInFlight: number;
  limiter: StartLimiter;
  pace: WorkerPace;
}

export interface Room extends ClaimRequest {
  /**
   * With less room than this, a claim is not worth its cost. It is never more than the room of an idle worker, or a slow one
   * would wait forever.
   */
  least: number;
}

interface Held<P> {
  item: P;
  /** When it may start: its slot, or later if its number's last POSTs were late. */
  at: number;
}

/**
 * How late a POST may start. Slots are (1 s + 40 ms)/mps apart, which leaves 40 ms. The other 5 are for the network trip from
 * the database's clock to ours, by which slots are late.
 */
const WINDOW_MS = 35;
/** How far ahead a busy worker holds messages: long enough for a plan and a claim meanwhile. */
const HORIZON_MS = 300;
/**
 * A claim of one message costs the same as one of ten; in a claim of a hundred, each message costs a third as much. So a claim
 * waits for that much room.
 */
const CLAIM_AT_LEAST = { messages: 10, ofHorizon: 0.3, ofLittle: 0.5 } as const;
/** Opt-outs are obeyed within 2 s: an older claim is never posted. By the wall clock, which goes on while the machine sleeps. */
const MAX_AGE_MS = 2_000;

export class PostPacer<P extends PacedPost> implements Holder {
  /** Latest slot first, so that the next one is popped off the end. */
  private held: Held<P>[] = [];
  private inFlight = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: PacerOptions<P>) {
    options.pace.join(this);
  }

  /** Call it when nothing is left and nothing will be added. */
  close(): void {
    this.options.pace.leave(this);
  }

  get heldCount(): number {
    return this.held.length;
  }

  get isIdle(): boolean {
    return this.held.length === 0 && this.inFlight === 0;
  }

  /**
   * How many more messages may be claimed now, when the first of them can start, and how far apart they can start. With 20 in
   * flight and answers after 150 ms, one can start every 8 ms; with faster answers, more. A message that can't start within its
   * window is given back and loses a second, so slots are spaced as the worker can keep them.
   */
  room(now: number): Room {
    const { pace, maxInFlight } = this.options;
    const spacingMs = pace.spacingMs(maxInFlight);
    const due = pace.dueBy(now + HORIZON_MS);
    const whole = Math.max(1, Math.floor(HORIZON_MS / spacingMs));
    const { messages, ofHorizon, ofLittle } = CLAIM_AT_LEAST;
    return {
      limit: Math.max(0, whole - due),
      least: Math.max(Math.min(messages, whole * ofLittle), whole * ofHorizon),
      freeInMs: Math.max(due * spacingMs, pace.leadMs()),
      spacingMs,
    };
  }

  dueBy(time: number): number {
    let due = 0;
    for (const { at } of this.held) if (at <= time) due++;
    return due;
  }

  add(items: readonly P[]): void {
    for (const item of items) this.hold({ item, at: item.slot });
    this.pump();
  }

  /** Gives back everything that has not been posted. */
  giveBackHeld(): void {
    clearTimeout(this.timer);
    for (const { item } of this.held.splice(0)) this.options.giveBack(item);
    this.options.onChange();
  }

  /** Inserts it before those with the same time: the one added first stays last in the list, and so is next. */
  private hold(held: Held<P>): void {
    let low = 0;
    for (let high = this.held.length; low < high; ) {
      const middle = (low + high) >> 1;
      if ((this.held[middle] as Held<P>).at > held.at) low = middle + 1;
      else high = middle;
    }
    this.held.splice(low, 0, held);
  }

  pump(): void {
    clearTimeout(this.timer);
    // A timer may fire late under load, so the clock is read again for each one, right before it starts.
    for (let next = this.held.at(-1); next !== undefined; next = this.held.at(-1)) {
      const { item, at } = next;
      const now = performance.now();
      if (at > now) {
        this.wakeAfter(at - now);
        return;
      }
      const earliest = this.options.limiter.earliest(item.from, item.mps);
      const lastCall = item.slot + WINDOW_MS;
      if (Math.max(now, earliest) > lastCall || Date.now() - item.claimedWall > MAX_AGE_MS) {
        this.held.pop();
        this.options.pace.noteMiss(now);
        this.options.giveBack(item);
        this.options.onChange();
      } else if (earliest > now) {
        this.held.pop();
        this.hold({ item, at: earliest });
      } else if (this.options.pace.inFlight < this.options.maxInFlight) {
        this.held.pop();
        this.start(item, now);
      } else {
        // A POST that ends calls pump, too. This timer is for giving the message back if none ends in time.
        this.wakeAfter(lastCall - now);
        return;
      }
    }
  }

  private wakeAfter(ms: number): void {
    this.timer = setTimeout(() => this.pump(), Math.ceil(ms));
  }

  private start(item: P, startedAt: number): void {
    this.inFlight++;
    this.options.pace.noteStart(item.slot, startedAt);
    this.options.limiter.note(item.from, item.mps, startedAt);
    void this.options.post(item).then(() => {
      this.inFlight--;
      this.options.pace.noteEnd(performance.now() - startedAt);
      this.pump();
      this.options.onChange();
    });
  }
}
