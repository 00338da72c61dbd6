// One look for all who wait, which began after each of them asked.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { SharedLook } from "../../../supabase/functions/twilio/shared-look.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What a look reads, and looks that end when the test says so. */
function arrange() {
  const shared = new SharedLook();
  const looks: { end(): void; fail(error: Error): void }[] = [];
  const look = () =>
    new Promise<void>((resolve, reject) => {
      looks.push({ end: resolve, fail: reject });
    });
  const settled = (work: Promise<void>) => {
    const state = { is: "waiting" };
    work.then(
      () => (state.is = "done"),
      (error) => (state.is = error.message),
    );
    return state;
  };
  return { looks, ask: () => settled(shared.wait(look)) };
}

it("is made at once for the first, and a second after it began for all who asked meanwhile", async () => {
  const { looks, ask } = arrange();
  const first = ask();
  await vi.advanceTimersByTimeAsync(0);
  expect(looks).toHaveLength(1);
  looks[0]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(first.is).toBe("done");
  const others = Array.from({ length: 100 }, ask);
  await vi.advanceTimersByTimeAsync(999);
  expect(looks).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(looks).toHaveLength(2);
  expect(new Set(others.map(({ is }) => is))).toEqual(new Set(["waiting"]));
  looks[1]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(new Set(others.map(({ is }) => is))).toEqual(new Set(["done"]));
  expect(looks).toHaveLength(2);
});

it("that is under way is not enough for those who ask meanwhile: it may have read before what they ask about", async () => {
  const { looks, ask } = arrange();
  const first = ask();
  await vi.advanceTimersByTimeAsync(0);
  const late = ask();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(looks).toHaveLength(1);
  looks[0]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect([first.is, late.is, looks.length]).toEqual(["done", "waiting", 2]);
  looks[1]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(late.is).toBe("done");
});

it("that fails is told to those who waited for it, and the next one is made all the same", async () => {
  const { looks, ask } = arrange();
  const first = ask();
  await vi.advanceTimersByTimeAsync(0);
  const second = ask();
  looks[0]?.fail(new Error("no database"));
  await vi.advanceTimersByTimeAsync(1_000);
  expect([first.is, second.is, looks.length]).toEqual(["no database", "waiting", 2]);
  looks[1]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(second.is).toBe("done");
});

it("keeps 100 waiting at most; others are told to try again", async () => {
  const { looks, ask } = arrange();
  const waiting = Array.from({ length: 100 }, ask);
  const refused = ask();
  await vi.advanceTimersByTimeAsync(0);
  expect(refused.is).toContain("Too many");
  looks[0]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(new Set(waiting.map(({ is }) => is))).toEqual(new Set(["done"]));
  const again = ask();
  await vi.advanceTimersByTimeAsync(1_000);
  looks[1]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(again.is).toBe("done");
});
