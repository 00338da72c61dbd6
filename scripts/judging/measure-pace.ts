// How fast each number sent: by its slots, and by the arrival of its POSTs at the simulator.
import type { PostEntry } from "twilio-simulator";
import type { ClockComparison } from "./compare-clocks.ts";
import type { OurAttempt } from "./our-side.ts";

export interface NumberPace {
  /** The most slots of one number within any one second. */
  slots: number;
  /** POSTs that arrived before their slot. */
  early: string[];
  /** How long after its slot the latest POST was seen, in ms. */
  latestMs: number;
}

/** Timestamps of the database are rounded to microseconds, those of the simulator to milliseconds. */
const ROUNDING_MS = 2;

/**
 * A number keeps its pace by its slots, and by posting nothing before its slot. When a POST then arrives depends on the machine.
 * Slots leave 40 ms a second for that; on a machine with four times more work than cores POSTs arrived 170 ms late.
 */
export function measureNumberPace(
  posts: readonly PostEntry[],
  attempts: readonly OurAttempt[],
  { aheadMs, uncertainMs }: ClockComparison,
): NumberPace {
  const bySlot = new Map<string, number>();
  for (const { id, slot_at } of attempts) bySlot.set(id, Date.parse(slot_at));
  const slots = new Map<string, number[]>();
  const early: string[] = [];
  let latestMs = 0;
  for (const post of posts) {
    const slot = bySlot.get(post.attempt ?? "");
    if (slot === undefined) {
      early.push(`a POST to ${post.to} without an attempt of ours`);
      continue;
    }
    slots.set(post.from ?? "", [...(slots.get(post.from ?? "") ?? []), slot]);
    const late = post.receivedAt + aheadMs - slot;
    latestMs = Math.max(latestMs, late);
    if (late < -ROUNDING_MS - uncertainMs) early.push(`${post.to}: ${-late} ms before its slot`);
  }
  return { slots: Math.max(0, ...[...slots.values()].map(mostInOneSecond)), early, latestMs };
}

function mostInOneSecond(times: number[]): number {
  times.sort((a, b) => a - b);
  let first = 0;
  let most = 0;
  times.forEach((time, last) => {
    while (time - (times[first] as number) >= 1_000) first++;
    most = Math.max(most, last - first + 1);
  });
  return most;
}

export interface OverallPace {
  /** From the first POST to the last, without the pause. */
  seconds: number;
  perSecond: number;
}

export function measureOverallPace(
  posts: readonly PostEntry[],
  pause: { answeredAt: number; resumedAt: number } | null,
): OverallPace {
  const times = posts.map(({ receivedMono }) => receivedMono);
  const paused = pause ? pause.resumedAt - pause.answeredAt : 0;
  const ms = times.length > 0 ? Math.max(...times) - Math.min(...times) - paused : 0;
  return { seconds: ms / 1000, perSecond: ms > 0 ? (times.length * 1000) / ms : 0 };
}
