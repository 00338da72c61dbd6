// Pacing: no POST before its slot or later than its window, never too many at once, nothing lost.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PacedPost, PostPacer } from "../../../supabase/functions/worker/post-pacer.ts";
import { StartLimiter } from "../../../supabase/functions/worker/start-limiter.ts";
import { WorkerPace } from "../../../supabase/functions/worker/worker-pace.ts";

interface Item extends PacedPost {
  id: number;
}

let started: { id: number; at: number }[];
let returned: number[];
let finish: Map<number, () => void>;
let pacer: PostPacer<Item>;
let pace: WorkerPace;

function createPacer(maxInFlight = 20): PostPacer<Item> {
  return new PostPacer<Item>({
    maxInFlight,
    post: (item) => {
      started.push({ id: item.id, at: performance.now() });
      return new Promise((resolve) => finish.set(item.id, resolve));
    },
    giveBack: (item) => returned.push(item.id),
    limiter: new StartLimiter(),
    pace,
    onChange: () => {},
  });
}

const item = (id: number, inMs: number): Item => ({
  id,
  slot: performance.now() + inMs,
  // Each from a number of its own, so that only the slots pace them.
  from: `number ${id}`,
  mps: 1,
  claimedWall: Date.now(),
});

beforeEach(() => {
  vi.useFakeTimers();
  started = [];
  returned = [];
  finish = new Map();
  pace = new WorkerPace();
  pacer = createPacer();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("slots", () => {
  it("are kept in their own order, for any order of arrival", async () => {
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
    // The clock moves on without a timer, as if the event loop was blocked.
    vi.setSystemTime(Date.now() + 150);
    await vi.advanceTimersByTimeAsync(145);
    expect(started.map(({ id }) => id)).toEqual([1, 2]);
    pacer.add([item(4, -36), item(5, -34)]);
    expect(started.map(({ id }) => id)).toEqual([1, 2, 5]);
    expect(returned).toEqual([4]);
  });

  it("do not count for a claim that is over 2 s old by the wall clock, as after a sleep of the machine", () => {
    pacer.add([{ ...item(1, 0), claimedWall: Date.now() - 2_001 }]);
    pacer.add([{ ...item(2, 0), claimedWall: Date.now() - 1_999 }]);
    expect(started.map(({ id }) => id)).toEqual([2]);
    expect(returned).toEqual([1]);
  });
});

describe("a number's pace", () => {
  /** The most starts of one number in any second and 25 ms; the rest of the 40 ms is for the way to Twilio. */
  const worst = () =>
    Math.max(...started.map(({ at }) => started.filter((one) => one.at >= at && one.at < at + 1_025).length));

  it.each([0.5, 1, 1.5, 7, 20, 200])(
    "of %d a second holds with room to spare, though POSTs start anywhere in their windows",
    async (mps) => {
      const begin = performance.now();
      const count = Math.ceil(mps * 4) + 2;
      // Each starts up to 34 ms after its slot, as with a busy event loop; the same in every run.
      const late = Array.from({ length: count }, (_, id) => {
        const slot = (id * 1_040) / mps;
        return { id, slot, at: slot + ((id * 7_919) % 35) };
      }).sort((a, b) => a.at - b.at);
      for (const { id, slot, at } of late) {
        await vi.advanceTimersByTimeAsync(Math.max(0, begin + at - performance.now()));
        pacer.add([{ ...item(id, 0), slot: begin + slot, from: "one", mps }]);
        for (const done of finish.values()) done();
      }
      await vi.advanceTimersByTimeAsync(100);
      expect(started.length + returned.length).toBe(count);
      expect(started.length).toBeGreaterThan(count * 0.7);
      expect(worst()).toBeLessThanOrEqual(Math.ceil(mps));
    },
  );

  it("makes the start a second after a late one wait, within its window", async () => {
    const begin = performance.now();
    const claimedWall = Date.now() + 1_000;
    const add = (id: number, slot: number) =>
      pacer.add([{ ...item(id, 0), slot: begin + slot, from: "one", mps: 1, claimedWall }]);
    await vi.advanceTimersByTimeAsync(30);
    add(1, 0);
    add(2, 1_040);
    add(3, 2_080);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(started.map(({ at }) => Math.round(at - begin))).toEqual([30, 1_060, 2_090]);
  });
});

describe("messages in flight", () => {
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

  /** One after another, each answered after so many ms. */
  const postAll = async (count: number, ms: number) => {
    for (let round = 0; round < count; round++) {
      pacer.add([item(round, 0)]);
      await vi.advanceTimersByTimeAsync(ms);
      finish.get(round)?.();
      await vi.advanceTimersByTimeAsync(0);
    }
  };

  it("decides how many may be claimed and how far apart: fewer when Twilio is slow", async () => {
    // An isolate begins with fewer than it could post, until it has measured.
    await postAll(900, 200);
    const slow = pacer.room(performance.now());
    await postAll(120, 5);
    const fast = pacer.room(performance.now());
    // 20 in flight for 200 ms: one every 10 ms.
    expect(slow.spacingMs).toBeCloseTo(10, 0);
    expect(slow.limit).toBeGreaterThan(22);
    expect(slow.limit).toBeLessThanOrEqual(30);
    expect(fast.spacingMs).toBeGreaterThanOrEqual(0.3);
    expect(fast.limit).toBeGreaterThan(slow.limit * 10);
  });

  it("is counted over all drains of the isolate: the next one begins where the one before it ends", async () => {
    const before = createPacer(2);
    pacer = createPacer(2);
    before.add([item(1, 0), item(2, 0), item(3, 10)]);
    expect(pace.dueBy(performance.now() + 300)).toBe(1);
    pacer.add([item(4, 0)]);
    expect(started.map(({ id }) => id)).toEqual([1, 2]);
    finish.get(1)?.();
    await vi.advanceTimersByTimeAsync(0);
    // Room that one drain makes is the other's too.
    expect(started.map(({ id }) => id)).toEqual([1, 2, 4]);
    before.giveBackHeld();
    before.close();
    expect(pace.dueBy(performance.now() + 300)).toBe(0);
  });

  it("begins later while the isolate is cold: its first messages wait for code and accounts", async () => {
    expect(pacer.room(performance.now()).freeInMs).toBe(200);
    await postAll(19, 5);
    expect(pacer.room(performance.now()).freeInMs).toBe(200);
    pacer.add([item(100, 0)]);
    finish.get(100)?.();
    await vi.advanceTimersByTimeAsync(0);
    expect(pacer.room(performance.now()).freeInMs).toBe(10);
  });

  it("counts what is held: the next claim begins where it ends", async () => {
    await postAll(120, 200);
    const before = pacer.room(performance.now());
    expect(before.freeInMs).toBe(10);
    pacer.add(Array.from({ length: 5 }, (_, i) => item(1_000 + i, 20 + i * before.spacingMs)));
    const after = pacer.room(performance.now());
    expect(after.limit).toBe(before.limit - 5);
    expect(after.freeInMs).toBeCloseTo(5 * before.spacingMs);
    // Those of later slots take no room from those of now.
    pacer.add(Array.from({ length: 50 }, (_, i) => item(2_000 + i, 700)));
    expect(pacer.room(performance.now())).toEqual(after);
  });

  it.each([5, 300, 1_000, 10_000])(
    "leaves an idle worker room for a claim, though Twilio answers after %d ms and messages missed their slots",
    async (ms) => {
      const expectRoom = () => {
        const { limit, least } = pacer.room(performance.now());
        expect(limit).toBeGreaterThanOrEqual(Math.max(1, least));
      };
      expectRoom();
      for (let round = 0; round < 30; round++) {
        await postAll(1, ms);
        expectRoom();
      }
      for (let second = 0; second < 60; second++) {
        await vi.advanceTimersByTimeAsync(1_000);
        pacer.add([item(second, -100)]);
        expectRoom();
      }
    },
  );

  it("is claimed less while messages miss their slots, and more again after", async () => {
    await postAll(900, 200);
    const most = pacer.room(performance.now());
    const miss = (count: number) => pacer.add(Array.from({ length: count }, (_, i) => item(i, -100)));
    miss(30);
    expect(returned).toHaveLength(30);
    // They are missed together, so it counts as one miss.
    expect(pacer.room(performance.now()).spacingMs).toBeCloseTo(most.spacingMs / 0.9);
    for (let second = 0; second < 25; second++) {
      await vi.advanceTimersByTimeAsync(1_000);
      miss(1);
    }
    const least = pacer.room(performance.now());
    expect(least.spacingMs).toBeGreaterThan(most.spacingMs * 10);
    expect(least.limit).toBeGreaterThan(0);
    await postAll(900, 200);
    expect(pacer.room(performance.now()).spacingMs).toBeLessThan(most.spacingMs * 2);
  });
});

it("when an isolate ends, every unposted message is handed back once", async () => {
  pacer.add([item(1, 0), item(2, 100), item(3, 200)]);
  pacer.giveBackHeld();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(started.map(({ id }) => id)).toEqual([1]);
  expect(returned.sort()).toEqual([2, 3]);
  finish.get(1)?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(pacer.isIdle).toBe(true);
});
