// How fast this isolate can post. It learns from its own POSTs, and keeps what it learned from one drain to the next.

/** A POST that starts so many ms after its slot shows that slots come too fast. A window is 35 ms, so this is noticed in time. */
const LATE_MS = 20;
/**
 * Which share of the rate that latency allows is used. An isolate begins cold, so it begins low. The share grows with every POST
 * that is on time, and is cut if one is late.
 */
const SHARE = { first: 0.4, most: 1, least: 0.05, cut: 0.9, grow: 0.0007 } as const;
/** POSTs that were held back together are late together. They count as one delay, so the share is cut once within this time. */
const CUT_AGAIN_MS = 300;
/** Slots are never closer than this: below it the event loop is the limit, which latency does not show. */
const SHORTEST_SPACING_MS = 0.3;
/**
 * From a claim to its first slot. The first messages of an isolate also wait until code is compiled and accounts are read. If a
 * campaign of one message in 20 s misses its slot, it waits 20 s more for the next.
 */
const LEAD = { firstMs: 200, ms: 10, firstPosts: 20 } as const;

/** What holds messages: the drain that claims, and the one before it while it posts its last. */
export interface Holder {
  /** Messages whose slots come until then (monotonic ms). */
  dueBy(time: number): number;
  /** Starts what may start now. */
  pump(): void;
}

export class WorkerPace {
  /** POSTs under way, of all drains of the isolate. */
  inFlight = 0;
  private readonly holders = new Set<Holder>();
  /** How long a POST takes, smoothed. */
  private latencyMs = 50;
  private share: number = SHARE.first;
  private ended = 0;
  private cutAt = Number.NEGATIVE_INFINITY;

  join(holder: Holder): void {
    this.holders.add(holder);
  }

  leave(holder: Holder): void {
    this.holders.delete(holder);
  }

  dueBy(time: number): number {
    let due = 0;
    for (const holder of this.holders) due += holder.dueBy(time);
    return due;
  }

  /** Milliseconds from one POST to the next that the isolate can keep: 8 with 20 in flight and answers after 150 ms. */
  spacingMs(maxInFlight: number): number {
    return Math.max(this.latencyMs / maxInFlight / this.share, SHORTEST_SPACING_MS);
  }

  /** Milliseconds that the first of a claim needs before it can start. */
  leadMs(): number {
    return this.ended < LEAD.firstPosts ? LEAD.firstMs : LEAD.ms;
  }

  noteStart(slot: number, startedAt: number): void {
    this.inFlight++;
    if (startedAt - slot > LATE_MS) this.noteMiss(startedAt);
  }

  noteEnd(tookMs: number): void {
    this.inFlight--;
    this.ended++;
    this.latencyMs += (tookMs - this.latencyMs) / 16;
    this.share = Math.min(SHARE.most, this.share + SHARE.grow);
    for (const holder of this.holders) holder.pump();
  }

  /** A message missed its slot: fewer are claimed from now on. */
  noteMiss(now: number): void {
    if (now < this.cutAt + CUT_AGAIN_MS) return;
    this.cutAt = now;
    this.share = Math.max(SHARE.least, this.share * SHARE.cut);
  }
}

/** One for the isolate. */
export const workerPace = new WorkerPace();
