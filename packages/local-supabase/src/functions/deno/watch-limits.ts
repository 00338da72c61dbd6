// A thread beside the function's: it sees a busy main thread, enforces the process' limits, takes the runner's orders,
// and ends the process when the runner is gone.
import { type Limits, type Notice, noticeLine, type Order, type UnloadReason } from "../runner-protocol.ts";
import { exitNow, processCpuMs, threadCpuMs } from "./cpu-clocks.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { deno } from "./deno-runtime.ts";

/** Calls and background tasks that begin or end, each with the main thread's own CPU time, in milliseconds. */
export type FromMain =
  | { watch: { token: string; limits: Limits } }
  | { began: number }
  | { ended: number }
  | { used: number }
  /** `beforeunload` was dispatched. */
  | "unloaded";
export type ToMain = "ready" | "tell_cpu" | { unload: UnloadReason };

const main = globalThis as unknown as {
  onmessage: (event: { data: FromMain }) => void;
  postMessage: (message: ToMain) => void;
};

const mebibyte = 1024 * 1024;
const sampleMs = 20;
/** How often the main thread is asked for its CPU time: asking costs it a little. */
const askEveryMs = 250;
/** A main thread that has not answered for this long is busy, and its CPU is estimated. */
const busyAfterMs = 100;
// A function that listens to `beforeunload` is told when this much of a limit is gone, as hosted does.
const near = 0.9;

const bareRuntime = deno.memoryUsage().rss;
const now = () => performance.now();
// CPU of this thread does not count as the function's.
const meter = new CpuMeter(() => processCpuMs() - threadCpuMs(), now);
let token = "";
let limits: Limits = { cpuSoftMs: 0, cpuHardMs: 0, memoryMb: 0 };
let inProgress = 0;
let sampler: ReturnType<typeof setInterval> | undefined;
let askedAt: number | undefined;
let toldAt = 0;
let leaving: UnloadReason | undefined;
let announced = false;
let acknowledged = false;
const retired = new Set<"cpu" | "memory">();

function tell(notice: Notice): void {
  deno.stdout.writeSync(new TextEncoder().encode(noticeLine(token, notice)));
}

function retire(limit: "cpu" | "memory", detail: string): void {
  if (retired.has(limit)) return;
  retired.add(limit);
  tell({ type: "limit", limit, stage: "retire", detail });
}

function holdCpu(usedMs: number): void {
  const { cpuSoftMs, cpuHardMs } = limits;
  const used = Math.round(usedMs);
  if (usedMs >= cpuHardMs) {
    tell({ type: "limit", limit: "cpu", stage: "over", detail: `${used} of ${cpuHardMs} ms CPU` });
    return;
  }
  if (usedMs >= cpuSoftMs) retire("cpu", `${used} of ${cpuSoftMs} ms CPU`);
  if (usedMs >= cpuHardMs * near && !announced) announce("cpu");
}

function holdMemory(): void {
  const used = (deno.memoryUsage().rss - bareRuntime) / mebibyte;
  const detail = `${Math.round(used)} of ${limits.memoryMb} MiB`;
  if (used >= limits.memoryMb) {
    tell({ type: "limit", limit: "memory", stage: "over", detail });
    return;
  }
  if (used < limits.memoryMb * near || retired.has("memory")) return;
  retire("memory", detail);
  announce("memory");
}

function sample(): void {
  if (inProgress === 0) {
    clearInterval(sampler);
    sampler = undefined;
    return;
  }
  holdMemory();
  const usedMs = meter.read();
  if (askedAt !== undefined) {
    if (now() - askedAt >= busyAfterMs) holdCpu(usedMs);
  } else if (now() - toldAt >= askEveryMs || passesLimit(usedMs)) {
    askedAt = now();
    main.postMessage("tell_cpu");
  }
}

/** Whether this much CPU passes a limit that was not handled yet: then the thread's own clock decides. */
function passesLimit(usedMs: number): boolean {
  const { cpuSoftMs, cpuHardMs } = limits;
  return usedMs >= (retired.has("cpu") ? cpuHardMs * (announced ? 1 : near) : cpuSoftMs);
}

function hearCpu(usedMs: number): void {
  askedAt = undefined;
  toldAt = now();
  meter.correct(usedMs);
  holdCpu(usedMs);
}

function announce(reason: UnloadReason): void {
  announced = true;
  main.postMessage({ unload: reason });
}

// Listeners of `beforeunload` are told first, and what they begin then is finished.
function leaveIfIdle(): void {
  if (!leaving || inProgress > 0) return;
  if (!announced) announce(leaving);
  else if (acknowledged) exitNow();
}

function obey(order: Order): void {
  if ("announce" in order) {
    announce(order.announce);
    return;
  }
  leaving = order.leave;
  setTimeout(exitNow, order.graceMs);
  leaveIfIdle();
}

async function hear(): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4096);
  let text = "";
  for (;;) {
    const length = await deno.stdin.read(buffer);
    // The runner is gone, perhaps by kill -9: nothing controls this process any more.
    if (length === null) {
      announce("termination");
      return obey({ leave: "termination", graceMs: 200 });
    }
    text += decoder.decode(buffer.subarray(0, length), { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) obey(JSON.parse(line) as Order);
  }
}

main.onmessage = ({ data }) => {
  if (data === "unloaded") acknowledged = true;
  else if ("watch" in data) {
    ({ token, limits } = data.watch);
    void hear();
    return;
  } else if ("used" in data) hearCpu(data.used);
  else if ("began" in data) {
    inProgress++;
    hearCpu(data.began);
    sampler ??= setInterval(sample, sampleMs);
  } else {
    inProgress--;
    hearCpu(data.ended);
  }
  leaveIfIdle();
};
main.postMessage("ready");
