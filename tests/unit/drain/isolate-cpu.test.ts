// A worker's estimate of its isolate's CPU, compared with the platform's limits: no new calls from 1,000 ms on, the end at 2,000.
import { expect, it } from "vitest";
import { DrainBudget } from "../../../supabase/functions/_shared/drain/drain-budget.ts";
import { IsolateCpu } from "../../../supabase/functions/_shared/drain/isolate-cpu.ts";

/** An isolate with so much estimated CPU. */
function isolateAt(ms: number): IsolateCpu {
  const isolate = new IsolateCpu();
  isolate.spend(ms - isolate.usedMs);
  return isolate;
}

it("is used up before the platform announces the end, and well after the last call it can get", () => {
  expect([isolateAt(1_590).isUsedUp, isolateAt(1_600).isUsedUp]).toEqual([false, true]);
});

it("belongs to the isolate: a drain begins with what earlier drains have left", () => {
  const isolate = new IsolateCpu();
  new DrainBudget(isolate).spend("step", 4);
  expect(isolate.usedMs).toBeGreaterThanOrEqual(1_200);
  const next = new DrainBudget(isolate);
  next.spend("step");
  expect([next.isSpent, next.sendsLeft]).toEqual([true, 1_000]);
});

it("is 1,000 ms at most when a call arrives: the platform sends none after that", () => {
  const isolate = isolateAt(1_700);
  isolate.noteCall();
  expect([isolate.usedMs, isolate.isUsedUp]).toEqual([1_000, false]);
  const fresh = isolateAt(400);
  fresh.noteCall();
  expect(fresh.usedMs).toBe(400);
});

it("calls for the next isolate once, past the soft limit by more than the estimate's error", () => {
  expect(isolateAt(1_100).shouldCallNext(false)).toBe(false);
  const isolate = isolateAt(1_150);
  expect([isolate.shouldCallNext(false), isolate.shouldCallNext(false)]).toEqual([true, false]);
});

it("calls again, later, if the call returned to it, which shows that the estimate was too high", () => {
  const isolate = isolateAt(1_200);
  isolate.shouldCallNext(false);
  isolate.noteCall();
  isolate.spend(449);
  expect(isolate.shouldCallNext(false)).toBe(false);
  isolate.spend(1);
  expect(isolate.shouldCallNext(false)).toBe(true);
});

it("calls for the next if the platform announces the end earlier than estimated", () => {
  const isolate = isolateAt(800);
  expect([isolate.shouldCallNext(true), isolate.shouldCallNext(true)]).toEqual([true, false]);
});

it("begins no piece that could outlast its isolate, and any piece once a call has arrived", () => {
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

it("counts a piece as its estimate while it is under way, and as no more than the time it took afterwards", () => {
  const isolate = isolateAt(1_000);
  const end = isolate.reserve(300);
  expect([isolate.usedMs, isolate.hasRoomFor(301)]).toEqual([1_300, false]);
  end(20);
  expect(isolate.usedMs).toBe(1_020);
  isolate.reserve(300)(5_000);
  expect(isolate.usedMs).toBe(1_320);
});

it("takes nothing off twice if a call arrives while a piece is under way", () => {
  const isolate = isolateAt(1_200);
  const end = isolate.reserve(300);
  isolate.noteCall();
  expect(isolate.usedMs).toBe(1_300);
  end(250);
  expect(isolate.usedMs).toBe(1_250);
});

it("begins small pieces as long as there is room for a large one", () => {
  const isolate = isolateAt(1_290);
  const budget = new DrainBudget(isolate);
  const end = budget.begin("step");
  expect([end === undefined, budget.begin("step")]).toEqual([false, undefined]);
  end?.();
  expect(isolate.usedMs).toBeLessThan(1_590);
});
