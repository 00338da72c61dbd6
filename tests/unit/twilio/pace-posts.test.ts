// Pacing: no POST before its slot or later than its window, never too many at once, nothing lost.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PacedPost, PostPacer } from "../../../supabase/functions/worker/pace-posts.ts";

interface Item extends PacedPost {
  id: number;
}

let started: { id: number; at: number }[];
let returned: number[];
let finish: Map<number, () => void>;
let pacer: PostPacer<Item>;

function createPacer(maxInFlight = 20): PostPacer<Item> {
  return new PostPacer<Item>({
    maxInFlight,
    post: (item) => {
      started.push({ id: item.id, at: performance.now() });
      return new Promise((resolve) => finish.set(item.id, resolve));
    },
    giveBack: (item) => returned.push(item.id),
    onChange: () => {},
  });
}

const item = (id: number, inMs: number): Item => ({
  id,
  slot: performance.now() + inMs,
  claimedWall: Date.now(),
});

beforeEach(() => {
  vi.useFakeTimers();
  started = [];
  returned = [];
  finish = new Map();
  pacer = createPacer();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("slots", () => {
  it("are kept in their own order, whatever order they came in", async () => {
    const begin = performance.now();
    pacer.add([item(1, 300), item(2, 0), item(3, 100)]);
    pacer.add([item(4, 50)]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(started.map(({ id, at }) => [id, Math.round(at - begin)])).toEqual([
      [2, 0],
      [4, 50],
      [3, 100],
      [1, 300],
    ]);
  });

  it("that passed while the process was busy are handed back, not posted late", async () => {
    pacer.add([item(1, 100), item(2, 140), item(3, 500)]);
    // The clock moves on and no timer fires: the event loop was blocked.
    vi.setSystemTime(Date.now() + 150);
    await vi.advanceTimersByTimeAsync(145);
    expect(started.map(({ id }) => id)).toEqual([1, 2]);
    pacer.add([item(4, -31), item(5, -29)]);
    expect(started.map(({ id }) => id)).toEqual([1, 2, 5]);
    expect(returned).toEqual([4]);
  });

  it("do not count for a claim that is over 2 s old by the wall clock: the machine slept", () => {
    pacer.add([{ id: 1, slot: performance.now(), claimedWall: Date.now() - 2_001 }]);
    pacer.add([{ id: 2, slot: performance.now(), claimedWall: Date.now() - 1_999 }]);
    expect(started.map(({ id }) => id)).toEqual([2]);
    expect(returned).toEqual([1]);
  });
});

describe("what is in flight", () => {
  it("stays within its bound; what finds no room within its window is handed back", async () => {
    pacer = createPacer(2);
    pacer.add([item(1, 0), item(2, 0), item(3, 0), item(4, 0)]);
    expect(started.map(({ id }) => id)).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(20);
    finish.get(1)?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(started).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(100);
    expect(started).toHaveLength(3);
    expect(returned).toHaveLength(1);
    expect(pacer.heldCount).toBe(0);
    expect(pacer.isIdle).toBe(false);
  });

  it("decides how many may be claimed: fewer when Twilio is slow", async () => {
    const settleAll = async (ms: number) => {
      for (let round = 0; round < 120; round++) {
        pacer.add([item(round, 0)]);
        await vi.advanceTimersByTimeAsync(ms);
        finish.get(round)?.();
        await vi.advanceTimersByTimeAsync(0);
      }
    };
    await settleAll(200);
    const slow = pacer.room(performance.now());
    await settleAll(5);
    const fast = pacer.room(performance.now());
    expect(slow).toBeGreaterThanOrEqual(20);
    expect(slow).toBeLessThan(27);
    expect(fast).toBeGreaterThan(80);
    pacer.add(Array.from({ length: 20 }, (_, i) => item(100 + i, 0)));
    expect(pacer.room(performance.now())).toBeLessThan(fast - 19);
    pacer.add(Array.from({ length: 50 }, (_, i) => item(200 + i, 700)));
    // Those of later slots take no room from those of now.
    expect(pacer.room(performance.now())).toBeGreaterThan(fast - 25);
  });
});

it("an isolate that ends gets everything back that has not been posted, once", async () => {
  pacer.add([item(1, 0), item(2, 100), item(3, 200)]);
  pacer.giveBackHeld();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(started.map(({ id }) => id)).toEqual([1]);
  expect(returned.sort()).toEqual([2, 3]);
  finish.get(1)?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(pacer.isIdle).toBe(true);
});
