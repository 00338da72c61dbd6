// The hosted limits, held here as well: CPU, memory, time to answer, age, and an end when the runner is gone.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { waitFor } from "../src/testing/wait-for.ts";
import { type FunctionRunner, isRunning, startFunctionRunner } from "./start-function-runner.ts";

let runner: FunctionRunner;
const startRunner = async (limits: Parameters<typeof startFunctionRunner>[0] = {}) => {
  runner = await startFunctionRunner({ watch: false, ...limits });
};
afterEach(() => runner?.stop());

const said = (text: string) => waitFor(() => runner.lines.some((line) => line.includes(text)));

describe("2 s of CPU", () => {
  it("end a call that burns on, with 546 and a new process for the next", async () => {
    await startRunner();
    const { pid } = await (await runner.call("/echo")).json();
    const answer = await runner.call("/echo/burn?ms=600000");
    expect([answer.status, answer.headers.get("sb-error-code")]).toEqual([546, "WORKER_RESOURCE_LIMIT"]);
    await said("stopped at its cpu limit");
    await waitFor(() => !isRunning(pid));
    expect((await runner.call("/echo")).status).toBe(200);
  });

  it("are announced to a function that listens, which may then end in order", async () => {
    await startRunner();
    const answer = await runner.call("/echo/burn-kindly?until-told=1");
    expect([answer.status, await answer.json()]).toEqual([200, { unloads: ["cpu"] }]);
  });

  it("do not count waiting", async () => {
    await startRunner({ limits: { cpuMs: 300 } });
    expect((await runner.call("/echo/pause?ms=1500")).status).toBe(200);
  });

  it("are each call's own: many small calls on one process are no offence", async () => {
    await startRunner({ limits: { cpuMs: 1000 } });
    const { pid } = await (await runner.call("/echo")).json();
    const waiting = runner.call("/echo/pause?ms=3000");
    for (let n = 0; n < 20; n++)
      expect(await (await runner.call("/echo/burn?ms=60")).json()).toEqual({ pid });
    expect((await waiting).status).toBe(200);
  });

  it("include the background tasks a call leaves behind", async () => {
    await startRunner({ limits: { cpuMs: 500 } });
    const answer = await runner.call("/echo/background?ms=20000&busy=1");
    expect(answer.status).toBe(202);
    const { pid } = await answer.json();
    await said("stopped at its cpu limit");
    await waitFor(() => !isRunning(pid));
  });

  it("let a background task wait as long as the process lives", async () => {
    await startRunner({ limits: { cpuMs: 500 } });
    await runner.call("/echo/background?ms=1500");
    await said("background done after 1500 ms");
  });
});

describe("256 MB of memory", () => {
  it("hold what a function keeps outside the heap", async () => {
    await startRunner();
    expect((await runner.call("/echo/hold?mib=128")).status).toBe(200);
    const answer = await runner.call("/echo/hold?mib=400");
    expect([answer.status, answer.headers.get("sb-error-code")]).toEqual([546, "WORKER_RESOURCE_LIMIT"]);
    await said("memory limit");
    expect((await runner.call("/echo")).status).toBe(200);
  });

  it("hold the heap", async () => {
    await startRunner({ limits: { cpuMs: 60_000 } });
    expect((await runner.call("/echo/fill-heap")).status).toBe(546);
    await said("memory limit");
  });
});

describe("time", () => {
  it("without an answer ends in 504, and the call ends in the function", async () => {
    await startRunner({ limits: { idleTimeoutMs: 500 } });
    await runner.call("/echo");
    const answer = await runner.call("/echo/aborted");
    expect([answer.status, (await answer.json()).code]).toEqual([504, "IDLE_TIMEOUT"]);
    await said("caller hung up");
    expect((await runner.call("/echo/stream?parts=20")).status).toBe(200);
  });

  it("retires a process at half its age without disturbing its calls", async () => {
    await startRunner({ limits: { wallClockMs: 6000 } });
    const { pid } = await (await runner.call("/echo")).json();
    const waiting = runner.call("/echo/pause?ms=3500");
    const seen = new Set<number>([pid]);
    await waitFor(async () => {
      const answer = await runner.call("/echo");
      expect(answer.status).toBe(200);
      seen.add((await answer.json()).pid);
      return seen.size > 1;
    });
    expect((await waiting).status).toBe(200);
    await waitFor(() => !isRunning(pid));
  });

  it("ends a background task at the process' age, after telling it", async () => {
    await startRunner({ limits: { wallClockMs: 2500 } });
    const { pid } = await (await runner.call("/echo/background?ms=60000")).json();
    await said("unload wall_clock");
    await waitFor(() => !isRunning(pid));
  });
});

describe("the runner's end", () => {
  it("by stop() ends every process and tells the functions", async () => {
    await startRunner();
    const { pid } = await (await runner.call("/echo")).json();
    await runner.functions.stop();
    expect(isRunning(pid)).toBe(false);
    await said("unload termination");
  });

  it("by kill -9 ends every process too, even one that is busy", async () => {
    await startRunner();
    const program = fileURLToPath(new URL("./fixtures/run-functions.ts", import.meta.url));
    const parent = spawn(process.execPath, ["--import", "tsx", program, runner.functionsDir], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [url] = (await once(createInterface(parent.stdout), "line")) as [string];
    const { pid: idle } = await (await fetch(`${url}/echo`)).json();
    const { pid: busy } = await (await fetch(`${url}/busy/echo`)).json();
    const burning = fetch(`${url}/busy/echo/burn?ms=600000`).catch(() => "lost");
    // Busy means that the process no longer answers anything else.
    await waitFor(async () => {
      const answer = fetch(`${url}/busy/echo`, { signal: AbortSignal.timeout(200) });
      return answer.then(
        () => false,
        () => true,
      );
    });
    parent.kill("SIGKILL");
    expect(await burning).toBe("lost");
    await waitFor(() => !isRunning(idle) && !isRunning(busy));
  });
});
