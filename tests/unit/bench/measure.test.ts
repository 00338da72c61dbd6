// The arithmetic of benches, and their command line.
import { describe, expect, it } from "vitest";
import { median, medianBy, percentile } from "../../../scripts/bench/measure/median.ts";
import { cpuOfTrees, readCpuTime, readProcesses } from "../../../scripts/bench/measure/read-processes.ts";
import { runAtRate } from "../../../scripts/bench/measure/run-at-rate.ts";
import { readOptions } from "../../../scripts/bench/read-options.ts";
import { atLeast, atMost } from "../../../scripts/bench/report/report.ts";

describe("percentiles", () => {
  it("are of the nearest rank, in any order", () => {
    const values = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect([
      percentile(values, 50),
      percentile(values, 95),
      percentile(values, 99),
      percentile(values, 100),
    ]).toEqual([50, 95, 99, 100]);
    expect([median([3, 1, 2]), percentile([7], 99), percentile([], 50)]).toEqual([2, 7, Number.NaN]);
  });

  it("of runs is one of the runs", () => {
    expect(medianBy([{ n: 9 }, { n: 1 }, { n: 5 }], ({ n }) => n)).toEqual({ n: 5 });
    expect(medianBy([{ n: 9 }, { n: 1 }], ({ n }) => n)).toEqual({ n: 1 });
  });
});

describe("a budget", () => {
  it("is met at exactly its figure", () => {
    expect([atLeast("x", 3, 3).ok, atLeast("x", 2.99, 3).ok]).toEqual([true, false]);
    expect([atMost("x", 3, 3).ok, atMost("x", 3.01, 3).ok, atMost("x", Number.NaN, 3).ok]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("the CPU of processes", () => {
  it("is read from what ps writes on any system", () => {
    expect(["0:00.25", "1:02", "01:01:01", "2-00:00:01"].map(readCpuTime)).toEqual([
      250, 62_000, 3_661_000, 172_801_000,
    ]);
  });

  it("includes that of this process", async () => {
    const before = await cpuOfTrees([process.pid]);
    const until = process.cpuUsage().user + 100_000;
    while (process.cpuUsage().user < until);
    expect((await cpuOfTrees([process.pid])) - before).toBeGreaterThanOrEqual(50);
    expect(await readProcesses([process.pid])).toMatchObject([{ pid: process.pid, parent: process.ppid }]);
  });
});

describe("calls at a rate", () => {
  it("are made when they are due, and timed from then, even after slow calls", async () => {
    const open: (() => void)[] = [];
    const slow = runAtRate([1, 2, 3], 1_000, async (n) => {
      if (n < 3) await new Promise<void>((resolve) => open.push(resolve));
      else for (const release of open) release();
      return n;
    });
    // The first two end only because the third is made while they are open.
    expect((await slow).calls.map(({ answer }) => answer)).toEqual([1, 2, 3]);
  });
});

describe("the command line", () => {
  const options = { runs: { what: "runs", value: 3 }, messages: { what: "messages", value: 10 } };

  it("takes whole numbers by name, with defaults", () => {
    expect(readOptions(options, ["--runs", "1", "--json"])).toEqual({
      json: true,
      help: false,
      counts: { runs: 1, messages: 10 },
    });
  });

  it("refuses anything else, naming it", () => {
    expect(() => readOptions(options, ["--runs", "many"])).toThrow("--runs takes a whole number");
    expect(() => readOptions(options, ["--speed", "9"])).toThrow("--speed");
  });
});
