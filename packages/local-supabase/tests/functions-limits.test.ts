// The hosted limits are enforced here as well: CPU, memory, time to answer, age; and processes end when the runner is gone.
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

const pidOf = async (path: string): Promise<number> => (await (await runner.call(path)).json()).pid;

/** Makes calls that use CPU, one after another, until a second process answers. Returns how many the first one answered. */
async function burnUntilReplaced(pid: number): Promise<number> {
  let answered = 0;
  await waitFor(async () => {
    const answer = await runner.call("/echo/burn?ms=60");
    expect(answer.status).toBe(200);
    if ((await answer.json()).pid !== pid) return true;
    answered += 1;
    return false;
  });
  return answered;
}

describe("the CPU of a process' life", () => {
  it("adds up over its calls: from 1 s on it gets no more, and the next one finds a new process", async () => {
    await startRunner();
    const pid = await pidOf("/echo");
    // 60 ms of time are 60 ms of CPU at most, and the calls themselves take some.
    expect(await burnUntilReplaced(pid)).toBeGreaterThanOrEqual(10);
    await said("ms CPU: gets no more calls");
    await said("unload early_drop");
    await waitFor(() => !isRunning(pid));
  });

  it("lets calls and background tasks that it has finish", async () => {
    await startRunner({ limits: { cpuSoftMs: 200 } });
    const pid = await pidOf("/echo");
    const waiting = runner.call("/echo/pause?ms=3000");
    await said("pausing for 3000 ms");
    expect(await pidOf("/echo/background?ms=3500")).toBe(pid);
    await burnUntilReplaced(pid);
    expect(isRunning(pid)).toBe(true);
    expect(await (await waiting).json()).toEqual({ unloads: [] });
    await said("background done after 3500 ms");
    await waitFor(() => !isRunning(pid));
  });

  it("ends the process at 2 s with all its calls, which get 546; the next call finds a new process", async () => {
    await startRunner();
    const pid = await pidOf("/echo");
    const waiting = runner.call("/echo/pause?ms=600000");
    await said("pausing");
    for (const answer of [await runner.call("/echo/burn?ms=600000"), await waiting])
      expect([answer.status, answer.headers.get("sb-error-code")]).toEqual([546, "WORKER_RESOURCE_LIMIT"]);
    await said("stopped at its cpu limit");
    await waitFor(() => !isRunning(pid));
    expect((await runner.call("/echo")).status).toBe(200);
  });

  it("is announced to a function that listens at nine tenths of the 2 s, which may then end in order", async () => {
    await startRunner();
    const answer = await runner.call("/echo/burn-kindly?until-told=1");
    expect([answer.status, await answer.json()]).toEqual([200, { unloads: ["cpu"] }]);
  });

  it("does not count waiting", async () => {
    await startRunner({ limits: { cpuSoftMs: 300 } });
    const pid = await pidOf("/echo");
    expect((await runner.call("/echo/pause?ms=1500")).status).toBe(200);
    expect(await pidOf("/echo")).toBe(pid);
  });

  it("includes the background tasks that calls leave behind", async () => {
    await startRunner({ limits: { cpuSoftMs: 200, cpuHardMs: 500 } });
    const answer = await runner.call("/echo/background?ms=20000&busy=1");
    expect(answer.status).toBe(202);
    const { pid } = await answer.json();
    await said("stopped at its cpu limit");
    await waitFor(() => !isRunning(pid));
  });

  it("begins with the function's own code: what it does while it loads counts", async () => {
    await startRunner({ limits: { cpuSoftMs: 300 } });
    const burn = "const until = performance.now() + 1500; while (performance.now() < until);";
    const fetch = "() => Response.json({ pid: Deno.pid })";
    await runner.write("echo/index.ts", `${burn} export default { fetch: ${fetch} };`);
    const pid = await pidOf("/echo");
    await said("gets no more calls");
    expect(await pidOf("/echo")).not.toBe(pid);
  });

  it("lets a background task wait as long as the process lives", async () => {
    await startRunner({ limits: { cpuHardMs: 500 } });
    await runner.call("/echo/background?ms=1500");
    await said("background done after 1500 ms");
  });
});

describe("256 MB of memory", () => {
  it("limit what a function keeps outside the heap", async () => {
    await startRunner();
    expect((await runner.call("/echo/hold?mib=128")).status).toBe(200);
    const answer = await runner.call("/echo/hold?mib=400");
    expect([answer.status, answer.headers.get("sb-error-code")]).toEqual([546, "WORKER_RESOURCE_LIMIT"]);
    await said("memory limit");
    expect((await runner.call("/echo")).status).toBe(200);
  });

  it("limit the heap", async () => {
    await startRunner({ limits: { cpuSoftMs: 60_000, cpuHardMs: 60_000 } });
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
