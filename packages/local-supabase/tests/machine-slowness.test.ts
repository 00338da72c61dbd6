// The CPU limits of a slow machine: in proportion, whatever a busy moment adds to a single measurement.
import { expect, it } from "vitest";
import { measureSlowness, slownessOf } from "../src/functions/machine-slowness.ts";

it("is the middle of the measurements over the reference", () => {
  expect(slownessOf([5, 5.1, 4.9])).toBe(2);
  expect(slownessOf([5, 90, 2.5])).toBe(2);
});

it("is 1 on a faster machine, and 4 at most", () => {
  expect(slownessOf([1, 1, 1])).toBe(1);
  expect(slownessOf([40, 40, 40])).toBe(4);
});

it("is measured in a moment", () => {
  const slowness = measureSlowness();
  expect(slowness).toBeGreaterThanOrEqual(1);
  expect(slowness).toBeLessThanOrEqual(4);
});
