// What a worker's isolate estimates of its CPU, beside what the platform does: calls until 1,000 ms, the end at 2,000.
import { expect, it } from "vitest";
import { DrainBudget } from "../../../supabase/functions/_shared/drain/drain-budget.ts";
import { IsolateCpu } from "../../../supabase/functions/_shared/drain/isolate-cpu.ts";

/** One that has used so much, as it is estimated. */
function isolateAt(ms: number): IsolateCpu {
  const isolate = new IsolateCpu();
  isolate.spend(ms - isolate.usedMs);
  return isolate;
}

it("is used up before the platform announces the end, and well after the last call it can get", () => {
  expect([isolateAt(1_590).isUsedUp, isolateAt(1_600).isUsedUp]).toEqual([false, true]);
});

it("is the isolate's: a drain begins with what those before it have left", () => {
  const isolate = new IsolateCpu();
  new DrainBudget(isolate).spend("step", 4);
  expect(isolate.usedMs).toBeGreaterThanOrEqual(1_200);
  const next = new DrainBudget(isolate);
  next.spend("step");
  expect([next.isSpent, next.sendsLeft]).toEqual([true, 1_000]);
});

it("is 1,000 ms at most when a call comes: the platform sends none after that", () => {
  const isolate = isolateAt(1_700);
  isolate.noteCall();
  expect([isolate.usedMs, isolate.isUsedUp]).toEqual([1_000, false]);
  const fresh = isolateAt(400);
  fresh.noteCall();
  expect(fresh.usedMs).toBe(400);
});

it("calls for the next isolate once, past the soft limit by more than it may be mistaken", () => {
  expect(isolateAt(1_100).shouldCallNext(false)).toBe(false);
  const isolate = isolateAt(1_150);
  expect([isolate.shouldCallNext(false), isolate.shouldCallNext(false)]).toEqual([true, false]);
});

it("calls again if the call came back to it, which shows that more was estimated than used", () => {
  const isolate = isolateAt(1_200);
  isolate.shouldCallNext(false);
  isolate.noteCall();
  expect(isolate.shouldCallNext(false)).toBe(false);
  isolate.spend(200);
  expect(isolate.shouldCallNext(false)).toBe(true);
});

it("calls for the next where the platform announces the end earlier than estimated", () => {
  const isolate = isolateAt(800);
  expect([isolate.shouldCallNext(true), isolate.shouldCallNext(true)]).toEqual([true, false]);
});

it("begins no piece that could end with its isolate, and any piece once a call has come", () => {
  const isolate = isolateAt(1_400);
  const budget = new DrainBudget(isolate);
  expect([budget.hasRoomFor("step"), budget.hasRoomFor("chunk"), budget.isSpent]).toEqual([
    false,
    true,
    false,
  ]);
  isolate.noteCall();
  expect(budget.hasRoomFor("step")).toBe(true);
});
