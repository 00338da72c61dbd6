// How the watcher estimates the CPU of a function's thread while that thread is too busy to report it.
import { describe, expect, it } from "vitest";
import { CpuMeter } from "../src/functions/deno/cpu-meter.ts";

function meterOf() {
  const clocks = { cpu: 5_000, wall: 70_000 };
  const meter = new CpuMeter(
    () => clocks.cpu,
    () => clocks.wall,
  );
  const pass = (cpu: number, wall: number) => {
    clocks.cpu += cpu;
    clocks.wall += wall;
  };
  return { meter, pass };
}

describe("the CPU meter", () => {
  it("begins at nothing and goes on with the process' clock", () => {
    const { meter, pass } = meterOf();
    expect(meter.read()).toBe(0);
    pass(10, 20);
    expect(meter.read()).toBe(10);
    pass(0, 1_000);
    expect(meter.read()).toBe(10);
  });

  it("counts no slice for more than the time it took, because helper threads use CPU too", () => {
    const { meter, pass } = meterOf();
    pass(60, 20);
    expect(meter.read()).toBe(20);
    // CPU that was left out is not added to a later slice that has room.
    pass(5, 100);
    expect(meter.read()).toBe(25);
  });

  it("replaces its estimate by the thread's own figure, and goes on from there", () => {
    const { meter, pass } = meterOf();
    pass(50, 50);
    meter.correct(30);
    expect(meter.read()).toBe(30);
    pass(50, 50);
    meter.correct(90);
    pass(10, 10);
    expect(meter.read()).toBe(100);
  });
});
