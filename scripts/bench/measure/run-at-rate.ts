// Calls at a fixed rate, whatever the answers take: a slow answer does not spare the next call (open loop).
import { setTimeout as wait } from "node:timers/promises";

export interface Timed<T> {
  answer: T;
  /** From when the call was due until it was answered. */
  ms: number;
}

export interface RatedRun<T> {
  calls: Timed<T>[];
  /** Answered calls a second, from the first call's time to the last answer. */
  perSecond: number;
}

/** @param rate calls a second; Infinity makes them all at once */
export async function runAtRate<I, T>(
  items: readonly I[],
  rate: number,
  call: (item: I) => Promise<T>,
): Promise<RatedRun<T>> {
  const started = performance.now();
  const pending = items.map(async (item, n) => {
    const due = started + (n * 1000) / rate;
    const early = due - performance.now();
    if (early > 0) await wait(early);
    const answer = await call(item);
    return { answer, ms: performance.now() - due };
  });
  const calls = await Promise.all(pending);
  return { calls, perSecond: (items.length * 1000) / (performance.now() - started) };
}
