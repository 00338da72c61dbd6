// Makes many calls: at a fixed rate, which slow answers don't change, or as fast as they are answered.
import { setTimeout as wait } from "node:timers/promises";

export interface Timed<T> {
  answer: T;
  /** Milliseconds from when the call was due until it was answered. */
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

/** Keeps a fixed number of calls in flight: the next begins when one is answered. */
export async function runInLanes<I, T>(
  items: readonly I[],
  lanes: number,
  call: (item: I) => Promise<T>,
): Promise<RatedRun<T>> {
  const calls: Timed<T>[] = [];
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const started = performance.now();
      const answer = await call(items[next++] as I);
      calls.push({ answer, ms: performance.now() - started });
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return { calls, perSecond: (items.length * 1000) / (performance.now() - started) };
}
